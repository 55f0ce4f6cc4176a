"""What checks found, turned into points: exact, bounded, never more for less."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import CheckRecord, Status
from grader.rubric import Criterion, Hand, Item, Row, Tier
from grader.rubric.model import CENT, Answer
from grader.scoring import SEVERITY, item_status, row_points, score

TIERS = tuple(
    Tier(at_least=at_least, points=Fraction(points))
    for at_least, points in ((0.95, 15), (0.80, 10), (0.50, 5))
)
TIERED = Row(title="x", use="y", tiers=TIERS)
PLAIN = Row(title="x", use="y")
SHARED = Row(title="x", use="y", proportional=True)
cents = st.integers(min_value=1, max_value=100_000).map(lambda number: Fraction(number, 100))
values = st.floats(allow_nan=True, allow_infinity=True)


def row(**options: Any) -> Row:
    return Row(title="x", use="y", **options)


def item(points: Fraction | float, *rows: Row, by_hand: Fraction | None = None) -> Item:
    hand = None
    if by_hand is not None:
        criteria = (Criterion(text="x", points=by_hand),)
        hand = Hand(criteria=criteria, answer=Answer(heading="1"))
    return Item(id="1", title="x", points=Fraction(points), checks=rows, hand=hand)


def record(status: Status, given: float = 0.0) -> CheckRecord:
    return CheckRecord(name="x", use="y", status=status, points=1.0, score=given)


@given(cents, st.lists(st.integers(min_value=1, max_value=1000), min_size=1, max_size=12))
def test_row_points_of_weights_sum_exactly(points: Fraction, weights: list[int]) -> None:
    """Shares are whole hundredths, sum to the item's points, and none is off by a hundredth."""
    total = sum(weights)
    shares = row_points(item(points, *(row(weight=Fraction(weight)) for weight in weights)))
    assert sum(shares) == points
    for share, weight in zip(shares, weights, strict=True):
        assert share % CENT == 0
        assert abs(share - points * weight / total) < CENT


@given(cents, st.integers(min_value=1, max_value=12))
def test_row_points_of_equal_weights_are_equal_to_a_hundredth(points: Fraction, rows: int) -> None:
    """No row of equal weight is a hundredth more than another's next."""
    shares = row_points(item(points, *[PLAIN] * rows))
    assert max(shares) - min(shares) <= CENT


def test_row_points_takes_named_points() -> None:
    """Points that rows name are theirs."""
    named = item(3, row(points=Fraction(1)), row(points=Fraction(2)))
    assert row_points(named) == [1, 2]


def test_row_points_shares_only_what_the_grader_gives() -> None:
    """What a person gives is not the rows'."""
    shared = item(6, row(weight=Fraction(1)), row(weight=Fraction(2)), by_hand=Fraction(3))
    assert row_points(shared) == [1, 2]


def test_row_points_of_no_rows_are_none() -> None:
    """An item for a person alone has no rows to share its points."""
    assert row_points(item(3, by_hand=Fraction(3))) == []


@pytest.mark.parametrize(
    ("value", "points"),
    [
        (1.0, 15),
        (0.95, 15),
        (190 / 200, 15),
        (19 / 20, 15),
        (math.nextafter(0.95, 0), 10),
        (189 / 200, 10),
        (0.8, 10),
        (160 / 200, 10),
        (159 / 200, 5),
        (0.5, 5),
        (math.nextafter(0.5, 0), 0),
        (0.0, 0),
        (-1.0, 0),
        (math.nan, 0),
        (math.inf, 15),
        (-math.inf, 0),
    ],
)
def test_score_by_tiers_is_exact_at_their_bounds(value: float, points: int) -> None:
    """A tier is reached at its bound and not one float below; NaN reaches none."""
    assert score(value, Fraction(15), TIERED) == points


@given(st.integers(min_value=1, max_value=1000), st.data())
def test_score_by_tiers_counts_as_a_person_would(played: int, data: st.DataObject) -> None:
    """Right of played, as a quotient of floats, never falls beside its tier."""
    right = data.draw(st.integers(min_value=0, max_value=played))
    exact = Fraction(right, played)
    expected = next(
        (
            points
            for bound, points in ((Fraction(19, 20), 15), (Fraction(4, 5), 10), (Fraction(1, 2), 5))
            if exact >= bound
        ),
        0,
    )
    assert score(right / played, Fraction(15), TIERED) == expected


@pytest.mark.parametrize(
    ("value", "points"),
    [(1, 2), (1.0, 2), (math.nextafter(1, 0), 0), (0.5, 0), (0, 0), (math.nan, 0), (math.inf, 2)],
)
def test_score_is_all_or_nothing_by_default(value: float, points: int) -> None:
    """Without tiers and shares, only the whole promise gives points."""
    assert score(value, Fraction(2), PLAIN) == points


@pytest.mark.parametrize(
    ("value", "worth", "points"),
    [
        (0.95, 2, "1.9"),
        (2 / 3, 3, "2"),
        (1 / 3, 3, "1"),
        (1 / 3, 1, "0.33"),
        (2 / 3, 1, "0.66"),
        (0.999, 1, "0.99"),
        (0.001, 1, "0"),
        (0.29, 1, "0.29"),
        (1e-300, 1, "0"),
        (-0.5, 1, "0"),
        (math.nan, 1, "0"),
        (math.inf, 1, "1"),
    ],
)
def test_score_in_proportion_has_no_binary_rounding(value: float, worth: int, points: str) -> None:
    """A share is that of the ratio that the float stands for, cut to hundredths."""
    assert score(value, Fraction(worth), SHARED) == Fraction(points)


@given(values, cents, st.sampled_from([PLAIN, SHARED]))
def test_score_is_between_nothing_and_all(value: float, worth: Fraction, by: Row) -> None:
    """Whatever a check finds, a row gives at most what it is worth, in whole hundredths."""
    points = score(value, worth, by)
    assert 0 <= points <= worth
    assert points % CENT == 0


@given(values, values, st.sampled_from([PLAIN, SHARED, TIERED]))
def test_score_never_gives_more_for_less(one: float, other: float, by: Row) -> None:
    """A better measure never loses points."""
    if one <= other:
        assert score(one, Fraction(15), by) <= score(other, Fraction(15), by)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_score_takes_numpy_numbers(kind: type[Any]) -> None:
    """A measure that NumPy computed counts like any other."""
    assert score(kind(0.5), Fraction(3), SHARED) == Fraction("1.5")


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        pytest.param([record(Status.PASSED, 3)], Status.PASSED, id="all"),
        pytest.param(
            [record(Status.PASSED, 0.1), record(Status.PASSED, 2.9)], Status.PASSED, id="sum"
        ),
        pytest.param([record(Status.PARTIAL, 1)], Status.PARTIAL, id="some"),
        pytest.param(
            [record(Status.PASSED, 1), record(Status.KILLED)], Status.PARTIAL, id="some, then died"
        ),
        pytest.param([record(Status.FAILED)], Status.FAILED, id="nothing"),
        pytest.param([record(Status.PASSED)], Status.FAILED, id="passed for no points"),
        pytest.param(
            [record(Status.FAILED), record(Status.TIMED_OUT)], Status.TIMED_OUT, id="time"
        ),
        pytest.param(
            [record(Status.ERRORED), record(Status.OUT_OF_MEMORY)],
            Status.OUT_OF_MEMORY,
            id="memory",
        ),
        pytest.param(
            [record(Status.PASSED, 3), record(Status.GRADER_FAULT)], Status.GRADER_FAULT, id="ours"
        ),
    ],
)
def test_item_status_tells_the_reason_for_lost_points(
    checks: list[CheckRecord], status: Status
) -> None:
    """All, some, or the most telling reason for none; a fault of ours before all."""
    assert item_status(item(3, PLAIN), checks) is status


@pytest.mark.parametrize("at", range(len(SEVERITY) - 1))
def test_item_status_prefers_the_more_severe(at: int) -> None:
    """Of two reasons the one that tells more shows, in either order."""
    pair = [record(SEVERITY[at]), record(SEVERITY[at + 1])]
    assert item_status(item(3, PLAIN), pair) is SEVERITY[at]
    assert item_status(item(3, PLAIN), pair[::-1]) is SEVERITY[at]


def test_item_status_of_shares_that_floats_hold_is_passed() -> None:
    """Ten tenths kept as floats are all of one point."""
    assert item_status(item(1, PLAIN), [record(Status.PASSED, 0.1)] * 10) is Status.PASSED


@given(cents, st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=8))
def test_full_rows_make_a_full_item(points: Fraction, weights: list[int]) -> None:
    """Who gets every row's points, as the record keeps them, has passed the item."""
    whole = item(points, *(row(weight=Fraction(weight)) for weight in weights))
    checks = [record(Status.PASSED, float(share)) for share in row_points(whole)]
    assert item_status(whole, checks) is Status.PASSED
