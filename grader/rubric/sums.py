"""Whether a rubric's numbers fit together: totals, rows, tiers."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter, ValidationError

from grader.rubric.model import CENT, Item, Points, Row
from grader.rubric.source import Fault, Place, Source

_POINTS: TypeAdapter[Fraction] = TypeAdapter(Points)


def rubric_faults(source: Source) -> Iterator[Fault]:
    """Faults of the items together, judged as far as their points and ids can be read."""
    raw = source.value.get("items") if isinstance(source.value, dict) else None
    items = (
        [item if isinstance(item, dict) else {} for item in raw] if isinstance(raw, list) else []
    )
    written = [_points(item.get("points")) for item in items]
    total = _points(source.value.get("total")) if items else None
    worth = sum((points for points in written if points is not None), Fraction(0))
    if total is not None and None not in written and worth != total:
        text = f"must be the sum of the items' points, {_text(worth)}, got {_text(total)}"
        yield source.fault(("total",), text)
    names = [item.get("id") for item in items]
    for name, count in Counter(name for name in names if isinstance(name, str)).items():
        if count > 1:
            places = [at for at, other in enumerate(names) if other == name]
            for at in places[1:]:
                first = source.lines[("items", places[0], "id")]
                text = f"must be of one item, got {name!r} in line {first} too"
                yield source.fault(("items", at, "id"), text)


def item_faults(item: Item, source: Source, place: Place) -> Iterator[Fault]:
    """Faults of what an item's points are given for."""
    if item.hand_points > item.points:
        text = (
            f"must be worth at most the item's {_text(item.points)} points, got "
            f"{_text(item.hand_points)}"
        )
        yield source.fault((*place, "hand", "criteria"), text)
    elif item.auto_points and not item.checks:
        text = f"must say how {_text(item.auto_points)} points are earned; add checks or criteria"
        yield source.fault((*place, "checks"), text)
    elif item.checks and not item.auto_points:
        text = "must be worth something, got an item whose points are all given by hand"
        yield source.fault((*place, "checks"), text)
    if item.checks and not item.requires:
        yield source.fault((*place, "requires"), "must name what the checks call")


def row_faults(item: Item, source: Source, place: Place) -> Iterator[Fault]:
    """Faults of how an item's rows share its points."""
    named = [row.points for row in item.checks if row.points is not None]
    worth = sum(named, Fraction(0))
    if not item.checks or item.auto_points <= 0:
        return
    if named and len(named) < len(item.checks):
        yield source.fault((*place, "checks"), "must name points in every row or in none")
        return
    if named and worth != item.auto_points:
        text = f"must be worth {_text(item.auto_points)} points together, got {_text(worth)}"
        yield source.fault((*place, "checks"), text)
    weights = sum((row.weight for row in item.checks), Fraction(0))
    for number, row in enumerate(item.checks):
        here = (*place, "checks", number)
        share = item.auto_points * row.weight / weights
        if not named and share < CENT:
            text = f"must give the row 0.01 points at least, got {float(share):.3g}"
            yield source.fault((*here, "weight"), text)
        # What weights share is cut to hundredths, so tiers need points that are named.
        alone = item.auto_points if len(item.checks) == 1 else None
        yield from _tier_faults(row, row.points or alone, source, (*here, "tiers"))


def _tier_faults(row: Row, worth: Fraction | None, source: Source, place: Place) -> Iterator[Fault]:
    if not row.tiers:
        return
    for part in ("at_least", "points"):
        steps = [getattr(tier, part) for tier in row.tiers]
        if any(low >= high for high, low in pairwise(steps)):
            yield source.fault(place, f"must descend from tier to tier in {part}")
    if worth is None:
        yield source.fault(place, "must stand in a row with points of its own; add `points:`")
    elif max(tier.points for tier in row.tiers) != worth:
        best = _text(max(tier.points for tier in row.tiers))
        text = f"must give the row's {_text(worth)} points at best, got {best}"
        yield source.fault(place, text)


def _points(value: Any) -> Fraction | None:
    try:
        return _POINTS.validate_python(value)
    except ValidationError:
        return None


def _text(points: Fraction) -> str:
    return f"{float(points):g}"
