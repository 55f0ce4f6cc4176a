"""What the page is told, as frozen values that become JSON."""

from enum import StrEnum

import msgspec


class State(StrEnum):
    """How an answer stands, for the person who asks."""

    OPEN = "open"
    """Nobody has judged it."""
    CHANGED = "changed"
    """Judged, but another file has been handed in since."""
    SECOND = "second"
    """Judged by someone else, and in the sample: it waits for a second judgement."""
    MINE = "mine"
    OTHERS = "others"
    TWICE = "twice"
    """This person has given the second judgement."""


WAITING = frozenset({State.OPEN, State.CHANGED, State.SECOND})
"""States in which an answer waits for this person."""


class Line(msgspec.Struct, frozen=True):
    """One answer in the row of all."""

    key: str
    state: State
    points: float | None = None
    """What counts; None where open, or where a second judgement must not know it."""
    empty: bool = False


class Progress(msgspec.Struct, frozen=True):
    """How far an item is."""

    total: int
    done: int
    mine: int
    waiting: int
    """For this person: open answers, and second judgements."""
    mean: float | None
    """Of the points given so far."""


class Agreed(msgspec.Struct, frozen=True):
    """How far first and second judgements agree."""

    pairs: int
    sampled: int
    percent: float
    kappa: float | None
    weighted: float | None
    mean_difference: float
    differing: tuple[str, ...]
    """Keys of the answers on which two people differ."""


class Remark(msgspec.Struct, frozen=True):
    """A comment of the shared library."""

    id: int
    text: str
    points: float
    version: int
    used: int
    """In how many scores."""
    retired: bool
    """No longer offered; some scores may still use it."""


class Point(msgspec.Struct, frozen=True):
    """A criterion of the rubric."""

    text: str
    points: float


class ItemView(msgspec.Struct, frozen=True):
    """An item, its answers in this person's order, its comments."""

    id: str
    title: str
    problem: str
    worth: float
    criteria: tuple[Point, ...]
    lines: tuple[Line, ...]
    progress: Progress
    remarks: tuple[Remark, ...]
    agreed: Agreed | None


class Given(msgspec.Struct, frozen=True):
    """A score as it is kept."""

    points: float
    effect: float
    total: float
    criteria: dict[str, float]
    comments: tuple[int, ...]
    comment: str
    grader: str
    changed: str
    version: int


class Past(msgspec.Struct, frozen=True):
    """One change of a score."""

    total: float | None
    """None: taken back."""
    grader: str
    changed: str


class Person(msgspec.Struct, frozen=True):
    """Who handed in; told only when asked for."""

    student: str
    name: str
    file: str
    attempt: int
    late: bool


class Like(msgspec.Struct, frozen=True):
    """An answer that is like the shown one."""

    key: str
    state: State
    points: float | None


class Change(msgspec.Struct, frozen=True):
    """Words that two answers do not share."""

    old: str
    new: str


class AnswerView(msgspec.Struct, frozen=True):
    """One answer, and what has been given for it."""

    key: str
    state: State
    slot: str
    """Empty: the score that counts. Else the second judgement of this person."""
    html: str
    note: str
    found: bool
    empty: bool
    given: Given | None
    first: Given | None
    """Beside a second judgement that has been given: the first one."""
    history: tuple[Past, ...]
    like: tuple[Like, ...]
    checked: str
    """What the grader itself found for the item's code; empty where it checks none."""
    person: Person | None
    differs: tuple[Change, ...]
    """From the answer that it is held against."""


class Saved(msgspec.Struct, frozen=True):
    """What stands after a change."""

    key: str
    state: State
    given: Given | None
    progress: Progress
    line: Line


class Clash(msgspec.Struct, frozen=True):
    """Somebody else was faster."""

    message: str
    current: Given | None


class ItemLine(msgspec.Struct, frozen=True):
    """An item on the first page."""

    id: str
    title: str
    problem: str
    worth: float
    progress: Progress
    agreed: Agreed | None
