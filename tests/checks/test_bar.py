"""The chance to pass is exact: by hand, by simulation of real games, and as the document says."""

from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.bar import expected_rounds, needed, pass_probability
from grader.checks.rounds import Rule
from tests.checks.bar_games import play

TIERS = (0.5, 0.8, 0.95)
ASSIGNMENT = {
    "point": Rule(200, TIERS),
    "doubt": Rule(200, TIERS, benefit_of_doubt=True),
    "extended": Rule(200, TIERS, 1000),
    "both": Rule(200, TIERS, 1000, benefit_of_doubt=True),
}


@pytest.mark.parametrize(
    ("rule", "p", "expected"),
    [
        (Rule(2, [0.5]), 0.3, 1 - 0.7**2),
        (Rule(3, [1.0]), 0.9, 0.9**3),
        (Rule(10, [0.5]), 0.5, 638 / 1024),  # 5 of 10 or more
        # 2 of 10 have an upper end of 55.6 %, 1 of 10 one of 44.5 %.
        (Rule(10, [0.5], benefit_of_doubt=True), 0.5, 1013 / 1024),
        # 9 and 10 pass and 0 and 1 fail at once; else 6 of 12 are needed:
        # 6, 7, 8 have them, 5 need one more of two, 4 need both.
        (Rule(10, [0.5], 12), 0.5, (11 + 375 + 252 * 3 / 4 + 210 / 4) / 1024),
        (ASSIGNMENT["point"], 1.0, 1.0),
        (ASSIGNMENT["extended"], 1.0, 1.0),
        (ASSIGNMENT["extended"], 0.0, 0.0),
    ],
)
def test_the_chance_is_that_by_hand(rule: Rule, p: float, expected: float) -> None:
    """Sums of binomial coefficients."""
    assert pass_probability(rule, rule.bars[-1], p) == pytest.approx(expected, abs=1e-12)


def test_a_point_estimate_is_a_binomial_tail() -> None:
    """At least 190 of 200, in integers: 93 of 100 each time."""
    exact = sum(comb(200, k) * 93**k * 7 ** (200 - k) for k in range(190, 201)) / 100**200
    assert pass_probability(ASSIGNMENT["point"], 0.95, 0.93) == pytest.approx(exact, rel=1e-9)
    assert exact == pytest.approx(0.166, abs=5e-4)


@pytest.mark.parametrize("p", [0.7, 0.76, 0.8, 0.85, 0.94])
@pytest.mark.parametrize(
    "rule",
    [
        Rule(30, (0.5, 0.8)),
        Rule(30, (0.5, 0.8), benefit_of_doubt=True),
        Rule(30, (0.5, 0.8), 90),
        Rule(30, (0.5, 0.8), 90, benefit_of_doubt=True),
    ],
    ids=ASSIGNMENT,
)
def test_real_games_are_won_as_often(rule: Rule, p: float) -> None:
    """Within four standard errors of the share of 600 games."""
    rng, games = np.random.default_rng(int(1000 * p)), 600
    won = sum(play(rule, p, rng) >= 0.8 for _ in range(games))
    expected = pass_probability(rule, 0.8, p)
    error = sqrt(expected * (1 - expected) / games)
    assert abs(won / games - expected) <= 4 * error + 1 / games


@pytest.mark.parametrize("p", [0.93, 0.96])
def test_games_of_the_assignment_are_won_as_often(p: float) -> None:
    """200 rounds, or 1000."""
    rng, games = np.random.default_rng(int(100 * p)), 120
    won = sum(play(ASSIGNMENT["extended"], p, rng) >= 0.95 for _ in range(games))
    expected = pass_probability(ASSIGNMENT["extended"], 0.95, p)
    error = sqrt(expected * (1 - expected) / games)
    assert abs(won / games - expected) <= 4 * error + 1 / games


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_who_is_right_more_often_passes_no_less(p: int, q: int) -> None:
    """Under every rule."""
    low, high = sorted((p / 1000, q / 1000))
    for rule in ASSIGNMENT.values():
        assert pass_probability(rule, 0.95, low) <= pass_probability(rule, 0.95, high) + 1e-9


def test_so_many_right_rounds_are_needed() -> None:
    """95 % of them, or as many as leave 95 % possible."""
    assert [needed(ASSIGNMENT["point"], 0.95, rounds) for rounds in (200, 1000)] == [190, 950]
    assert [needed(ASSIGNMENT["doubt"], 0.95, rounds) for rounds in (200, 1000)] == [184, 936]
    assert needed(Rule(10, [2.0]), 2.0, 10) == 11
    assert needed(Rule(10, [0.0]), 0.0, 10) == 0


def test_few_games_are_long() -> None:
    """Those of solvers that are nearly always right, or hardly ever, end after 200 rounds."""
    for p, rounds in ((0.3, 201), (0.9956, 211), (1.0, 200)):
        assert 200 <= expected_rounds(ASSIGNMENT["extended"], p) <= rounds
    assert expected_rounds(ASSIGNMENT["point"], 0.95) == 200


def test_the_rounds_of_a_short_game_are_those_by_hand() -> None:
    """7 to 10 of 10 leave 0.9 within the interval, and two rounds follow."""
    close = sum(comb(10, right) * 9**right for right in (7, 8, 9, 10)) / 10**10
    assert expected_rounds(Rule(10, [0.9], 12), 0.9) == pytest.approx(10 + 2 * close)
