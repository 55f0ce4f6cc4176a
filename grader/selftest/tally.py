"""Count what was graded: a confusion table for each item, and how far from the tolerance."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from grader.selftest.play import Played


@dataclass(frozen=True)
class ItemTally:
    """One item's row of the table."""

    item: str
    right: int
    """Right solutions."""
    false_rejects: int
    wrong: int
    """Wrong solutions."""
    false_accepts: int
    right_margin: float | None
    """Geometric mean of the right solutions' margins; zeros are left out."""
    worst_right: float | None
    """The largest margin of a right solution; at 1 it would lose points."""
    wrong_margin: float | None
    """Geometric mean of the margins of the wrong solutions that a tolerance tells apart."""
    nearest_wrong: float | None
    """The smallest of those; at 1 it would be accepted."""


def tally(played: Iterable[Played]) -> list[ItemTally]:
    """A row for each item, in the order in which they come."""
    by_item: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        by_item[one.case.item].append(one)
    return [_row(item, by_item[item]) for item in sorted(by_item)]


def differing(played: Iterable[Played]) -> dict[tuple[str, str], dict[str, float]]:
    """(item, case) -> setting -> score, of the cases that scored differently somewhere."""
    scores: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for one in played:
        scores[one.case.item, one.case.name][one.setting] = one.score
    return {case: found for case, found in scores.items() if len(set(found.values())) > 1}


def _row(item: str, played: Sequence[Played]) -> ItemTally:
    right = [one for one in played if one.case.expected.right]
    wrong = [one for one in played if not one.case.expected.right]
    # A margin up to 1 of a wrong solution: something else than the tolerance noticed it.
    inner = [one.margin for one in right if one.margin]
    outer = [one.margin for one in wrong if one.margin is not None and one.margin > 1]
    return ItemTally(
        item=item,
        right=len(right),
        false_rejects=sum(not one.accepted for one in right),
        wrong=len(wrong),
        false_accepts=sum(one.false_accept for one in wrong),
        right_margin=geometric_mean(inner) if inner else None,
        worst_right=max(inner, default=None),
        wrong_margin=geometric_mean(outer) if outer else None,
        nearest_wrong=min(outer, default=None),
    )
