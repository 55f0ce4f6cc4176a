"""What checks found, turned into points. Pure and exact: points are fractions until they are shown."""

from collections.abc import Sequence
from fractions import Fraction

from grader.model import CheckRecord, Status
from grader.rubric.model import Item, Row

CENT = Fraction(1, 100)
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

    Named points are taken as they are; otherwise the weights share the item's points, each share
    cut to a hundredth and the last row taking what is left, so that the sum is exact.
    """
    if all(row.points is not None for row in item.checks):
        return [row.points or Fraction(0) for row in item.checks]
    total = sum((row.weight for row in item.checks), Fraction(0))
    shares = [_cut(item.auto_points * row.weight / total) for row in item.checks[:-1]]
    return [*shares, item.auto_points - sum(shares, Fraction(0))]


def score(value: float, worth: Fraction, row: Row) -> Fraction:
    """Points for a check's value.

    Args:
        value: What the check found; NaN counts as nothing.
        worth: What the row is worth.
        row: Its tiers, or whether it gives a share; else all or nothing.
    """
    if row.tiers:
        reached = [tier.points for tier in row.tiers if value >= tier.at_least]
        return max(reached, default=Fraction(0))
    if value >= 1:
        return worth
    if row.proportional and value > 0:
        return _cut(worth * Fraction(value))
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
