"""How near answers come to the tolerance: what is noted, and what it is in a record."""

import math

import numpy as np
import pytest

from grader.checks.margins import agrees, watched, within
from tests.checks.inprocess import bench_for


def test_errors_judged_while_watched_are_noted_in_units_of_what_is_allowed() -> None:
    """Right answers come below 1, wrong ones above, in the order of judging."""
    with watched() as ratios:
        assert within(1.0, 4.0)
        assert not within(6.0, 4.0)
        assert agrees(np.array([1.0, 1.0]), np.array([1.0, 1.1]), rtol=0.1)
        assert within(np.float64(1.0), np.float64(8.0))
    assert ratios[:2] == [0.25, 1.5]
    assert [type(ratio) for ratio in ratios] == [float] * 4
    assert ratios[2] == pytest.approx(0.1 / (0.1 * math.hypot(1.0, 1.1)))


def test_nan_is_never_within_and_zero_tolerance_takes_only_zero() -> None:
    """No odd value passes by division."""
    with watched() as ratios:
        assert not within(math.nan, 1.0)
        assert within(0.0, 0.0)
        assert not within(1e-300, 0.0)
    assert math.isnan(ratios[0])
    assert ratios[1:] == [0.0, math.inf]


def test_nothing_is_noted_once_the_watch_is_over() -> None:
    """Neither before nor after, nor in an outer watch while an inner one listens."""
    within(1.0, 2.0)
    with watched() as outer:
        with watched() as inner:
            within(1.0, 2.0)
        within(3.0, 4.0)
    within(5.0, 6.0)
    assert inner == [0.5]
    assert outer == [0.75]


def test_what_all_submissions_share_is_made_once_for_each_key() -> None:
    """The second asker gets the first one's; another key, or another item, its own."""
    made: list[str] = []
    bench = bench_for("")

    def make() -> list[str]:
        made.append("made")
        return list(made)

    assert bench.once("a", make) is bench.once("a", make)
    assert bench.once(("a", 1), make) == ["made", "made"]
    assert bench_for("").once("a", make) == ["made"] * 3
