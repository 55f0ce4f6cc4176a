"""Read a rubric and find every fault of it at once."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from grader.assets import asset
from grader.checks.interface import CheckSpec
from grader.errors import RubricError
from grader.rubric.model import Item, Row, Rubric
from grader.rubric.source import Place, Source, read_source

EMBEDDED = "rubrics/ps1.yaml"


def load_rubric(path: Path | None = None) -> Rubric:
    """The rubric at `path`, or the embedded one.

    Raises:
        RubricError: it has faults; all of them are named, with file, line and key.
    """
    source = read_source(path or asset(EMBEDDED))
    faults = list(source.faults)
    rubric: Rubric | None = None
    try:
        rubric = Rubric.model_validate(source.value)
    except ValidationError as exc:
        faults += [
            source.fault(_place(error["loc"], source), _told(error)) for error in exc.errors()
        ]
    faults += _unknown_checks(source)
    if rubric is not None:
        faults += _sums(rubric, source)
    if faults:
        raise RubricError(sorted(set(faults), key=_line))
    assert rubric is not None  # noqa: S101 - no faults, so it was built
    items = tuple(
        item.model_copy(update={"defaults_": rubric.defaults}) for item in rubric.items
    )
    return rubric.model_copy(update={"items": items})


def registered_checks() -> Mapping[str, CheckSpec]:
    """Every check by name."""
    import grader.checks  # noqa: F401, PLC0415 - registers them; slow, so only when asked
    from grader.checks.interface import CHECKS  # noqa: PLC0415

    return CHECKS


def _line(fault: str) -> tuple[int, str]:
    return int(fault.split(": ", 1)[0].rpartition(":")[2]), fault


def _place(location: tuple[int | str, ...], source: Source) -> Place:
    """Where pydantic's location is in the file; it adds steps that no key stands for."""
    place: Place = ()
    for step in location:
        if (*place, step) in source.lines or step == location[-1]:
            place = (*place, step)
    return place


def _told(error: Mapping[str, Any]) -> str:
    got = error.get("input")
    match error["type"]:
        case "missing":
            return "must be given, is missing"
        case "extra_forbidden":
            return "is no key of a rubric; remove it, or see `grader rubric schema`"
        case _:
            shown = f", got {str(got)[:60]!r}" if isinstance(got, str | int | float) else ""
            text = str(error["msg"]).removeprefix("Value error, ")
            return f"{text[0].lower()}{text[1:]}{shown}"


def _unknown_checks(source: Source) -> Iterator[str]:
    """Faults of the rows' names and parameters, found even where the rest is broken."""
    checks = registered_checks()
    for at, row, number in _raw_rows(source.value):
        place: Place = ("items", at, "checks", number)
        name = row.get("use")
        spec = checks.get(name) if isinstance(name, str) else None
        if isinstance(name, str) and spec is None:
            near = difflib.get_close_matches(name, checks, 1)
            guess = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(checks)}"
            yield source.fault((*place, "use"), f"no check is called {name!r}{guess}")
        if spec is None:
            continue
        for key in ("with", "practice"):
            given = row.get(key, {})
            if isinstance(given, dict):
                merged = given if key == "with" else {**(row.get("with") or {}), **given}
                yield from _parameter_faults(spec.params, merged, spec.name, source, (*place, key))


def _raw_rows(value: Any) -> Iterator[tuple[int, dict[str, Any], int]]:
    items = value.get("items") if isinstance(value, dict) else None
    for at, item in enumerate(items if isinstance(items, list) else ()):
        rows = item.get("checks") if isinstance(item, dict) else None
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict):
                yield at, row, number


def _parameter_faults(
    params: type[BaseModel], given: Mapping[str, Any], name: str, source: Source, place: Place
) -> Iterator[str]:
    try:
        params.model_validate(given)
    except ValidationError as exc:
        for error in exc.errors():
            text = _told(error)
            if error["type"] == "extra_forbidden":
                text = f"is no parameter of {name}; it takes {', '.join(params.model_fields)}"
            yield source.fault((*place, *error["loc"]), text)


def _sums(rubric: Rubric, source: Source) -> Iterator[str]:
    total = sum((item.points for item in rubric.items), Fraction(0))
    if total != rubric.total:
        yield source.fault(
            ("total",), f"must be the sum of the items' points, {_text(total)}, got "
            f"{_text(rubric.total)}"
        )
    for name, count in Counter(item.id for item in rubric.items).items():
        if count > 1:
            last = max(at for at, item in enumerate(rubric.items) if item.id == name)
            yield source.fault(("items", last, "id"), f"must be of one item, {name!r} is of {count}")
    for at, item in enumerate(rubric.items):
        yield from _item_faults(item, source, ("items", at))


def _item_faults(item: Item, source: Source, place: Place) -> Iterator[str]:
    if item.hand_points > item.points:
        yield source.fault(
            (*place, "hand", "criteria"),
            f"must be worth at most the item's {_text(item.points)} points, got "
            f"{_text(item.hand_points)}",
        )
        return
    if item.auto_points > 0 and not item.checks:
        yield source.fault(
            (*place, "checks"),
            f"must say how {_text(item.auto_points)} points are earned; add checks or criteria",
        )
    if item.checks and not item.auto_points:
        yield source.fault((*place, "checks"), "are worth nothing: all points are given by hand")
    if item.checks and not item.requires:
        yield source.fault((*place, "requires"), "must name what the checks call")
    named = [row.points for row in item.checks if row.points is not None]
    if named and len(named) < len(item.checks):
        yield source.fault((*place, "checks"), "must name points in every row or in none")
    elif named and sum(named, Fraction(0)) != item.auto_points:
        yield source.fault(
            (*place, "checks"),
            f"must be worth {_text(item.auto_points)} points together, got "
            f"{_text(sum(named, Fraction(0)))}",
        )
    for number, row in enumerate(item.checks):
        worth = row.points if row.points is not None else item.auto_points
        yield from _tier_faults(row, worth, source, (*place, "checks", number, "tiers"))


def _tier_faults(row: Row, worth: Fraction, source: Source, place: Place) -> Iterator[str]:
    steps = [(tier.at_least, tier.points) for tier in row.tiers]
    if steps != sorted(steps, reverse=True):
        yield source.fault(place, "must descend, in at_least and in points")
    if steps and steps[0][1] > worth:
        yield source.fault(
            place, f"must give at most the row's {_text(worth)} points, got {_text(steps[0][1])}"
        )


def _text(points: Fraction) -> str:
    return f"{float(points):g}"
