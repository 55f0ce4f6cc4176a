"""What came of a run: a line for each student, a line for each item, and what a person must see."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from grader.exit_codes import ExitCode
from grader.model import ItemRecord, Status
from grader.store import Held, Store

LOOK_AT = {
    Status.GRADER_FAULT: "our fault",
    Status.KILLED: "killed",
    Status.OUT_OF_MEMORY: "out of memory",
    Status.TIMED_OUT: "time out",
    Status.MISSING: "not found",
}
"""Statuses that a person should look at, the most urgent first."""


@dataclass(frozen=True)
class Line:
    """One student."""

    student: str
    name: str
    file: str
    score: float | None
    """By the grader; None without a record."""
    auto_points: float
    lost: tuple[str, ...]
    """Items that lost points."""
    look: tuple[str, ...]
    """Why a person should look at it, the most urgent first; mostly nothing."""
    worst: ExitCode
    """The exit code that this submission alone would give."""


@dataclass
class ItemLine:
    """One item over all students."""

    id: str
    title: str
    auto_points: float
    scores: list[float] = field(default_factory=list)
    statuses: Counter[Status] = field(default_factory=Counter)

    @property
    def mean(self) -> float:
        """Points given on average."""
        return sum(self.scores) / len(self.scores) if self.scores else 0.0


def student_lines(store: Store, students: Collection[str]) -> Iterator[Line]:
    """A line for each of these students, read as it is asked for."""
    for held in store.held():
        if held.entry.student in students:
            yield _line(held)


def item_lines(store: Store, students: Collection[str]) -> list[ItemLine]:
    """A line for each item that the grader gives points for, over these students."""
    lines: dict[str, ItemLine] = {}
    for held in store.held():
        if held.record is None or held.entry.student not in students:
            continue
        for item in held.record.items:
            if item.auto_points:
                line = lines.setdefault(item.id, ItemLine(item.id, item.title, item.auto_points))
                line.scores.append(item.score)
                line.statuses[item.status] += 1
    return list(lines.values())


def _line(held: Held) -> Line:
    entry, record = held.entry, held.record
    items = record.items if record is not None else ()
    return Line(
        student=entry.student,
        name=entry.name,
        file=entry.file,
        score=record.score if record is not None else None,
        auto_points=record.auto_points if record is not None else 0.0,
        lost=tuple(item.id for item in items if item.score < item.auto_points),
        look=tuple(_reasons(held)),
        worst=_worst(held),
    )


def _reasons(held: Held) -> Iterator[str]:
    items = held.record.items if held.record is not None else ()
    if held.entry.contested:
        yield (
            f"in conflict: not the only one that claims to be {held.entry.contested}; no gradebook "
            "gets points of either until you decide"
        )
    if held.error:
        yield held.error
    elif held.record is None:
        yield "not graded yet"
    for status, words in LOOK_AT.items():
        found = [item for item in items if item.status is status]
        if status is Status.MISSING:
            yield from (f"{item.id}: {_first(item)}" for item in found)
        elif found:
            yield f"{words} in {', '.join(item.id for item in found)}"
    if held.entry.late:
        yield "late"
    if not held.error:
        yield from held.entry.notes


def _first(item: ItemRecord) -> str:
    return item.feedback.partition("\n")[0]


def _worst(held: Held) -> ExitCode:
    if held.record is not None and held.record.status is Status.GRADER_FAULT:
        return ExitCode.GRADER_FAULT
    if held.record is None or held.entry.contested:
        return ExitCode.UNUSABLE
    return ExitCode.ALL_POINTS if held.record.status is Status.PASSED else ExitCode.POINTS_LOST
