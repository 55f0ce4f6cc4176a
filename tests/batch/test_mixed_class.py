"""A Canvas download that mixes what students submit, graded in one run."""

from pathlib import Path

from grader.batch.run import grade_run
from grader.batch.tree import MAX_FILE_BYTES
from grader.store import Held, open_store
from tests.batch.class_of import IMPORT, NORMS, RAYLEIGH, solution
from tests.batch.conftest import Graded
from tests.batch.zips import zipped, zipped_raw
from tests.submission.hand_ins import code, notebook_bytes

RIGHT, WRONG_GRADIENT = solution(0), solution(2)
CELLS = [IMPORT, NORMS.format(second=1.0), RAYLEIGH.format(factor=2)]
LOGS = {"output_type": "stream", "name": "stdout", "text": "loss 0.1\n" * 200_000}
EMPTY = notebook_bytes()
DOWNLOAD: dict[str, bytes | str] = {
    # A zip with several files, one of which has a name like another student's.
    "anna_1_10_hw.zip": zipped({"hw/solution.py": RIGHT, "hw/bert_2_99_ps1.py": "g = 1"}),
    "bert_2_11_ps1.ipynb.txt": notebook_bytes(*CELLS),
    "carl_3_12_ps1.ipynb": notebook_bytes(*CELLS),
    "carl_LATE_3_13_plots.ipynb": notebook_bytes("from ps1 import *\nnorm_constants(3)"),
    "dora_4_14_ps1.py": WRONG_GRADIENT,
    "dora_4_15_scratch.ipynb": EMPTY,
    "李雷_5_16_作业.py": RIGHT,
    "eve_6_17_hw.zip": zipped({"ps1.py": b"\0" * (MAX_FILE_BYTES + 1)}),
    "finn_7_18_report.pdf": b"%PDF",
    "gina_8_19_ps1.ipynb": notebook_bytes(*CELLS, code("train()", outputs=[LOGS])),
    "hans_LATE_9_21_ps1-1.py": WRONG_GRADIENT,
    "hans_9_20_ps1.py": RIGHT,
}
GRADED = {
    "1": (
        "solution.py",
        3,
        "hw.zip/hw/solution.py, which defines most of the asked names (2 of 2)",
    ),
    "2": ("ps1.ipynb.txt", 3, ""),
    "3": ("ps1.ipynb", 3, "later came plots.ipynb, with fewer of the asked names"),
    "4": ("ps1.py", 1, "not graded: scratch.ipynb (can't be read)"),
    "5": ("作业.py", 3, ""),
    "8": ("ps1.ipynb", 3, ""),
    "9": ("ps1-1.py", 1, "attempt 2 is graded; earlier attempts: ps1.py"),
}
"""Student to the file, its points, and what the student reads of the choice."""
NOT_GRADED = {
    "6": "ps1.py: unpacks to 101 MiB, at most 100 MiB are read",
    "7": "only report.pdf (a PDF); submit the notebook (.ipynb) or the module (.py) itself",
}


def test_every_student_is_found_once_and_the_right_file_graded(
    graded: Graded, tmp_path: Path
) -> None:
    """In one run, each with points or one clear sentence."""
    download = tmp_path / "submissions.zip"
    raw = {name.encode("gbk"): _bytes(content) for name, content in DOWNLOAD.items()}
    download.write_bytes(zipped_raw(raw))
    summary = grade_run([download], tmp_path / "run", graded.options, jobs=2)
    assert summary.layouts == ("canvas",)
    notes = "\n".join(summary.notes)
    assert "1 names do not say their encoding, read as GBK" in notes
    assert "not the latest one of 3 (ps1.ipynb, not plots.ipynb), 4 (ps1.py" in notes
    assert "4: ps1.py was chosen beside a file that can't be read: scratch.ipynb" in notes
    with open_store(tmp_path / "run", read_only=True) as store:
        held = {one.entry.student: one for one in store.held()}
    assert set(held) == {*GRADED, *NOT_GRADED}
    for student, (file, score, said) in GRADED.items():
        record = held[student].record
        assert record is not None, held[student].error
        assert (record.submission.name, record.score) == (file, score), student
        assert said in "; ".join(record.notes)
        # The text is wrapped.
        assert said in " ".join((tmp_path / "run" / f"{student}.txt").read_text().split())
    assert {student for student, one in held.items() if one.entry.late} == {"9"}
    assert all(said in held[student].error for student, said in NOT_GRADED.items())
    _grades_the_same_again(download, tmp_path / "run", graded, held)


def _grades_the_same_again(
    download: Path, run: Path, graded: Graded, before: dict[str, Held]
) -> None:
    again = grade_run([download], run, graded.options, jobs=2)
    assert again.graded == 0
    with open_store(run, read_only=True) as store:
        assert {one.entry.student: one.entry for one in store.held()} == {
            student: one.entry for student, one in before.items()
        }


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
