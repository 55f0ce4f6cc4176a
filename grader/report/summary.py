"""A class in numbers: gathered student by student, so that no record has to be kept."""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from grader.model import ItemRecord, Record, Status
from grader.report.clean import one_line, shortened
from grader.report.feedbacks import Feedbacks, Kind
from grader.report.interface import Graded
from grader.report.standing import Part, Standing, item_standing, parts, record_standing
from grader.report.view import heading

STOPPED = (Status.TIMED_OUT, Status.OUT_OF_MEMORY, Status.KILLED)
MOST_LISTED = 100
"""Lines of a list of events; the table has them all."""
MOST_SLOW = 10
MOST_KINDS = 20
FEWEST = 3
"""Students that a correlation needs."""


@dataclass(frozen=True)
class Student:
    """One row of the overview's table."""

    graded: Graded
    """Without its record."""
    name: str
    link: str
    standing: Standing | None
    """None where nothing was graded."""
    seconds: float
    items: dict[str, Standing]
    """Item id -> how its points stand; without those where the grader failed."""
    marks: tuple[str, ...]
    """Of `conflict`, `fault`, `stopped`, `unread`, `late`, `open`: what narrows the table."""


@dataclass(frozen=True)
class Event:
    """Something that happened to one student's item."""

    name: str
    link: str
    item: str
    status: Status
    text: str


@dataclass(frozen=True)
class ItemNumbers:
    """How a class did in one item."""

    id: str
    title: str
    students: int
    """Whose points for it are known."""
    worth: float
    mean: float | None
    """Mean share of the points, its difficulty; None where no points are known."""
    discrimination: float | None
    """Correlation with the automatic points of all other items; None where there is none."""


@dataclass
class Summary:
    """Everything that the overview shows."""

    title: str = ""
    students: list[Student] = field(default_factory=list)
    faults: list[Event] = field(default_factory=list)
    stopped: list[Event] = field(default_factory=list)
    left_out: int = 0
    """Events beyond `MOST_LISTED`."""
    feedbacks: list[Kind] = field(default_factory=list)
    items: list[ItemNumbers] = field(default_factory=list)
    total: float = 0.0
    facts: tuple[str, ...] = ()
    """Grader, rubric, data and seed, as far as all records agree in them."""

    def graded(self) -> list[Student]:
        """Those who have a record."""
        return [student for student in self.students if student.standing is not None]

    def slowest(self) -> list[Student]:
        """Those who took longest to grade."""
        return sorted(self.graded(), key=lambda student: -student.seconds)[:MOST_SLOW]


def summarize(run: Iterable[Graded], link: Callable[[Graded], str]) -> Summary:
    """The class in numbers.

    Args:
        run: Every hand-in; read once, none is kept.
        link: The address of a student's page.
    """
    summary, feedbacks = Summary(), Feedbacks()
    titles: dict[str, ItemRecord] = {}
    facts: set[tuple[str, ...]] = set()
    for graded in run:
        student = _student(graded, link(graded))
        summary.students.append(student)
        record = graded.record
        if record is None:
            continue
        summary.title = summary.title or one_line(record.title)
        summary.total = max(summary.total, record.total)
        facts.add(_facts(record))
        for item in record.items:
            titles.setdefault(item.id, item)
        feedbacks.add(record.items, student.name, student.link)
        _note_events(summary, student, record)
    summary.feedbacks = feedbacks.most_frequent(MOST_KINDS)
    summary.items = [_item_numbers(item, summary.graded()) for item in titles.values()]
    summary.facts = tuple(
        column[0] for column in zip(*facts, strict=True) if column[0] and len(set(column)) == 1
    )
    return summary


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's; None for fewer than `FEWEST` pairs or where one side does not vary."""
    if len(xs) < FEWEST:
        return None
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    dx, dy = [x - mean_x for x in xs], [y - mean_y for y in ys]
    size = math.hypot(*dx) * math.hypot(*dy)
    if size < 1e-9:  # noqa: PLR2004 - points are hundredths at least, so this is rounding alone
        return None
    return math.fsum(x * y for x, y in zip(dx, dy, strict=True)) / size


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile; all the same for one value."""
    if len(values) == 1:
        return (values[0],) * 3
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _student(graded: Graded, link: str) -> Student:
    record = graded.record
    statuses = {part.status for item in _items(record) for part in parts(item)}
    standing = record_standing(record, graded.hand) if record else None
    marks = {
        "conflict": bool(graded.contested),
        "fault": Status.GRADER_FAULT in statuses,
        "stopped": bool(statuses & set(STOPPED)),
        "unread": record is None,
        "late": graded.late,
        "open": standing is not None and standing.open > 0,
    }
    return Student(
        graded=_without_record(graded),
        name=heading(graded),
        link=link,
        standing=standing,
        seconds=record.seconds if record else 0.0,
        items={
            item.id: item_standing(item, graded.hand)
            for item in _items(record)
            if item.status is not Status.GRADER_FAULT
        },
        marks=tuple(mark for mark, there in marks.items() if there),
    )


def _items(record: Record | None) -> tuple[ItemRecord, ...]:
    return record.items if record is not None else ()


def _without_record(graded: Graded) -> Graded:
    file = graded.record.submission.name if graded.record else graded.file
    return Graded(
        student=graded.student,
        name=graded.name,
        file=file,
        attempt=graded.attempt,
        late=graded.late,
        error=graded.error,
        contested=graded.contested,
    )


def _note_events(summary: Summary, student: Student, record: Record) -> None:
    for item in record.items:
        for part in parts(item):
            if part.status is Status.GRADER_FAULT:
                _note(summary, summary.faults, student, item, part)
            elif part.status in STOPPED:
                _note(summary, summary.stopped, student, item, part)


def _note(
    summary: Summary, events: list[Event], student: Student, item: ItemRecord, part: Part
) -> None:
    if len(events) >= MOST_LISTED:
        summary.left_out += 1
        return
    fault = part.status is Status.GRADER_FAULT
    text = part.staff_note if fault else shortened(one_line(part.feedback), 200)
    events.append(Event(student.name, student.link, item.id, part.status, text))


def _facts(record: Record) -> tuple[str, ...]:
    environment = record.environment
    return (
        f"grader {environment.grader_version}",
        f"rubric {record.rubric_sha256[:12]}",
        f"data {environment.dataset}" if environment.dataset else "",
        f"draws {environment.seed}",
        f"sandbox {environment.sandbox}",
    )


def _item_numbers(item: ItemRecord, students: Sequence[Student]) -> ItemNumbers:
    """Difficulty and discrimination of an item.

    Points by hand count where a person has judged every student whose points are known; the
    correlation is with the other items' automatic points, which all students have.
    """
    known = [
        (student, standing)
        for student in students
        if (standing := student.items.get(item.id)) is not None
        and (standing.auto_worth or standing.open < standing.hand_worth)
    ]
    judged = all(not standing.open for _, standing in known)
    scores = [standing.given if judged else standing.auto for _, standing in known]
    worth = item.points if judged else item.auto_points
    rest = [
        (student.standing.auto if student.standing else 0.0) - standing.auto
        for student, standing in known
    ]
    return ItemNumbers(
        id=one_line(item.id),
        title=one_line(item.title),
        students=len(known),
        worth=worth,
        mean=math.fsum(scores) / len(scores) / worth if scores and worth else None,
        discrimination=correlation(scores, rest),
    )
