"""What a rubric says, as frozen values. Points are exact: 0.1 is a tenth."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

CENT = Fraction(1, 100)
"""The smallest step of points: records and gradebooks show two decimals."""
MOST_POINTS = 10_000


def _exact(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise ValueError("must be a number of points")  # noqa: TRY004 - pydantic takes ValueError
    if not -MOST_POINTS <= value <= MOST_POINTS:
        raise ValueError(f"must be a number of points up to {MOST_POINTS}")
    # A float's shortest decimal is what was written in the file.
    exact = value if isinstance(value, Fraction) else Fraction(Decimal(repr(value)))
    if exact % CENT:
        raise ValueError("must be a number of points with at most two decimals")
    return exact


def _positive(value: Any) -> Fraction:
    exact = _exact(value)
    if exact <= 0:
        raise ValueError("must be a number of points greater than 0")
    return exact


_AS_FLOAT = PlainSerializer(float, return_type=float)

Points = Annotated[
    Fraction,
    PlainValidator(_positive),
    _AS_FLOAT,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_POINTS}),
]
"""A number of points, read exactly as it is written."""
SignedPoints = Annotated[
    Fraction,
    PlainValidator(_exact),
    _AS_FLOAT,
    WithJsonSchema({"type": "number", "minimum": -MOST_POINTS, "maximum": MOST_POINTS}),
]
"""A change of points, read exactly as it is written."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][0-9A-Za-z_]*$", max_length=80)]
"""A name that a submission defines."""
Words = Annotated[str, Field(min_length=1, max_length=2000)]


class Part(BaseModel):
    """Base of every part: unknown keys and other types are faults, values never change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


class ItemLimits(Part):
    """What the submission's code may use while one item is graded."""

    wall_seconds: float = Field(60, gt=0, le=86_400)
    memory_gib: float = Field(4, gt=0, le=1024)
    threads: int = Field(1, ge=1, le=256)
    processes: int = Field(256, ge=16, le=65_536)
    output_kib: int = Field(8192, ge=1, le=1 << 20)


class Tier(Part):
    """So many points from this value on."""

    at_least: float = Field(gt=0, le=1)
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
    weight: Points = Field(Fraction(1), json_schema_extra={"default": 1})
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

    text: Words
    points: Points


class Answer(Part):
    """Where a person finds the answer."""

    heading: Words
    """Of the question in the hand-in."""
    find: tuple[Words, ...] = ()
    """Words that the question's text holds, for hand-ins whose headings differ."""


class Comment(Part):
    """A remark that graders make often, and what it does to the points."""

    text: Words
    points: SignedPoints = Field(Fraction(0), json_schema_extra={"default": 0})


class Hand(Part):
    """What a person judges of an item."""

    criteria: tuple[Criterion, ...] = Field(min_length=1)
    answer: Answer
    comments: tuple[Comment, ...] = ()


class Item(Part):
    """One row of the assignment."""

    id: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$", max_length=20)
    title: str = Field(min_length=1, max_length=120)
    problem: str = Field("", max_length=120)
    """Heading that the item stands under."""
    points: Points
    requires: tuple[Name, ...] = ()
    """Names that the submission must define."""
    optional: tuple[Name, ...] = ()
    """Names that are used where the submission defines them."""
    limits: ItemLimits = Field(default_factory=ItemLimits)
    """Of a loaded rubric: what the item names, the rubric's defaults where it names nothing."""
    checks: tuple[Row, ...] = ()
    hand: Hand | None = None

    def with_defaults(self, defaults: ItemLimits) -> "Item":
        """The item with `defaults` for the limits that it does not name itself."""
        named = self.limits.model_dump(exclude_unset=True)
        return self.model_copy(update={"limits": defaults.model_copy(update=named)})

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
            include={"id", "points", "requires", "optional", "limits", "checks"}, mode="json"
        )
        return _hash(matters | {"auto_points": str(self.auto_points)})


class Rubric(Part):
    """Points of an assignment and how they are earned."""

    assignment: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$", max_length=60)
    title: str = Field(min_length=1, max_length=120)
    total: Points
    """Of all items together, checked against their sum."""
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
