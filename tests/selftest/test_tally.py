"""The confusion table and the margins, from cases that were graded."""

import pytest

from grader.selftest import Case, Expected, Played, tally
from grader.selftest.tally import differing


def played(
    name: str,
    *,
    right: bool,
    score: float,
    margin: float | None = None,
    surprise: str = "",
    setting: str = "base",
) -> Played:
    case = Case("2.1a", name, "", Expected(right=right))
    return Played(case, setting, score, 2.0, margin, surprise)


def test_the_table_counts_both_kinds_of_error() -> None:
    """A right solution that loses points, a wrong one that loses none."""
    (row,) = tally(
        [
            played("a", right=True, score=2.0),
            played("b", right=True, score=1.0, surprise="false reject"),
            played("c", right=False, score=0.0),
            played("d", right=False, score=2.0, surprise="false accept"),
            played("e", right=False, score=0.0, surprise="words are missing"),
        ]
    )
    assert (row.right, row.false_rejects) == (2, 1)
    assert (row.wrong, row.false_accepts) == (3, 1)


def test_margins_are_those_of_the_answers_that_a_tolerance_tells_apart() -> None:
    """Zeros have no geometric mean; a wrong answer that was noticed otherwise has no margin."""
    (row,) = tally(
        [
            played("a", right=True, score=2.0, margin=0.01),
            played("b", right=True, score=2.0, margin=0.0001),
            played("exact", right=True, score=2.0, margin=0.0),
            played("c", right=False, score=0.0, margin=1e4),
            played("d", right=False, score=0.0, margin=1e2),
            played("raises", right=False, score=0.0, margin=0.3),
            played("NaN", right=False, score=0.0),
        ]
    )
    assert row.right_margin == pytest.approx(1e-3)
    assert row.worst_right == 0.01
    assert row.wrong_margin == pytest.approx(1e3)
    assert row.nearest_wrong == 100


def test_cases_that_score_differently_somewhere_are_named_with_each_score() -> None:
    """The same points are wanted in every setting."""
    found = differing(
        [
            played("same", right=True, score=2.0),
            played("same", right=True, score=2.0, setting="x64"),
            played("other", right=True, score=2.0),
            played("other", right=True, score=0.0, setting="x64"),
        ]
    )
    assert found == {("2.1a", "other"): {"base": 2.0, "x64": 0.0}}
