"""A record in the words of a student's page, the same for HTML and Markdown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, zip_longest

from grader.model import CheckRecord, ItemRecord, Record, Status
from grader.report.charts import Chart, charts
from grader.report.clean import one_line
from grader.report.interface import Graded, HandGiven
from grader.report.standing import (
    Standing,
    item_standing,
    problems,
    record_standing,
    repeat_command,
    shown_status,
)
from grader.report.text import FAULT_WORDS, points_text


@dataclass(frozen=True)
class CheckView:
    """A check as the page shows it."""

    name: str
    status: Status
    points: str
    told: str
    hint: str


@dataclass(frozen=True)
class CriterionView:
    """What a person judges, as the page shows it."""

    text: str
    points: str


@dataclass(frozen=True)
class ItemView:
    """An item as the page shows it."""

    anchor: str
    id: str
    title: str
    status: Status
    points: str
    told: str
    hint: str
    checks: tuple[CheckView, ...]
    command: str
    criteria: tuple[CriterionView, ...]
    comment: str
    charts: tuple[Chart, ...]
    notes: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class ProblemView:
    """Items under one heading."""

    title: str
    standing: Standing
    items: tuple[ItemView, ...]


@dataclass(frozen=True)
class PageView:
    """Everything that the template reads."""

    title: str
    heading: str
    subtitle: str
    error: str = ""
    standing: Standing = field(default_factory=Standing)
    faults: str = ""
    problems: tuple[ProblemView, ...] = ()
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def page_view(graded: Graded) -> PageView:
    """Everything that a student is told about a hand-in; nothing that is for staff only."""
    record = graded.record
    if record is None:
        error = graded.error or "nothing was graded"
        return PageView("Results", heading(graded), subtitle(graded), error=error)
    numbers = count(1)
    return PageView(
        title=one_line(record.title),
        heading=heading(graded),
        subtitle=subtitle(graded),
        standing=record_standing(record, graded.hand),
        faults=names_of_faults(record),
        problems=tuple(
            ProblemView(
                problem.title,
                sum((item_standing(item, graded.hand) for item in problem.items), Standing()),
                tuple(
                    _item(item, record, graded.hand, f"item-{next(numbers)}")
                    for item in problem.items
                ),
            )
            for problem in problems(record)
        ),
        notes=record.notes,
        facts=tuple(facts(record)),
    )


def heading(graded: Graded) -> str:
    """Whose page it is: the name, or the file's where none is known."""
    file = graded.record.submission.name if graded.record else graded.file
    return one_line(graded.name or graded.student or file) or "a hand-in"


def subtitle(graded: Graded) -> str:
    """File, attempt and time of the grading, in one line."""
    record = graded.record
    file = one_line(record.submission.name if record else graded.file)
    parts = [file if file != heading(graded) else ""]
    if graded.attempt > 1:
        parts.append(f"attempt {graded.attempt}")
    if graded.late:
        parts.append("late")
    if record and record.started:
        parts.append(f"graded {_time(record.started)}")
    if record and record.environment.seed == "practice":
        parts.append("practice: public draws")
    return " · ".join(filter(None, parts))


def facts(record: Record) -> Iterator[tuple[str, str]]:
    """What a score depends on besides the file, for who wants to repeat it."""
    environment = record.environment
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    yield "Grader", f"{environment.grader_version}, Python {environment.python}"
    yield "Packages", packages
    yield "Sandbox", f"{environment.sandbox}, memory limit by {environment.memory_limit}"
    if environment.not_enforced:
        yield "Not enforced", "; ".join(environment.not_enforced)
    yield "Machine", f"{environment.device}, {environment.threads} threads"
    if environment.dataset:
        yield "Data", f"{environment.dataset}, baseline {environment.baseline[:12]}"
    yield "Draws", environment.seed
    yield "Rubric", record.rubric_sha256[:12]
    yield "Submission", record.submission.sha256[:12]
    if record.aliases:
        yield "Aliases", ", ".join(f"{name} = {own}" for name, own in record.aliases.items())
    if record.regrade_of:
        yield "Replaces", record.regrade_of[:12]
    yield "Time", f"{record.seconds:.1f} s"


def item_points(item: ItemRecord, hand: Mapping[str, HandGiven]) -> str:
    """Given, worth and open points of an item in a few characters."""
    standing = item_standing(item, hand)
    if standing.open and not item.auto_points:
        return f"open / {points_text(standing.worth)}"
    text = f"{points_text(standing.given)} / {points_text(standing.worth)}"
    return f"{text}, {points_text(standing.open)} open" if standing.open else text


def names_of_faults(record: Record) -> str:
    """The items in which the grader failed, for a sentence; empty where there are none."""
    names = [item.id for item in record.items if item.status is Status.GRADER_FAULT]
    return f"item {names[0]}" if len(names) == 1 else f"items {', '.join(names)}" if names else ""


def _item(item: ItemRecord, record: Record, hand: Mapping[str, HandGiven], anchor: str) -> ItemView:
    given = hand.get(item.id)
    fault = item.status is Status.GRADER_FAULT
    return ItemView(
        anchor=anchor,
        id=item.id,
        title=item.title,
        status=shown_status(item, hand),
        points=item_points(item, hand),
        told=FAULT_WORDS if fault else item.feedback,
        hint="" if fault else item.hint,
        checks=tuple(map(_check, item.checks)),
        command=repeat_command(record, item) if _worth_repeating(item) else "",
        criteria=tuple(_criteria(item, given)),
        comment=given.comment if given else "",
        charts=tuple(chart for check in item.checks for chart in charts(check.data)),
        notes=item.notes,
        output=item.output,
    )


def _worth_repeating(item: ItemRecord) -> bool:
    return item.auto_points > 0 and item.status not in {Status.PASSED, Status.SKIPPED}


def _check(check: CheckRecord) -> CheckView:
    fault = check.status is Status.GRADER_FAULT
    return CheckView(
        name=check.name,
        status=check.status,
        points=f"{points_text(check.score)} / {points_text(check.points)}",
        told="" if fault else check.feedback,
        hint="" if fault else check.hint,
    )


def _criteria(item: ItemRecord, given: HandGiven | None) -> Iterator[CriterionView]:
    judged = given.criteria if given else ()
    for criterion, got in zip_longest(item.hand, judged[: len(item.hand)]):
        worth = points_text(criterion.points)
        words = "open" if given is None else "not judged" if got is None else points_text(got)
        yield CriterionView(criterion.text, f"{words} / {worth}")
    if given is not None and item.hand:
        yield CriterionView(
            "Together", f"{points_text(given.points)} / {points_text(item.hand_points)}"
        )


def _time(started: str) -> str:
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return started
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".strip()
