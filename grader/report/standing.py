"""Points of one hand-in, by the grader and by people together. Pure arithmetic."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from grader.model import CheckRecord, ItemRecord, Record, Status
from grader.report.interface import HandGiven

Part = CheckRecord | ItemRecord
"""What has a status, feedback and a hint of its own."""
NO_HAND: Mapping[str, HandGiven] = {}


@dataclass(frozen=True)
class Standing:
    """How the points of an item, a problem or a hand-in stand."""

    worth: float = 0.0
    auto: float = 0.0
    """Given by the grader."""
    auto_worth: float = 0.0
    hand: float = 0.0
    """Given by a person."""
    hand_worth: float = 0.0
    open: float = 0.0
    """Still to be judged by a person."""

    @property
    def given(self) -> float:
        """By the grader and by people."""
        return round(self.auto + self.hand, 2)

    @property
    def lost(self) -> float:
        """Neither given nor open."""
        return max(0.0, round(self.worth - self.given - self.open, 2))

    def __add__(self, other: "Standing") -> "Standing":
        return Standing(
            worth=round(self.worth + other.worth, 2),
            auto=round(self.auto + other.auto, 2),
            auto_worth=round(self.auto_worth + other.auto_worth, 2),
            hand=round(self.hand + other.hand, 2),
            hand_worth=round(self.hand_worth + other.hand_worth, 2),
            open=round(self.open + other.open, 2),
        )


@dataclass(frozen=True)
class Problem:
    """Items that stand under one heading."""

    title: str
    items: tuple[ItemRecord, ...]


def parts(item: ItemRecord) -> tuple[Part, ...]:
    """What `item` tells: its checks, or itself where none ran."""
    return item.checks or (item,)


def part_worth(part: Part) -> float:
    """The automatic points of a check or of an item."""
    return part.points if isinstance(part, CheckRecord) else part.auto_points


def item_standing(item: ItemRecord, hand: Mapping[str, HandGiven] = NO_HAND) -> Standing:
    """How the points of `item` stand."""
    given = hand.get(item.id) if item.hand_points else None
    return Standing(
        worth=item.points,
        auto=item.score,
        auto_worth=item.auto_points,
        hand=given.points if given else 0.0,
        hand_worth=item.hand_points,
        open=0.0 if given else item.hand_points,
    )


def record_standing(record: Record, hand: Mapping[str, HandGiven] = NO_HAND) -> Standing:
    """How the points of all items of `record` stand."""
    return sum((item_standing(item, hand) for item in record.items), Standing())


def problems(record: Record) -> Iterator[Problem]:
    """The record's items under their headings, in the rubric's order."""
    for title, items in groupby(record.items, key=problem_title):
        yield Problem(title, tuple(items))


def problem_title(item: ItemRecord) -> str:
    """The heading that `item` stands under; made of its id where the rubric names none."""
    return item.problem or f"Problem {item.id.partition('.')[0]}"


def shown_status(item: ItemRecord, hand: Mapping[str, HandGiven] = NO_HAND) -> Status:
    """The item's status for a reader: the grader's until a person has judged too."""
    if item.status is Status.GRADER_FAULT or not item.hand_points or item.id not in hand:
        return item.status
    standing = item_standing(item, hand)
    if standing.given >= standing.worth:
        return Status.PASSED
    if standing.given > 0:
        return Status.PARTIAL
    return item.status if item.auto_points else Status.FAILED


def repeat_command(record: Record, item: ItemRecord) -> str:
    """The command that grades `item` again at home, for a POSIX shell."""
    words = ["grader", "check", record.submission.name, "--item", item.id]
    for name, own in record.aliases.items():
        words += ["--alias", f"{name}={own}"]
    return shlex.join(words)
