"""Curtailment never changes a decision, and the interval is the exact one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from grader.checks.rounds import Tally

games = st.lists(st.booleans(), min_size=1, max_size=60)
bars = st.lists(st.floats(0, 1), min_size=1, max_size=4)


def reached(value: float, thresholds: list[float]) -> int:
    return sum(value >= bar for bar in thresholds)


def played_until_decided(game: list[bool], thresholds: list[float]) -> Tally:
    tally = Tally(len(game))
    for right in game:
        if tally.decided(thresholds):
            break
        tally = tally.after(right=right)
    return tally


@given(games, bars)
def test_a_curtailed_game_is_decided_as_the_full_one(
    game: list[bool], thresholds: list[float]
) -> None:
    """The tier by the rounds played is the tier by all of them."""
    tally = played_until_decided(game, thresholds)
    full = sum(game) / len(game)
    assert reached(tally.lowest, thresholds) == reached(full, thresholds)
    if tally.played:
        assert reached(tally.right / tally.played, thresholds) == reached(full, thresholds)


@given(games, bars)
def test_no_game_goes_on_for_nothing(game: list[bool], thresholds: list[float]) -> None:
    """Before the last round played, the rest could still have changed the tier."""
    tally = played_until_decided(game, thresholds)
    assert tally.decided(thresholds)
    if tally.played:
        before = Tally(len(game))
        for right in game[: tally.played - 1]:
            before = before.after(right=right)
        left = len(game) - before.played
        worst, best = before.right / len(game), (before.right + left) / len(game)
        assert reached(worst, thresholds) != reached(best, thresholds)


@pytest.mark.parametrize(
    ("game", "played"),
    [
        ([True] * 200, 190),  # 95 % are there, the rest may be lost
        ([False] * 200, 101),  # half of them can't be reached any more
        ([False] * 11 + [True] * 189, 171),  # 95 % are lost at once, 80 % are sure after 160
    ],
)
def test_the_assignments_tiers_need_so_many_rounds(game: list[bool], played: int) -> None:
    """200 rounds with bars at 95, 80 and 50 %."""
    assert played_until_decided(game, [0.5, 0.8, 0.95]).played == played


@given(st.integers(0, 60), st.integers(0, 60))
def test_interval_is_clopper_pearsons(right: int, wrong: int) -> None:
    """As SciPy computes it by inverting the binomial test."""
    tally = Tally(200, right, wrong)
    if not tally.played:
        assert tally.interval() == (0.0, 1.0)
        return
    expected = binomtest(right, tally.played).proportion_ci(0.95, method="exact")
    assert tally.interval() == pytest.approx((expected.low, expected.high), abs=1e-9)
