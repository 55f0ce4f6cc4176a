"""grader/report/summary.py: a class in numbers."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import ItemRecord, Status
from grader.report.interface import Graded, HandGiven
from grader.report.links import page_link
from grader.report.summary import ItemNumbers, Summary, correlation, quartiles, summarize
from tests.records import check, item, record
from tests.report import samples


def summary(*rows: tuple[ItemRecord, ...]) -> Summary:
    run = [Graded(student=f"u{n}", record=record(made=row)) for n, row in enumerate(rows)]
    return summarize(run, page_link)


def scored(name: str, score: float, status: Status | None = None) -> ItemRecord:
    status = status or (Status.PASSED if score == 1.0 else Status.PARTIAL)
    return item(name, status, score, (check(status, score),))


def numbers(made: Summary) -> dict[str, ItemNumbers]:
    return {one.id: one for one in made.items}


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=3, max_size=20))
def test_correlation_is_pearsons(pairs: list[tuple[int, int]]) -> None:
    """The same as NumPy's, None where one side does not vary."""
    xs, ys = [x / 2 for x, _ in pairs], [y / 3 for _, y in pairs]
    found = correlation(xs, ys)
    if len(set(xs)) == 1 or len(set(ys)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(float(np.corrcoef(xs, ys)[0, 1]), abs=1e-9)


def test_correlation_needs_three() -> None:
    """Two points lie on a line and say nothing."""
    assert correlation([0.0, 1.0], [0.0, 1.0]) is None


def test_quartiles_of_one_value_are_it() -> None:
    """A class of one has a median."""
    assert quartiles([3.0]) == (3.0, 3.0, 3.0)
    assert quartiles([1.0, 2.0, 3.0, 4.0]) == (1.75, 2.5, 3.25)


def test_items_have_a_difficulty() -> None:
    """The mean share of the points."""
    made = summary((scored("a", 1.0),), (scored("a", 0.5),), (scored("a", 0.0),))
    assert numbers(made)["a"].mean == pytest.approx(0.5)
    assert numbers(made)["a"].students == 3


def test_items_have_a_discrimination() -> None:
    """The correlation with the points of all other items, this one left out of them."""
    rows = [(1.0, 1.0, 0.0), (0.5, 1.0, 0.5), (0.0, 0.0, 1.0), (0.0, 0.5, 0.5)]
    made = summary(*(tuple(scored(n, s) for n, s in zip("abc", row, strict=True)) for row in rows))
    table = np.array(rows)
    for place, name in enumerate("abc"):
        rest = np.delete(table, place, axis=1).sum(axis=1)
        expected = float(np.corrcoef(table[:, place], rest)[0, 1])
        assert numbers(made)[name].discrimination == pytest.approx(expected)


def test_an_item_that_all_solved_has_no_discrimination() -> None:
    """What does not vary does not correlate."""
    rows = [(scored("a", 1.0), scored("b", value)) for value in (0.0, 0.5, 1.0)]
    assert numbers(summary(*rows))["a"].discrimination is None


def test_a_fault_of_ours_counts_in_no_item() -> None:
    """A student who met a fault is left out of that item, and listed with the note."""
    fault = scored("a", 0.0, Status.GRADER_FAULT)
    fault = msgspec.structs.replace(
        fault, checks=(msgspec.structs.replace(fault.checks[0], staff_note="Traceback"),)
    )
    made = summary((fault,), (scored("a", 1.0),))
    assert (numbers(made)["a"].students, numbers(made)["a"].mean) == (1, 1.0)
    (event,) = made.faults
    assert (event.name, event.item, event.text) == ("u0", "a", "Traceback")
    assert made.students[0].marks == ("fault",)


def by_hand(given: float | None) -> Graded:
    made = record(made=(samples.record(0).items[1],))
    hand = {} if given is None else {"1.1b": HandGiven(points=given)}
    return Graded(student=str(given), record=made, hand=hand)


def test_an_item_by_hand_counts_once_it_is_judged() -> None:
    """Whom nobody has judged is left out; without any the item has no numbers."""
    run = [by_hand(5.0), by_hand(2.0), by_hand(None)]
    (found,) = summarize(run, page_link).items
    assert found.students == 2
    assert found.mean == pytest.approx(0.7)
    (none,) = summarize([by_hand(None)], page_link).items
    assert (none.students, none.mean, none.discrimination) == (0, None, None)


def test_what_was_stopped_is_listed() -> None:
    """Time, memory and crashes, with a mark for the table; not more than fit."""
    statuses = (Status.TIMED_OUT, Status.OUT_OF_MEMORY, Status.KILLED, Status.FAILED)
    made = summary(*((scored("a", 0.0, status),) for status in statuses * 60))
    assert {event.status for event in made.stopped} == set(statuses[:3])
    assert (len(made.stopped), made.left_out) == (100, 80)
    assert [student.marks for student in made.students[:4]] == [("stopped",)] * 3 + [()]


def test_students_keep_no_record() -> None:
    """A class of thousands stays small."""
    made = summarize(samples.class_of(6), page_link)
    assert all(student.graded.record is None for student in made.students)
    assert [student.name for student in made.students if student.standing is None] == [
        "Mei-Ling Lovelace"
    ]


def test_slowest_come_first() -> None:
    """Ten at most, in falling order."""
    slow = [student.seconds for student in summarize(samples.class_of(30), page_link).slowest()]
    assert len(slow) == 10
    assert slow == sorted(slow, reverse=True)


def test_facts_are_what_all_records_agree_in() -> None:
    """A class graded with two rubrics names none."""
    first, second = record(), msgspec.structs.replace(record(), rubric_sha256="12" * 32)
    facts = summarize([Graded(record=first), Graded(record=second)], page_link).facts
    assert "grader 0.1.0" in facts
    assert not any(fact.startswith("rubric") for fact in facts)


def test_an_empty_class_has_no_numbers() -> None:
    """Nothing handed in is no error."""
    made = summarize([], page_link)
    assert (made.students, made.items, made.facts, made.slowest()) == ([], [], (), [])
