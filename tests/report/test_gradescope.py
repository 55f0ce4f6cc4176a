"""grader/report/gradescope.py: the very fields of Gradescope's specification."""

from typing import Any, Literal

import msgspec
import pytest

from grader.model import Status
from grader.report.gradescope import render_gradescope
from grader.report.interface import HandGiven
from tests.records import check, item, record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty

Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]
Format = Literal["text", "html", "simple_format", "md", "ansi"]


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """A test case as the specification has it."""

    name: str
    output: str
    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None
    name_format: Format = "text"
    number: str = ""
    output_format: Format = "text"
    tags: list[str] = []
    visibility: Visibility = "visible"
    extra_data: dict[str, Any] = {}


class Leader(msgspec.Struct, forbid_unknown_fields=True):
    """A column of the leaderboard."""

    name: str
    value: float | str
    order: Literal["asc", "desc"] = "desc"


class Results(msgspec.Struct, forbid_unknown_fields=True):
    """`results.json` as the specification has it."""

    score: float
    execution_time: int
    output: str
    output_format: Format
    test_output_format: Format
    test_name_format: Format
    visibility: Visibility
    stdout_visibility: Visibility
    extra_data: dict[str, Any]
    tests: list[Case]
    leaderboard: list[Leader] = []


def read(raw: bytes) -> Results:
    return msgspec.json.decode(raw, type=Results)


def test_gradescope_is_as_it_was(golden: Golden) -> None:
    """The results of a known hand-in are the golden ones."""
    graded = samples.student(12, judged=True)
    assert graded.record is not None
    raw = render_gradescope(graded.record, hand=graded.hand, leaderboard=True)
    read(raw)
    golden("results.json", raw)


@pytest.mark.parametrize("number", range(6))
def test_gradescope_adds_up(number: int) -> None:
    """The score is the sum of the tests', with and without hand scores."""
    graded = samples.student(number)
    judged = samples.student(number, judged=True)
    assert graded.record is not None
    for hand in (graded.hand, judged.hand):
        results = read(render_gradescope(graded.record, hand=hand))
        assert results.score == pytest.approx(sum(test.score or 0.0 for test in results.tests))
        assert sum(test.max_score or 0.0 for test in results.tests) == graded.record.total


def test_gradescope_leaves_open_what_a_person_judges() -> None:
    """Without a person's points the test has no score, and says what will be looked at."""
    (test,) = [test for test in read(render_gradescope(record())).tests if "hand" in test.number]
    assert test.score is None
    assert test.status is None
    assert test.max_score == 5.0
    assert test.output == "open for a person:\n3: uses U*U = I"


def test_gradescope_shows_a_persons_comment() -> None:
    """Points and comment of a person stand beside the criteria."""
    hand = {"1.1b": HandGiven(points=2.5, comment="UA only")}
    results = read(render_gradescope(record(), hand=hand))
    (test,) = [test for test in results.tests if test.number == "1.1b.hand"]
    assert (test.score, test.status) == (2.5, "failed")
    assert test.output.endswith("Comment: UA only")
    assert results.score == 4.5


def test_gradescope_hides_what_is_for_staff() -> None:
    """Staff notes stand in one hidden test and nowhere else."""
    raw = render_gradescope(record(), visibility="after_due_date")
    results = read(raw)
    hidden = [test for test in results.tests if test.visibility == "hidden"]
    assert [test.name for test in hidden] == ["For the staff"]
    assert "draw 3: 1.2e-3" in hidden[0].output
    shown = [test for test in results.tests if test.visibility != "hidden"]
    assert not any("draw 3" in msgspec.json.encode(test).decode() for test in shown)
    assert {test.visibility for test in shown} == {"after_due_date"}


def test_gradescope_tells_a_fault_without_a_lost_point() -> None:
    """The student reads that it is our fault; the traceback is for staff alone."""
    traceback = "Traceback (most recent call last):\n  boom"
    fault = msgspec.structs.replace(check(Status.GRADER_FAULT, 0.0, "x"), staff_note=traceback)
    made = record(made=(item("2.1a", Status.GRADER_FAULT, 0.0, (fault,)),))
    results = read(render_gradescope(made))
    assert "item 2.1a: the grader itself failed here" in results.output
    assert results.tests[0].score is None
    assert "costs no points" in results.tests[0].output
    assert [test.visibility for test in results.tests if "boom" in test.output] == ["hidden"]


def test_gradescope_numbers_the_checks_of_an_item() -> None:
    """One check has the item's number, several have theirs after it."""
    numbers = [test.number for test in read(render_gradescope(samples.record(1))).tests]
    assert {"2.1a", "3.2.1", "3.2.6", "2.1c.2", "2.1c.hand"} <= set(numbers)
    assert len(numbers) == len(set(numbers))


def test_gradescope_has_a_leaderboard_on_demand() -> None:
    """Points and seconds, if the course wants that."""
    assert read(render_gradescope(record())).leaderboard == []
    board = read(render_gradescope(record(), leaderboard=True)).leaderboard
    assert [(row.name, row.order) for row in board] == [("Points", "desc"), ("Seconds", "asc")]


def test_gradescope_is_not_harmed_by_a_text() -> None:
    """Every text is declared plain, and its control characters are visible."""
    graded = nasty()
    assert graded.record is not None
    raw = render_gradescope(graded.record, hand=graded.hand)
    results = read(raw)
    assert "\\\\u202e" in raw.decode()
    assert "\u202e" not in raw.decode()
    formats = {test.output_format for test in results.tests}
    formats |= {test.name_format for test in results.tests}
    formats |= {results.output_format, results.test_output_format, results.test_name_format}
    assert formats == {"text"}
    assert any("<script>alert(1)</script>" in test.output for test in results.tests)
