"""What checks found, turned into points.

Pure and exact: points are fractions until they are shown.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

from grader.model import CheckRecord, Status
from grader.rubric.model import CENT, Item, Row

MOST_PARTS = 1_000_000
"""A measure is taken for the nearest ratio of counts up to this: a float 0.95 for 19 of 20."""
SEVERITY = (
    Status.KILLED,
    Status.OUT_OF_MEMORY,
    Status.TIMED_OUT,
    Status.ERRORED,
    Status.FAILED,
    Status.PARTIAL,
)
"""Reasons for lost points, the one that tells most first."""


def row_points(item: Item) -> list[Fraction]:
    """What each row of the item is worth.

    Named points are taken as they are; otherwise the weights share the item's points in whole
    hundredths, none further than one from its exact share, so that the sum is exact.
    """
    named = [row.points for row in item.checks if row.points is not None]
    if len(named) == len(item.checks):
        return named
    total = sum((row.weight for row in item.checks), Fraction(0))
    # Cutting the running sums, not the shares, leaves no remainder to hand out.
    sums = accumulate((row.weight for row in item.checks), initial=Fraction(0))
    marks = [_cut(item.auto_points * part / total) for part in sums]
    marks[-1] = item.auto_points
    return [high - low for low, high in pairwise(marks)]


def score(value: float, worth: Fraction, row: Row) -> Fraction:
    """Points for a check's value.

    Args:
        value: What the check found; NaN counts as nothing.
        worth: What the row is worth.
        row: Its tiers, or whether it gives a share; else all or nothing.

    Returns:
        Between 0 and `worth`; a share is cut to hundredths.
    """
    if row.tiers:
        reached = [tier.points for tier in row.tiers if value >= tier.at_least]
        return max(reached, default=Fraction(0))
    if value >= 1:
        return worth
    if row.proportional and value > 0:
        return _cut(worth * Fraction(float(value)).limit_denominator(MOST_PARTS))
    return Fraction(0)


def item_status(item: Item, checks: Sequence[CheckRecord]) -> Status:
    """The item's status from its rows'.

    A fault of the grader shows before all else. Then: all points, some, or the reason that tells
    most of why there are none.
    """
    statuses = {check.status for check in checks}
    if Status.GRADER_FAULT in statuses:
        return Status.GRADER_FAULT
    given = sum((Fraction(str(check.score)) for check in checks), Fraction(0))
    if given >= item.auto_points:
        return Status.PASSED
    if given > 0:
        return Status.PARTIAL
    return next((status for status in SEVERITY if status in statuses), Status.FAILED)


def _cut(points: Fraction) -> Fraction:
    return points // CENT * CENT
