"""grader/report/feedbacks.py: the same words with other numbers are one."""

import pytest

from grader.model import Status
from grader.report.feedbacks import Feedbacks, normalised
from tests.records import check, item


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("expected shape (5, 3), got (3, 5)", "expected shape (7,), got (2, 7, 1)"),
        ("error 1.5e-3 after 12 s", "error 2e+07 after 0.31 s"),
        ("got 'abc'", "got 'x y'"),
        ("(cell 12, line 3)", "(cell 4, line 17)"),
        ("a\n b", "a b"),
    ],
)
def test_normalised_is_the_same_for_other_numbers(one: str, other: str) -> None:
    """Numbers, shapes and quoted values do not tell feedback apart."""
    assert normalised(one) == normalised(other)


def test_normalised_keeps_words_apart() -> None:
    """Other words are other feedback."""
    assert normalised("raised ValueError") != normalised("raised TypeError")


def told(*texts: str) -> Feedbacks:
    feedbacks = Feedbacks()
    for number, text in enumerate(texts):
        failed = item("2.1a", Status.FAILED, 0.0, (check(Status.FAILED, 0.0, text),))
        feedbacks.add((failed,), f"student {number}", f"{number}.html")
    return feedbacks


def test_most_frequent_counts_students() -> None:
    """The most frequent first, with examples and their links."""
    first, second = told("got 3", "other", "got 4", "got 5").most_frequent(5)
    assert (first.students, first.text, first.hint) == (3, "got 3", "dF/dU has the shape of U")
    assert first.examples == [
        ("student 0", "0.html"),
        ("student 2", "2.html"),
        ("student 3", "3.html"),
    ]
    assert (second.students, second.item) == (1, "2.1a")


def test_most_frequent_counts_a_student_once() -> None:
    """Two rows with the same words are one student's."""
    feedbacks = Feedbacks()
    row = check(Status.FAILED, 0.0, "got 3")
    feedbacks.add((item("2.1a", Status.FAILED, 0.0, (row, row)),), "ada", "ada.html")
    assert [kind.students for kind in feedbacks.most_frequent(5)] == [1]


def test_most_frequent_leaves_out_our_faults() -> None:
    """A fault of the grader is no feedback, and full points have none."""
    feedbacks = Feedbacks()
    fault = check(Status.GRADER_FAULT, 0.0, "boom")
    feedbacks.add((item("1", Status.GRADER_FAULT, 0.0, (fault, check())),), "ada", "ada.html")
    assert feedbacks.most_frequent(5) == []


def test_feedbacks_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound no new kind is kept; known ones go on counting."""
    monkeypatch.setattr("grader.report.feedbacks.MOST_KINDS", 2)
    kinds = told("a", "b", "c", "a").most_frequent(9)
    assert {(kind.text, kind.students) for kind in kinds} == {("a", 2), ("b", 1)}
