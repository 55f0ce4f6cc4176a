"""Read a rubric and find every fault of it at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from grader.assets import asset
from grader.checks import CHECKS, CheckSpec
from grader.rubric.model import (
    Answer,
    Comment,
    Criterion,
    Hand,
    Item,
    ItemLimits,
    Row,
    Rubric,
    Tier,
)
from grader.rubric.source import Fault, Place, Source, read_source
from grader.rubric.sums import item_faults, row_faults, rubric_faults
from grader.rubric.wording import did_you_mean, told

EMBEDDED = "rubrics/ps1.yaml"
_PARTS: Mapping[str, type[BaseModel]] = {
    "items": Item,
    "checks": Row,
    "tiers": Tier,
    "limits": ItemLimits,
    "defaults": ItemLimits,
    "hand": Hand,
    "answer": Answer,
    "criteria": Criterion,
    "comments": Comment,
}
"""Key -> what stands under it, or what each entry of its list is."""

M = TypeVar("M", bound=BaseModel)


def load_rubric(path: Path | None = None) -> Rubric:
    """The rubric at `path`, or the embedded one.

    Raises:
        RubricError: it has faults; all of them are named, with file, line and key.
    """
    source = read_source(path or asset(EMBEDDED))
    faults = list(source.faults)
    try:
        rubric = _validated(Rubric, source.value)
    except ValidationError as exc:
        faults += [_fault(error, (), source) for error in exc.errors()]
        rubric = None
    faults += rubric_faults(source)
    # An item that is right by itself is added up even where the next one is broken.
    for at, raw in _entries(source.value, "items"):
        place: Place = ("items", at)
        for number, row in _entries(raw, "checks"):
            faults += _check_faults(row, raw, source, (*place, "checks", number))
        try:
            item = _validated(Item, raw)
        except ValidationError:
            continue
        faults += item_faults(item, source, place)
        faults += row_faults(item, source, place)
    if faults or rubric is None:
        raise source.error(faults)
    items = tuple(item.with_defaults(rubric.defaults) for item in rubric.items)
    return rubric.model_copy(update={"items": items})


def _validated(model: type[M], value: Any) -> M:
    """`value` by JSON's rules: a list is a tuple, but text is no number and a number no text."""
    return model.model_validate_json(to_json(value, inf_nan_mode="constants"), strict=True)


def _entries(value: Any, key: str) -> Iterator[tuple[int, Any]]:
    """The entries of a list in something that may be broken."""
    entries = value.get(key) if isinstance(value, dict) else None
    yield from enumerate(entries if isinstance(entries, list) else ())


def _fault(
    error: Mapping[str, Any], place: Place, source: Source, known: Mapping[str, Any] | None = None
) -> Fault:
    """A fault from pydantic's account of it.

    Args:
        error: the account.
        place: of what was validated.
        source: the file.
        known: the keys that may stand there; by the rubric's own structure where None.
    """
    here: Place = (*place, *error["loc"])
    return source.fault(here, told(error, _keys_at(here[:-1]) if known is None else known))


def _keys_at(place: Place) -> Mapping[str, Any]:
    named = [step for step in place if isinstance(step, str)]
    part = _PARTS.get(named[-1], Rubric) if named else Rubric
    return {info.alias or name: info for name, info in part.model_fields.items()}


def _check_faults(row: Any, item: Any, source: Source, place: Place) -> Iterator[Fault]:
    """Faults of a row's check and its parameters, found even where the rest is broken."""
    name = row.get("use") if isinstance(row, dict) else None
    if not isinstance(name, str):
        return
    spec = CHECKS.get(name)
    if spec is None:
        text = f"must be the name of a check, got {name!r}; {did_you_mean(name, CHECKS)}"
        yield source.fault((*place, "use"), text)
        return
    given = row.get("with", {})
    if not isinstance(given, dict):
        return
    faults = list(_parameter_faults(spec, given, source, (*place, "with")))
    yield from faults
    if faults:
        return
    yield from _call_faults(spec, given, item, source, place)
    changed = row.get("practice", {})
    if isinstance(changed, dict):
        merged = {**given, **changed}
        yield from _parameter_faults(spec, merged, source, (*place, "practice"))


def _parameter_faults(
    spec: CheckSpec, given: Mapping[str, Any], source: Source, place: Place
) -> Iterator[Fault]:
    try:
        _validated(spec.params, given)
    except ValidationError as exc:
        for error in exc.errors():
            yield _fault(error, place, source, spec.params.model_fields)


def _call_faults(
    spec: CheckSpec, given: Mapping[str, Any], item: Any, source: Source, place: Place
) -> Iterator[Fault]:
    """What the check calls must be taken out of the submission for the item."""
    named: set[str] = set()
    for key in ("requires", "optional"):
        named |= {name for _, name in _entries(item, key) if isinstance(name, str)}
    if not named:
        return  # that nothing is named is told of the item
    parameters = _validated(spec.params, given).model_dump()
    for call in (pattern.format(**parameters) for pattern in spec.calls):
        if call not in named:
            where = (*place[:2], "requires")
            yield source.fault(where, f"must name {call}, which {spec.name} calls")
