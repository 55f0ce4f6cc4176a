"""Families of solutions of an item, right and wrong, as YAML says them.

A family is a file `<anything>.yaml`:

    item: "2.1a"
    prelude: |            # stands before every source
      import numpy as np
    right:
      closed form: |      # a source, or an edit of one
        def grad_U(X, U, V):
            return (U @ V - X) @ V.T
    wrong:
      sign: {of: closed form, edit: [["U @ V - X", "X - U @ V"]]}
      lost at rank 1: {source: "…", loses: {truncation: "words of the feedback"}}
      a threshold for small r: {source: "…", at_most: 10}
    mutants:              # made by `mutants_of` of these right solutions, all wrong but for those
      of: [closed form]
      harmless: {"a + b -> b + a": "the sum is the same"}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from grader.errors import UsageError
from grader.selftest.mutate import mutants_of


class Part(BaseModel):
    """Base of every part of a family: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Solution(Part):
    """A source, or another solution with some text exchanged."""

    source: str = ""
    of: str = ""
    """Name of the right solution that is edited."""
    edit: tuple[tuple[str, str], ...] = ()
    """Old and new text; the old must be there, and is exchanged wherever it stands."""
    loses: Mapping[str, str] = Field(default_factory=dict)
    """Of a wrong solution: check, without its room -> words of the feedback that it must give."""
    full_size: bool = False
    """Whether it fits no network but the assignment's own."""
    single: bool = False
    """Whether it is wrong in single precision alone, and right once JAX's x64 is on."""
    at_most: float | None = None
    """Of a wrong solution: more points than these are too many; by default fewer than all."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.source) == bool(self.of and self.edit):
            raise ValueError("must have either `source` or `of` and `edit`")
        return self


def _as_solution(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


Written = Annotated[Solution, BeforeValidator(_as_solution)]


class Mutants(Part):
    """Which right solutions are mutated, and which mutants do no harm."""

    of: tuple[str, ...]
    harmless: Mapping[str, str] = Field(default_factory=dict)
    """What was changed, as the mutant is named -> why it is right all the same."""


class Family(Part):
    """All solutions of one item."""

    item: str
    prelude: str = ""
    right: Mapping[str, Written] = Field(min_length=1)
    wrong: Mapping[str, Written] = Field(default_factory=dict)
    mutants: Mutants | None = None


@dataclass(frozen=True)
class Expected:
    """What grading a case must show."""

    right: bool
    """All points; else fewer."""
    loses: Mapping[str, str] = field(default_factory=dict)
    at_most: float | None = None


@dataclass(frozen=True)
class Case:
    """One solution to be graded."""

    item: str
    name: str
    source: str
    expected: Expected
    full_size: bool = False
    """Whether it fits no network but the assignment's own."""
    single: bool = False
    """Whether it is wrong in single precision alone."""
    mutant: bool = False
    """Whether it was made of another by `mutants_of`."""


def load_families(folder: Path) -> list[Case]:
    """The cases of every family in `folder`, by file and in their order there.

    Raises:
        UsageError: there is none, or one is wrong: with its file and key.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise UsageError(f"{folder}: must be a folder with families, as *.yaml; got none")
    return [case for path in paths for case in _cases(path)]


def _cases(path: Path) -> Iterator[Case]:
    try:
        family = Family.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        yield from _solutions(family)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise UsageError(f"{path}: must be YAML that can be read: {exc}") from exc
    except ValidationError as exc:
        error = exc.errors()[0]
        raise UsageError(f"{path}: {'.'.join(map(str, error['loc']))}: {error['msg']}") from exc
    except ValueError as exc:
        raise UsageError(f"{path}: {exc}") from exc


def _solutions(family: Family) -> Iterator[Case]:
    bodies: dict[str, str] = {}

    def case(name: str, body: str, expected: Expected, *, full_size: bool = False) -> Case:
        return Case(family.item, name, f"{family.prelude}\n{body}", expected, full_size)

    for name, solution in family.right.items():
        bodies[name] = _body(solution, bodies, f"right.{name}")
        yield case(name, bodies[name], Expected(right=True), full_size=solution.full_size)
    for name, solution in family.wrong.items():
        expected = Expected(right=False, loses=solution.loses, at_most=solution.at_most)
        body = _body(solution, bodies, f"wrong.{name}")
        written = case(name, body, expected, full_size=solution.full_size)
        yield replace(written, single=solution.single)
    yield from (replace(case(*found), mutant=True) for found in _mutants(family, bodies))


def _mutants(family: Family, bodies: Mapping[str, str]) -> Iterator[tuple[str, str, Expected]]:
    if family.mutants is None:
        return
    unmet = set(family.mutants.harmless)
    for name in family.mutants.of:
        if name not in bodies:
            raise ValueError(f"mutants.of: must name right solutions, got {name!r}")
        try:
            mutants = mutants_of(bodies[name])
        except SyntaxError as exc:
            raise ValueError(f"mutants.of: {name!r} must be Python: {exc}") from exc
        for change, body in mutants.items():
            harmless = f"{name}: {change}" in family.mutants.harmless
            unmet.discard(f"{name}: {change}")
            yield f"{name}: {change}", body, Expected(right=harmless)
    if unmet:
        raise ValueError(f"mutants.harmless: there is no mutant named {min(unmet)!r}")


def _body(solution: Solution, bodies: Mapping[str, str], place: str) -> str:
    if solution.source:
        return solution.source
    if solution.of not in bodies:
        raise ValueError(f"{place}: of: must name a right solution above, got {solution.of!r}")
    body = bodies[solution.of]
    for old, new in solution.edit:
        if old not in body:
            raise ValueError(f"{place}: edit: {old!r} does not stand in {solution.of!r}")
        body = body.replace(old, new)
    return body
