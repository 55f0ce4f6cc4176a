"""grader/batch/overview.py and what is printed of it: nobody who needs a look is overlooked."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader.assembly import item_record
from grader.batch.overview import Line, item_lines, student_lines
from grader.batch.run import RunSummary
from grader.console_run import MOST_LINES, show_run
from grader.model import ItemRecord, Record, Status, SubmissionInfo
from grader.rubric import load_rubric
from grader.store import Entry, Store, open_store
from tests.batch.class_of import rubric
from tests.records import NASTY, record

SUMMARY = RunSummary(("x",), 3, 4, ("files",), ("eve.py: a link, not followed",), 1.5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty run."""
    with open_store(tmp_path / "run", create=True) as made:
        yield made


def keep(store: Store, student: str, *items: ItemRecord, late: bool = False) -> None:
    entry = Entry(student=student, file=f"{student}.py", sha256=student, late=late)
    store.put_entries([(entry, student.encode())])
    base = record(made=items)
    info = SubmissionInfo(name=entry.file, sha256=student, kind=entry.kind)
    store.put_record(msgspec.structs.replace(base, submission=info), "k")


def item(status: Status, score: float = 0.0, **rest: str) -> ItemRecord:
    made: Record = record()
    return msgspec.structs.replace(made.items[0], status=status, score=score, checks=(), **rest)


def lines(store: Store) -> dict[str, Line]:
    students = {entry.student for entry in store.entries()}
    return {line.student: line for line in student_lines(store, students)}


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (Status.GRADER_FAULT, "our fault in 1.1a", 3),
        (Status.KILLED, "killed in 1.1a", 1),
        (Status.OUT_OF_MEMORY, "out of memory in 1.1a", 1),
        (Status.TIMED_OUT, "time out in 1.1a", 1),
    ],
)
def test_a_bad_end_is_named_with_its_item(
    store: Store, status: Status, words: str, code: int
) -> None:
    """And a fault of ours has an exit code of its own."""
    keep(store, "anna", item(status))
    line = lines(store)["anna"]
    assert (line.look, line.worst, line.lost) == ((words,), code, ("1.1a",))


def test_a_missing_name_comes_with_what_is_known(store: Store) -> None:
    """The first line of the feedback; a person may add an alias."""
    keep(store, "anna", item(Status.MISSING, feedback="`F` not found;\n`G` looks like it"))
    assert lines(store)["anna"].look == ("1.1a: `F` not found;",)


def test_who_lost_points_alone_needs_no_look(store: Store) -> None:
    """Wrong answers are everyday life; full points give 0."""
    keep(store, "anna", item(Status.FAILED))
    keep(store, "bert", item(Status.PASSED, 1.0))
    found = lines(store)
    assert (found["anna"].look, found["anna"].worst) == ((), 1)
    assert (found["bert"].look, found["bert"].worst, found["bert"].lost) == ((), 0, ())


def test_who_is_in_conflict_is_named_first_and_needs_a_decision(store: Store) -> None:
    """Full points alone would need no look; the exit code says that somebody must act."""
    keep(store, "12 (a)", item(Status.PASSED, 1.0), late=True)
    store.mark_contested("12 (a)", "12")
    line = lines(store)["12 (a)"]
    assert "claims to be 12" in line.look[0]
    assert (line.look[1:], line.worst) == (("late",), 2)


def test_the_most_urgent_reason_comes_first(store: Store) -> None:
    """All of them are there."""
    keep(
        store,
        "anna",
        msgspec.structs.replace(item(Status.TIMED_OUT), id="2"),
        item(Status.GRADER_FAULT),
        late=True,
    )
    assert lines(store)["anna"].look == ("our fault in 1.1a", "time out in 2", "late")


def test_items_are_counted_over_the_students_asked_for(store: Store) -> None:
    """Mean and results; others of the run don't count."""
    keep(store, "anna", item(Status.FAILED))
    keep(store, "bert", item(Status.PASSED, 1.0))
    keep(store, "carl", item(Status.FAILED))
    (line,) = item_lines(store, {"anna", "bert"})
    assert line.mean == 0.5
    assert line.statuses == {Status.FAILED: 1, Status.PASSED: 1}


def test_items_for_a_person_alone_are_no_line(store: Store, tmp_path: Path) -> None:
    """There is nothing to count before a person has judged."""
    proof = load_rubric(rubric(tmp_path)).item("1.1b")
    keep(store, "anna", item_record(proof, Status.NEEDS_HAND))
    assert item_lines(store, {"anna"}) == []


def test_a_large_class_is_cut_but_nobody_who_needs_a_look(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of many is named, faults before all else, and what was passed over."""
    monkeypatch.setenv("COLUMNS", "120")
    for number in range(MOST_LINES + 5):
        keep(store, f"s{number:03}", item(Status.PASSED, 1.0))
    keep(store, "y", item(Status.KILLED))
    keep(store, "z", item(Status.GRADER_FAULT))
    students = {entry.student for entry in store.entries()}
    show_run(SUMMARY, student_lines(store, students), item_lines(store, students), short=False)
    told = capsys.readouterr().out
    assert f"s{MOST_LINES - 1:03}" in told
    assert f"s{MOST_LINES:03}" not in told
    assert "and 7 more" in told
    assert told.index("look at z") < told.index("look at y")
    assert "note: eve.py" in told
    assert "3 graded now, 4 before" in told


def test_odd_names_are_printed_and_do_nothing(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markup of the terminal in a name is text."""
    name = f"[red]{NASTY}[/red]"
    keep(store, name, item(Status.KILLED))
    show_run(SUMMARY, student_lines(store, {name}), item_lines(store, {name}), short=False)
    told = capsys.readouterr().out
    assert "[red]" in told
    assert "\x1b" not in told
