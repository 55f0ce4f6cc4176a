"""Curtailment never changes a decision, and the interval is the exact one."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binomtest

from grader.checks.rounds import Rule, Tally

TIERS = (0.5, 0.8, 0.95)
games = st.lists(st.booleans(), min_size=1, max_size=60)
bars = st.lists(st.floats(0, 1), min_size=1, max_size=4)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule of a short game, extended or not."""
    draws = draw(st.integers(1, 30))
    longer = draw(st.none() | st.integers(draws + 1, 60))
    return Rule(draws, draw(bars), longer, draw(st.booleans()))


def reached(value: float, rule: Rule) -> int:
    return sum(value >= bar for bar in rule.bars)


def outright(rule: Rule, game: list[bool]) -> int:
    """The bars reached by the game in full, as the definition says, and never curtailed."""
    right = sum(game[: rule.draws])
    rounds = rule.draws
    if rule.extend_to is not None:
        ends = binomtest(right, rule.draws).proportion_ci(0.95, method="exact")
        if any(ends.low < bar < ends.high for bar in rule.bars):
            right, rounds = sum(game[: rule.extend_to]), rule.extend_to
    if not rule.benefit_of_doubt:
        return reached(right / rounds, rule)
    return reached(binomtest(right, rounds).proportion_ci(0.95, method="exact").high, rule)


def played_until_decided(rule: Rule, game: list[bool]) -> Tally:
    tally = Tally(rule.draws)
    for right in game:
        if rule.decided(tally):
            break
        if tally.played == tally.draws:
            assert rule.extend_to is not None
            tally = replace(tally, draws=rule.extend_to)
        tally = tally.after(right=right)
    return tally


@given(rules(), st.lists(st.booleans(), min_size=60, max_size=60))
def test_a_curtailed_game_is_decided_as_the_full_one(rule: Rule, game: list[bool]) -> None:
    """The tier by the rounds played is the tier by all of them, whatever the rule."""
    tally = played_until_decided(rule, game)
    assert rule.decided(tally)
    assert reached(rule.final(tally), rule) == outright(rule, game)
    if tally.draws == rule.draws:
        assert reached(rule.value(tally.right, rule.draws), rule) == outright(rule, game)


@given(games, bars)
def test_no_game_goes_on_for_nothing(game: list[bool], thresholds: list[float]) -> None:
    """Before the last round played, the rest could still have changed the tier."""
    rule = Rule(len(game), thresholds)
    tally = played_until_decided(rule, game)
    assert rule.decided(tally)
    if tally.played:
        right = sum(game[: tally.played - 1])
        left = len(game) - tally.played + 1
        worst, best = right / len(game), (right + left) / len(game)
        assert reached(worst, rule) != reached(best, rule)


@pytest.mark.parametrize(
    ("right", "close"),
    [(197, False), (196, True), (184, True), (183, False), (172, False), (171, True), (60, False)],
)
def test_a_game_is_close_where_the_interval_holds_a_bar(right: int, *, close: bool) -> None:
    """Of 200 rounds with the assignment's bars; the interval of 196 starts at 94.96 %."""
    assert Rule(200, TIERS, 1000).close(right) is close
    assert not Rule(200, TIERS).close(right)


def test_clear_games_are_not_extended() -> None:
    """All right, or a few right, are 200 rounds at most; a close one is played on."""
    rule = Rule(200, TIERS, 1000)
    assert played_until_decided(rule, [True] * 1000).played == 197
    assert played_until_decided(rule, ([False] * 7 + [True] * 3) * 100).played <= 200
    # The 950th right one decides for 15 points, 51 wrong and 800 right ones for 10.
    assert played_until_decided(rule, ([True] * 19 + [False]) * 50).played == 999
    assert played_until_decided(rule, ([False] + [True] * 13) * 72).played == 862


@pytest.mark.parametrize(
    ("right", "rounds", "upper"),
    [
        (0, 200, 1 - 0.025 ** (1 / 200)),  # (1 - p)^200 = 2.5 %
        (1, 1, 1.0),
        (183, 200, 0.949704),  # by SciPy's binomtest
        (184, 200, 0.953582),
    ],
)
def test_the_benefit_of_doubt_is_the_upper_end(right: int, rounds: int, upper: float) -> None:
    """184 of 200 are enough for 95 % then, and 183 are not."""
    rule = Rule(200, TIERS, benefit_of_doubt=True)
    assert rule.value(right, rounds) == pytest.approx(upper, abs=1e-5)


def test_an_empty_game_has_a_value() -> None:
    """A bar of 0 is reached without a round."""
    rule = Rule(5, [0.0])
    assert rule.decided(Tally(5))
    assert rule.final(Tally(5)) == 0


def test_a_game_with_all_rounds_right_is_not_close_to_a_bar_of_all() -> None:
    """The end of the interval is the bar then, which more rounds can't bring nearer."""
    assert not Rule(200, (1.0,), 1000).close(200)
    assert Rule(200, (1.0,), 1000).close(199) is False


def test_rounds_that_were_not_played_count_as_the_others_or_as_wrong() -> None:
    """A decided game keeps its share; one that could not go on loses what is missing."""
    rule = Rule(5, [0.5])
    assert rule.final(Tally(5, right=1)) == 1.0
    assert rule.final(Tally(5, right=3, wrong=1)) == 0.75
    assert rule.final(Tally(5, right=3, wrong=1), lost=True) == 0.6


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
    assert played_until_decided(Rule(200, TIERS), game).played == played


@given(st.integers(0, 60), st.integers(0, 60))
@example(1, 59)
@example(59, 1)
def test_interval_is_clopper_pearsons(right: int, wrong: int) -> None:
    """As SciPy computes it by inverting the binomial test."""
    tally = Tally(200, right, wrong)
    if not tally.played:
        assert tally.interval() == (0.0, 1.0)
        return
    expected = binomtest(right, tally.played).proportion_ci(0.95, method="exact")
    assert tally.interval() == pytest.approx((expected.low, expected.high), abs=1e-9)
