"""grader/batch/{choice,candidates}.py: which file is graded, and why."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.batch.candidates import MAX_READ
from grader.batch.discover import Discovery, HandIn, discover
from grader.submission.defined import Defined, count_defined
from tests.batch.zips import with_flag, zipped
from tests.submission.hand_ins import notebook_bytes

NAMES = ["f", "g"]
WHOLE = "def f(x): return x\ndef g(x): return x\n"
PART = "def f(x): return x\n"
STUBS = "def f(x): pass\ndef g(x): pass\n"
PLOT = "import ps1\nps1.f(1), ps1.g(2)\n"
BOOK = notebook_bytes(WHOLE).decode()


def found(folder: Path, files: dict[str, str]) -> Discovery:
    """What is found of these files beside those of another student."""
    for name, text in {**files, "zoe_99_1_ps1.py": WHOLE, "zoe/ps1.py": WHOLE}.items():
        file = folder / name
        if ("/" in name) == any("/" in one for one in files):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, errors="surrogateescape")
    return discover([folder], names=NAMES)


def first(folder: Path, files: dict[str, str]) -> HandIn:
    return found(folder, files).hand_ins[0]


@pytest.mark.parametrize(
    ("files", "graded", "why"),
    [
        # What defines most goes before what is later, and before a notebook.
        (
            {"a_1_10_ps1.ipynb": BOOK, "a_1_11_plots.ipynb": notebook_bytes(PLOT).decode()},
            "ps1.ipynb",
            "which defines most of the asked names (2 of 2); not graded: plots.ipynb (defines 0 of",
        ),
        (
            {"a_1_10_ps1.py": WHOLE, "a_1_11_scratch.ipynb": notebook_bytes().decode()},
            "ps1.py",
            "scratch.ipynb can't be read and was not graded: the notebook must have cells",
        ),
        (
            {"a_1_10_mine.py": PART, "a_1_11_ps1.ipynb": notebook_bytes(STUBS).decode()},
            "mine.py",
            "not graded: ps1.ipynb (defines 2 of 2, all of them stubs)",
        ),
        ({"a/main.ipynb": "{", "a/src/ps1.py": WHOLE}, "ps1.py", "(2 of 2)"),
        # Then the later one.
        ({"a_1_11_b.py": WHOLE, "a_1_10_a.ipynb": BOOK}, "b.py", "b.py, the later one"),
        (
            {"a_1_10_ps1.py": WHOLE, "a_1_11_ps1-1.py": f"{WHOLE}x = 1"},
            "ps1-1.py",
            "attempt 2 is graded; earlier attempts: ps1.py",
        ),
        (
            {"a_1_10_ps1.ipynb.txt": "{", "a_1_11_ps1.ipynb-1.txt": "{"},
            "ps1.ipynb-1.txt",
            "attempt 2 is graded; earlier attempts: ps1.ipynb.txt",
        ),
        # Then a notebook: a module of the same name is its export.
        ({"a_1_10_ps1.ipynb": BOOK, "a_1_11_ps1.py": WHOLE}, "ps1.ipynb", "the notebook"),
        ({"a_1_10_ps1.ipynb.txt": BOOK, "a_1_11_ps1.py": WHOLE}, "ps1.ipynb.txt", "the notebook"),
        ({"a/b.ipynb": BOOK, "a/c.py": WHOLE}, "b.ipynb", "the notebook"),
        # Then what lies higher, then what is larger.
        (
            {"a/ps1.ipynb": BOOK, "a/old/ps1.ipynb": BOOK + " "},
            "ps1.ipynb",
            "graded: a/ps1.ipynb, in the fewest folders; not graded: a/old/ps1.ipynb",
        ),
        ({"a/b.ipynb": BOOK, "a/c/1.py": PART, "a/c/2.py": PART}, "b.ipynb", "(2 of 2)"),
    ],
)
def test_the_file_that_answers_the_questions_is_graded(
    tmp_path: Path, files: dict[str, str], graded: str, why: str
) -> None:
    """And the note says which, why, and what was left out."""
    chosen = first(tmp_path, files)
    assert chosen.file == graded
    assert any(why in note for note in chosen.notes), chosen.notes


UNREADABLE: dict[str, tuple[str, bytes | int, str]] = {
    "broken": ("ps1.ipynb", BOOK.encode()[:-40], "ps1.ipynb can't be read and was not graded: "),
    "large": ("ps1.ipynb", 101 << 20, "not graded: larger than 100 MiB; clear the outputs and"),
    "encrypted": (
        "hw.zip",
        with_flag(zipped({"ps1.ipynb": BOOK}), 1),
        "hw.zip/ps1.ipynb can't be read and was not graded: encrypted; submit it without",
    ),
    "no zip": ("hw.zip", b"Rar!\x1a\x07", "hw.zip: not a zip that can be opened"),
}


@pytest.mark.parametrize("more", [0, MAX_READ])
@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_is_told_to_everybody(
    tmp_path: Path, case: str, more: int
) -> None:
    """It may be the real submission: the module beside it is graded, and staff are warned."""
    name, content, said = UNREADABLE[case]
    (tmp_path / "anna").mkdir()
    with (tmp_path / "anna" / name).open("wb") as file:
        if isinstance(content, int):
            file.truncate(content)
        else:
            file.write(content)
    others = {f"anna/x{at}.py": "x = 1" for at in range(more)}
    discovery = found(tmp_path, {"anna/utils.py": PART, **others})
    anna = discovery.hand_ins[0]
    assert (anna.student, anna.file) == ("anna", "utils.py")
    assert any(said in note for note in anna.notes), anna.notes
    (warning,) = (note for note in discovery.notes if note.startswith("anna: "))
    assert warning.startswith("anna: utils.py was chosen beside a file that can't be read: ")
    assert said in warning


def test_a_fault_of_the_helper_is_told_to_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose count is unknown is not one that defines nothing."""

    def fail(name: str, raw: bytes, names: Sequence[str]) -> Defined:
        return count_defined(name, raw, [[]] if name == "ps1.ipynb" else names)  # type: ignore[list-item]

    monkeypatch.setattr("grader.batch.candidates.count_defined", fail)
    discovery = found(tmp_path, {"anna/ps1.ipynb": BOOK, "anna/utils.py": PART})
    for notes in (discovery.hand_ins[0].notes, discovery.notes):
        assert "the grader met an unexpected error" in " ".join(notes)


def test_where_nothing_defines_a_name_the_unreadable_notebook_counts(tmp_path: Path) -> None:
    """Its error is the result, unless there is a notebook that can be read."""
    chosen = first(tmp_path, {"anna/ps1.ipynb": "{", "anna/utils.py": "x = 1"})
    assert chosen.file == "ps1.ipynb"
    chosen = first(tmp_path, {"anna/proofs.ipynb": notebook_bytes("x = 1").decode()})
    assert (chosen.file, chosen.notes[0].partition(";")[0]) == (
        "proofs.ipynb",
        "graded: proofs.ipynb, which can be read",
    )


def test_a_later_attempt_that_holds_less_is_told_to_everybody(tmp_path: Path) -> None:
    """Staff and the student read that the latest is not graded; lateness is the graded file's."""
    files = {"a_1_10_ps1.py": WHOLE, "a_LATE_1_11_ps1-1.py": PART}
    discovery = found(tmp_path, files)
    chosen = discovery.hand_ins[0]
    assert (chosen.file, chosen.attempt, chosen.late) == ("ps1.py", 1, False)
    assert chosen.notes[1] == (
        "the graded file is not the latest one: later came ps1-1.py, with fewer of the asked "
        "names; where another file should be graded, ask the course staff"
    )
    assert discovery.notes == ("the graded file is not the latest one of 1 (ps1.py, not ps1-1.py)",)
    again = found(tmp_path, files).hand_ins[0]
    assert (again.file, again.notes) == (chosen.file, chosen.notes)


def test_the_graded_file_is_late_where_it_was(tmp_path: Path) -> None:
    """A plot in time does not make it early."""
    files = {"a_1_10_plots.py": PLOT, "a_LATE_1_11_ps1.py": WHOLE}
    assert (first(tmp_path, files).file, first(tmp_path, files).late) == ("ps1.py", True)


def test_without_names_the_notebook_is_graded(tmp_path: Path) -> None:
    """A rubric that is graded by hand alone asks for none."""
    for name, text in {"a/ps1.ipynb": BOOK, "a/x.py": WHOLE, "b/ps1.ipynb": BOOK}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    chosen = discover([tmp_path]).hand_ins[0]
    assert chosen.notes == ("graded: ps1.ipynb, the notebook; not graded: x.py",)


def test_large_files_take_no_room_from_the_one_that_counts(tmp_path: Path) -> None:
    """What is read of one student is limited in bytes; sparse files cost none here."""
    lay = {f"a_1_{at}_data{at}.ipynb": "" for at in range(20, 23)}
    found(tmp_path, {**lay, "a_1_10_ps1.py": WHOLE})
    for name in lay:
        with (tmp_path / name).open("wb") as file:
            file.truncate(90 << 20)
    assert discover([tmp_path], names=NAMES).hand_ins[0].file == "ps1.py"


def test_a_thousand_files_are_not_all_read(tmp_path: Path) -> None:
    """Those that mention most names are, so that the one that counts is among them."""
    files = {f"a_1_{at}_x{at}.py": "x = (" * 50 for at in range(100, 1100)}
    files |= {f"a_1_{at}_y{at}.py": PLOT * 50 for at in range(2000, 2005)}
    began = time.process_time()
    chosen = first(tmp_path, {**files, "a_1_1500_ps1.py": WHOLE})
    assert chosen.file == "ps1.py"
    assert "1006 notebooks and modules, of which 8 are read" in " ".join(chosen.notes)
    assert max(map(len, chosen.notes)) < 500
    assert time.process_time() - began < 10
