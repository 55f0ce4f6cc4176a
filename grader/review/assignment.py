"""What a person needs to know of the rubric: criteria, comments, where answers stand."""

import msgspec

from grader.errors import StoreError


class UnknownError(LookupError):
    """There is no such item or hand-in."""


class Criterion(msgspec.Struct, frozen=True):
    """One thing that a person judges."""

    text: str
    points: float


class Remark(msgspec.Struct, frozen=True):
    """A comment that the rubric brings along."""

    text: str
    points: float = 0.0


class Place(msgspec.Struct, frozen=True):
    """Where a person finds the answer."""

    heading: str
    find: tuple[str, ...] = ()


class Hand(msgspec.Struct, frozen=True):
    """What a person judges of an item."""

    criteria: tuple[Criterion, ...]
    answer: Place
    comments: tuple[Remark, ...] = ()


class Item(msgspec.Struct, frozen=True):
    """One row of the assignment."""

    id: str
    title: str
    problem: str = ""
    points: float = 0.0
    hand: Hand | None = None

    @property
    def worth(self) -> float:
        """The most that a person can give."""
        criteria = self.hand.criteria if self.hand is not None else ()
        return round(sum(criterion.points for criterion in criteria), 2)


class Assignment(msgspec.Struct, frozen=True):
    """The rubric of a run, as far as the page needs it."""

    title: str
    items: tuple[Item, ...]

    @property
    def by_hand(self) -> tuple[Item, ...]:
        """The items that a person judges, in order."""
        return tuple(item for item in self.items if item.hand is not None)

    def item(self, name: str) -> Item:
        """The item with this id, if a person judges it.

        Raises:
            UnknownError: there is none.
        """
        for item in self.by_hand:
            if item.id == name:
                return item
        raise UnknownError(f"no item {name[:40]!r} is judged by hand")


def read_assignment(rubric: str) -> Assignment:
    """The assignment of a run.

    Args:
        rubric: As the store keeps it, JSON.

    Raises:
        StoreError: it is no rubric.
    """
    try:
        return msgspec.json.decode(rubric, type=Assignment)
    except msgspec.MsgspecError as exc:
        raise StoreError(f"the run's rubric can't be read: {exc}; grade the run again") from exc
