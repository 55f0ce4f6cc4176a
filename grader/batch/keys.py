"""Names for all that an item's points depend on: the same name, the same points."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from grader.model import Environment
from grader.options import Options
from grader.rubric import Item, Rubric


@dataclass(frozen=True)
class Terms:
    """By what a run grades."""

    rubric: Rubric
    items: tuple[Item, ...]
    """Of the rubric, in its order; every record is made of these."""
    environment: Environment
    """In which items are graded now."""
    options: Options


def item_key(terms: Terms, item: Item) -> str:
    """A hash of the item's rubric and of what it is graded with, its baseline aside.

    Threads and the kind of memory limit are left out: they move no points, and a run may go on on
    another machine.
    """
    environment = terms.environment
    names = {*item.requires, *item.optional}
    aliases = terms.options.aliases
    return _hash(
        {
            "assignment": terms.rubric.assignment,
            "item": item.sha256,
            "aliases": {name: own for name, own in aliases.items() if name in names},
            "practice": terms.options.practice,
            "grader": environment.grader_version,
            # The third number of Python mends faults; the packages compute.
            "python": environment.python.rpartition(".")[0],
            "packages": dict(environment.packages),
            "sandbox": environment.sandbox,
            "device": environment.device,
            "seed": environment.seed,
        }
    )


def record_key(terms: Terms, items: Mapping[str, tuple[str, str]]) -> str:
    """A hash of what a whole record is made of.

    Args:
        terms: The rubric's titles and points are part of a record.
        items: Item id to the key and the baseline of its kept record; both empty where there is
            none, so that a record with a fault of ours is never taken for a whole one.
    """
    return _hash(
        {
            "rubric": terms.rubric.sha256,
            "aliases": dict(terms.options.aliases),
            "items": {name: list(key) for name, key in items.items()},
        }
    )


def differences(one: Environment, other: Environment) -> list[str]:
    """In which ways points could differ between two environments."""
    names = ("grader_version", "packages", "sandbox", "device", "seed")
    found = [
        f"{name.replace('_', ' ')}: {getattr(one, name)} and {getattr(other, name)}"
        for name in names
        if getattr(one, name) != getattr(other, name)
    ]
    if one.python.split(".")[:2] != other.python.split(".")[:2]:
        found.append(f"python: {one.python} and {other.python}")
    return found


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
