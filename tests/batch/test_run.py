"""grader/batch/run.py: a class in real sandboxes, whole and interrupted in every way."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from grader.batch.run import grade_run
from grader.checks.interface import CHECKS
from grader.errors import StoreError, UsageError
from grader.options import Options
from grader.report_run import export_gradebook, graded_of
from grader.store import grading_lock, open_store
from tests.batch.class_of import (
    ROOT,
    command,
    expected_points,
    family,
    gone,
    points,
    record_counts,
    rubric,
    solution,
    start,
    starts,
    timeless,
    wait_for_records,
    write_class,
)
from tests.batch.conftest import COUNT, Graded


def kill(process: subprocess.Popen[str]) -> None:
    """End it with no chance to clean up; what it has started must end by itself."""
    started = family(process.pid)
    process.kill()
    process.communicate()
    assert gone(started)


def test_everybody_gets_the_points_that_are_theirs(graded: Graded) -> None:
    """Right, half right and wrong hand-ins, each with a record in the store and as files."""
    assert (graded.summary.graded, graded.summary.kept) == (COUNT, 0)
    assert points(graded.run) == expected_points(COUNT)
    for number in range(COUNT):
        record = json.loads((graded.run / f"s{number:02}.json").read_bytes())
        assert record["submission"]["name"] == f"s{number:02}.py"
        assert (graded.run / f"s{number:02}.txt").is_file()
    assert not family()


def test_a_second_run_grades_nothing(graded: Graded) -> None:
    """No record is added, no file touched, and it takes no time."""
    before = {path: path.stat().st_mtime_ns for path in graded.run.glob("s*")}
    began = time.monotonic()
    again = grade_run([graded.hand_ins], graded.run, graded.options)
    assert (again.graded, again.kept) == (0, COUNT)
    assert time.monotonic() - began < 2
    assert set(record_counts(graded.run)) == {1}
    assert {path: path.stat().st_mtime_ns for path in graded.run.glob("s*")} == before


def test_one_job_gives_the_same_records_as_two(graded: Graded, tmp_path: Path) -> None:
    """Byte for byte but for times, in whatever order they were done."""
    some = [graded.hand_ins / f"s{number:02}.py" for number in (4, 0, 2)]
    grade_run(some, tmp_path / "run", graded.options, jobs=1)
    alone, together = timeless(tmp_path / "run"), timeless(graded.run)
    assert alone == {student: together[student] for student in ("s00", "s02", "s04")}


def test_a_changed_item_is_graded_again_alone(graded: Graded, tmp_path: Path) -> None:
    """The other keeps its record to the last digit of its time."""
    run = tmp_path / "run"
    shutil.copytree(graded.run, run)
    some = [graded.hand_ins / "s00.py"]
    options = replace(graded.options, rubric=rubric(tmp_path, draws=5))
    summary = grade_run(some, run, options)
    assert (summary.graded, summary.kept) == (1, 0)
    with open_store(run) as store:
        entry = store.entry("s00")
        before, after = store.history(entry.sha256, entry.kind)
    assert before.items[2] == after.items[2]
    assert before.items[0].seconds != after.items[0].seconds
    assert after.regrade_of.startswith(entry.sha256)
    assert points(run) == expected_points(COUNT)


def test_every_kind_of_hand_in_is_accounted_for(graded: Graded, tmp_path: Path) -> None:
    """Equal files are graded once; what can't be read or is no hand-in says so."""
    hand_ins = tmp_path / "hand-ins"
    for name, content in {
        "anna_1_10_ps1.py": solution(0),
        "bert_LATE_2_11_mine.py": solution(0),
        "carl_3_12_ps1.ipynb": "this is no notebook",
        "dora_4_13_scan.pdf": "%PDF",
    }.items():
        hand_ins.mkdir(exist_ok=True)
        (hand_ins / name).write_text(content)
    summary = grade_run([hand_ins], tmp_path / "run", graded.options)
    assert (summary.layouts, summary.graded) == (("canvas",), 2)
    with open_store(tmp_path / "run") as store:
        held = {one.entry.name: one for one in store.held()}
        assert len(record_counts(tmp_path / "run")) == 3
    assert [(one.entry.late, one.score) for one in held.values()][:2] == [(False, 3), (True, 3)]
    assert held["bert"].record is not None
    assert held["bert"].record.submission.name == "mine.py"
    assert held["carl"].record is None
    assert "ps1.ipynb" in held["carl"].error
    assert "scan.pdf" in held["dora"].error
    again = grade_run([hand_ins], tmp_path / "run", graded.options)
    assert (again.graded, again.kept) == (0, 2)


def test_a_conflict_reaches_no_gradebook_before_it_is_decided(
    graded: Graded, tmp_path: Path
) -> None:
    """Both are graded and held back from the roster's row; a decision fills it."""
    hand_ins = tmp_path / "hand-ins"
    hand_ins.mkdir()
    (hand_ins / "bob_11_600_ps1.py").write_text(solution(0))
    (hand_ins / "eve_11_1234_601_ps1.py").write_text(solution(1))
    roster = tmp_path / "roster.csv"
    roster.write_text("Student,ID,A small set (5)\nRoe,11,\nEve,1234,\n")

    def points_given() -> list[str]:
        with open_store(tmp_path / "run", read_only=True) as store:
            run = [graded_of(held) for held in store.held()]
        book = export_gradebook(run, "canvas", roster, "")
        return [row[-1] for row in csv.reader(io.StringIO(book.content.decode()))][1:]

    found = grade_run([hand_ins], tmp_path / "run", graded.options)
    assert found.graded == 2
    assert points_given() == ["", ""]
    bob = next(student for student in found.students if "bob" in student)
    decided = grade_run([hand_ins], tmp_path / "run", graded.options, counts=[bob])
    assert (decided.students, decided.graded) == (("11",), 0)
    assert points_given() == ["3", ""]


def test_another_secret_is_not_mixed_into_a_run(graded: Graded) -> None:
    """A forgotten secret stops before anything is graded, and says what to set."""
    with pytest.raises(UsageError, match="NLA_GRADER_SECRET"):
        grade_run([graded.hand_ins], graded.run, replace(graded.options, secret="another"))
    assert points(graded.run) == expected_points(COUNT)


def test_many_without_isolation_are_refused(graded: Graded, tmp_path: Path) -> None:
    """Before a folder is made."""
    options = replace(graded.options, sandbox="bare")
    with pytest.raises(UsageError, match="allow-bare"):
        grade_run([graded.hand_ins], tmp_path / "run", options)
    assert not (tmp_path / "run").exists()


def test_two_gradings_of_a_run_at_once_are_refused(graded: Graded) -> None:
    """The second ends at once and says why."""
    with grading_lock(graded.run), pytest.raises(StoreError, match="another grading"):
        grade_run([graded.hand_ins], graded.run, graded.options)


def test_a_run_killed_at_any_moment_goes_on(graded: Graded, tmp_path: Path) -> None:
    """SIGKILL again and again: the records are those of an unbroken run, each written once."""
    run, random = tmp_path / "run", Random(2020)
    line = command(graded, [graded.hand_ins], run, "--jobs", "2")
    for number in range(2):
        process = start(line)
        wait_for_records(run, 2 * number, process)
        time.sleep(random.uniform(0.0, 1.0))
        kill(process)
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert timeless(run) == timeless(graded.run)
    assert set(record_counts(run)) == {1}


def test_ctrl_c_keeps_what_is_done_and_leaves_nothing_running(
    graded: Graded, tmp_path: Path
) -> None:
    """The command ends at once with 130; finished records are there, as files too."""
    run = tmp_path / "run"
    process = start(command(graded, [graded.hand_ins], run, "--jobs", "2"))
    wait_for_records(run, 1, process)
    began, started = time.monotonic(), family(process.pid)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 130, told
    assert "finished results are saved" in told
    assert time.monotonic() - began < 10
    assert started
    assert gone(started)
    done = starts(run)
    assert done
    # One may have been cut short between the store and its file; the next run writes it.
    assert sum(not (run / f"{student}.json").is_file() for student in done) <= 1
    expected = expected_points(COUNT)
    assert all(points(run)[student] == expected[student] for student in done)


def test_a_worker_process_that_is_killed_costs_nobody_anything(
    graded: Graded, tmp_path: Path
) -> None:
    """Its file is graded by its successor."""
    run = tmp_path / "run"
    some = [graded.hand_ins / f"s{number:02}.py" for number in range(3)]
    process = start(command(graded, some, run, "--jobs", "2"))
    wait_for_records(run, 1, process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    _, told = process.communicate(timeout=100)
    assert process.returncode == 1, told
    together = timeless(graded.run)
    assert timeless(run) == {f"s{number:02}": together[f"s{number:02}"] for number in range(3)}


def test_an_unwritable_folder_stops_before_anything_is_graded(
    graded: Graded, tmp_path: Path
) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--out"):
        grade_run([graded.hand_ins], tmp_path / "file" / "run", graded.options)


def test_a_full_disk_stops_the_run_and_costs_nothing(graded: Graded, tmp_path: Path) -> None:
    """The command says to free space and leaves nothing half-written; with space it goes on."""
    run = tmp_path / "run"
    some = [graded.hand_ins / f"s{number:02}.py" for number in range(2)]
    line = command(graded, some, run, "--jobs", "1")
    # No file may grow past this: enough for the tables, too little for every record.
    full = subprocess.run(
        ["prlimit", "--fsize=90000", *line], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert full.returncode == 2, full.stdout + full.stderr
    assert "free some space" in full.stderr
    assert "Traceback" not in full.stderr
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    together = timeless(graded.run)
    assert timeless(run) == {student: together[student] for student in ("s00", "s01")}


HOSTILE = """
import os, signal, sys, threading
def norm_constants(n):
    os.kill(-1, signal.SIGKILL)
def rayleigh_gradient(A, x):
    sys.stdout.write("x" * 100_000_000)
    os.fork()
    os.abort()
"""


def test_a_hostile_neighbour_changes_nobody_s_record(graded: Graded, tmp_path: Path) -> None:
    """Graded by the same process after it, an honest file gets the record it gets alone."""
    hand_ins = tmp_path / "hand-ins"
    hand_ins.mkdir()
    (hand_ins / "a.py").write_text(HOSTILE)
    shutil.copy(graded.hand_ins / "s00.py", hand_ins)
    grade_run([hand_ins], tmp_path / "run", graded.options, jobs=1)
    assert points(tmp_path / "run")["a"] == (0, 0)
    assert timeless(tmp_path / "run")["s00"] == timeless(graded.run)["s00"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_forty_killed_at_five_moments(tmp_path: Path) -> None:
    """The same records as an unbroken run, whatever was cut short."""
    hand_ins = write_class(tmp_path / "hand-ins", 40)
    options = Options(rubric=rubric(tmp_path), secret="a course", device="cpu", threads=1)
    grade_run([hand_ins], tmp_path / "whole", options, jobs=2)
    broken = Graded(hand_ins, tmp_path / "broken", options, None)  # type: ignore[arg-type]  # not looked at
    line = command(broken, [hand_ins], broken.run, "--jobs", "2")
    random = Random()
    for number in range(5):
        process = start(line)
        wait_for_records(broken.run, 7 * number, process)
        time.sleep(random.uniform(0.0, 3.0))
        kill(process)
    subprocess.run(line, cwd=ROOT, capture_output=True, check=False)
    assert timeless(broken.run) == timeless(tmp_path / "whole")
    assert set(record_counts(broken.run)) == {1}


def test_checks_of_the_network_say_that_they_need_it() -> None:
    """A run has it ready before workers start, and sends it to a cluster."""
    needing = {name for name, spec in CHECKS.items() if spec.needs_baseline}
    assert needing == {name for name in CHECKS if name.startswith("compression.")}
