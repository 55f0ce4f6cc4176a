"""What a rubric says, as frozen values. Points are exact: 0.1 is a tenth."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
        raise ValueError("a number of points")  # noqa: TRY004 - pydantic reports ValueError
    return value if isinstance(value, Fraction) else Fraction(Decimal(str(value)))


Points = Annotated[
    Fraction,
    BeforeValidator(_exact, json_schema_input_type=float),
    PlainSerializer(float, return_type=float),
    Field(ge=0),
]
"""A number of points, read exactly as it is written."""
SignedPoints = Annotated[
    Fraction,
    BeforeValidator(_exact, json_schema_input_type=float),
    PlainSerializer(float, return_type=float),
]


class Part(BaseModel):
    """Base of every part: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ItemLimits(Part):
    """What the submission's code may use while one item is graded."""

    wall_seconds: float = Field(60, gt=0, le=86_400)
    memory_gib: float = Field(4, gt=0, le=1024)
    threads: int = Field(1, ge=1, le=256)
    processes: int = Field(256, ge=16, le=65_536)
    output_kib: int = Field(8192, ge=1, le=1 << 20)


class LimitChanges(Part):
    """Limits of one item that differ from the defaults."""

    wall_seconds: float | None = Field(None, gt=0, le=86_400)
    memory_gib: float | None = Field(None, gt=0, le=1024)
    threads: int | None = Field(None, ge=1, le=256)
    processes: int | None = Field(None, ge=16, le=65_536)
    output_kib: int | None = Field(None, ge=1, le=1 << 20)


class Tier(Part):
    """So many points from this value on."""

    at_least: float = Field(ge=0, le=1)
    points: Points


class Row(Part):
    """One check of an item, and what it is worth."""

    title: str = Field(min_length=1, max_length=120)
    use: str
    """Registered name of the check, e.g. `calculus.gradient`."""
    parameters_: dict[str, Any] = Field(default_factory=dict, alias="with")
    practice: dict[str, Any] = Field(default_factory=dict)
    """Parameters that differ in a student's own check, to be fast."""
    points: Points | None = None
    """What the row is worth; either every row of an item says so or none."""
    weight: Points = Fraction(1)
    """Share of the item's points where no row names points."""
    tiers: tuple[Tier, ...] = ()
    proportional: bool = False
    """Whether a value between 0 and 1 gives that share of the points; else all or nothing."""

    def parameters(self, *, practice: bool = False) -> dict[str, Any]:
        """What the check is given."""
        return self.parameters_ | (self.practice if practice else {})

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The values at which the points change, ascending."""
        return tuple(sorted(tier.at_least for tier in self.tiers)) or (1.0,)


class Criterion(Part):
    """One thing that a person judges."""

    text: str = Field(min_length=1)
    points: Points


class Answer(Part):
    """Where a person finds the answer."""

    heading: str
    """Of the question in the hand-in."""
    find: tuple[str, ...] = ()
    """Words that the question's text holds, for hand-ins whose headings differ."""


class Comment(Part):
    """A remark that graders make often, and what it does to the points."""

    text: str = Field(min_length=1)
    points: SignedPoints = Fraction(0)


class Hand(Part):
    """What a person judges of an item."""

    criteria: tuple[Criterion, ...] = Field(min_length=1)
    answer: Answer
    comments: tuple[Comment, ...] = ()


class Item(Part):
    """One row of the assignment."""

    id: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$", max_length=20)
    title: str = Field(min_length=1, max_length=120)
    problem: str = ""
    """Heading that the item stands under."""
    points: Points
    requires: tuple[str, ...] = ()
    """Names that the submission must define."""
    optional: tuple[str, ...] = ()
    """Names that are used where the submission defines them."""
    limits_: LimitChanges = Field(default_factory=LimitChanges, alias="limits")
    checks: tuple[Row, ...] = ()
    hand: Hand | None = None
    defaults_: ItemLimits = Field(default_factory=ItemLimits, exclude=True, repr=False)

    @property
    def limits(self) -> ItemLimits:
        """The item's limits, the rubric's defaults where it names none."""
        return self.defaults_.model_copy(update=self.limits_.model_dump(exclude_none=True))

    @property
    def hand_points(self) -> Fraction:
        """What a person gives."""
        rows = self.hand.criteria if self.hand is not None else ()
        return sum((row.points for row in rows), Fraction(0))

    @property
    def auto_points(self) -> Fraction:
        """What the grader gives."""
        return self.points - self.hand_points

    @cached_property
    def sha256(self) -> str:
        """Of everything in the rubric that the item's automatic points depend on."""
        matters = self.model_dump(
            include={"id", "points", "requires", "optional", "checks"}, mode="json"
        )
        matters["limits"] = self.limits.model_dump(mode="json")
        matters["auto_points"] = str(self.auto_points)
        return _hash(matters)


class Rubric(Part):
    """Points of an assignment and how they are earned."""

    assignment: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$", max_length=60)
    title: str = Field(min_length=1, max_length=120)
    total: Points
    defaults: ItemLimits = Field(default_factory=ItemLimits)
    items: tuple[Item, ...] = Field(min_length=1)

    @cached_property
    def sha256(self) -> str:
        """Of what the rubric says, however it is laid out."""
        return _hash(self.model_dump(mode="json"))

    def item(self, name: str) -> Item:
        """The item with this id.

        Raises:
            KeyError: there is none.
        """
        for item in self.items:
            if item.id == name:
                return item
        raise KeyError(name)


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
