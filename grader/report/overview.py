"""A class on one page for the instructor: works from a file, sorts and filters by itself."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from markupsafe import Markup

from grader.report.charts import Axis, Chart, Series
from grader.report.clean import one_line
from grader.report.interface import Graded
from grader.report.links import page_link
from grader.report.pages import Picture, picture, template
from grader.report.standing import Standing
from grader.report.summary import ItemNumbers, Student, Summary, quartiles, summarize
from grader.report.text import points_text

WEAK = 0.2
"""Discrimination below which an item is marked: the usual bound of item analysis."""
BINS = 16
"""Of the histogram, at most."""
MOST_STOPPED = 15
KINDS = {
    "conflict": "in conflict",
    "fault": "the grader failed",
    "stopped": "stopped: time, memory, crash",
    "open": "points open",
    "late": "late",
    "unread": "not graded",
}
"""Mark of a student -> how the page calls it."""
FACTS = (
    ("Student", "text"),
    ("Id", "text"),
    ("Points", "number"),
    ("Open", "number"),
    ("Marks", "text"),
    ("Attempt", "number"),
    ("Seconds", "number"),
)
"""Columns before the items', each with how it is sorted."""
SHARES = (0.001, 0.5, 0.999)
"""Bounds between the tints of a cell: nothing, less than half, less than all, all."""
_SCRIPT = Path(__file__).parent / "templates" / "overview.js"


@dataclass(frozen=True)
class Cell:
    """One cell of the table."""

    text: str
    kind: str = ""
    """CSS classes."""


@dataclass(frozen=True)
class Row:
    """One student in the table."""

    name: str
    link: str
    marks: str
    words: str
    """What the search looks in."""
    cells: tuple[Cell, ...]


def render_overview(run: Iterable[Graded]) -> Iterator[bytes]:
    """The page, piece by piece; every hand-in is read once and not kept."""
    return render_summary_page(summarize(run, page_link))


def render_summary_page(summary: Summary) -> Iterator[bytes]:
    """The page of a class that has been summarised."""
    # The page's own script and nothing else may run: the browser checks this hash.
    script = _SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    graded = summary.graded()
    histogram = _histogram([student.standing for student in graded if student.standing])
    pieces = template(
        "overview.html"
    ).generate(
        title=summary.title or "Overview",
        facts=" · ".join(summary.facts),
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=f"sha256-{digest}",
        summary=summary,
        sections=list(_sections(summary, unread=len(graded) < len(summary.students))),
        conflicts=_conflicts(summary),
        unread=[student for student in summary.students if student.standing is None],
        figures=list(_figures(summary)),
        histogram=histogram,
        weak=WEAK,
        slowest=summary.slowest(),
        stopped=summary.stopped[:MOST_STOPPED],
        more_stopped=max(0, len(summary.stopped) - MOST_STOPPED + summary.left_out),
        kinds=KINDS.items(),
        first_item=len(FACTS),
        columns=list(_columns(summary)),
        rows=(_row(student, summary.items) for student in summary.students),
    )
    while chunk := "".join(islice(pieces, 2000)):
        yield chunk.encode()


def _sections(summary: Summary, *, unread: bool) -> Iterator[tuple[str, str]]:
    if any(student.graded.contested for student in summary.students):
        yield "conflicts", "Conflicts"
    if summary.faults:
        yield "faults", "Grader faults"
    if unread:
        yield "unread", "Not graded"
    yield from (
        ("scores", "Points"),
        ("items", "Items"),
        ("table", "Students"),
        ("feedback", "Feedback"),
        ("slow", "Slowest"),
        ("stopped", "Stopped"),
    )


def _conflicts(summary: Summary) -> list[tuple[str, list[Student]]]:
    """Each contested id with those who claim it."""
    found: dict[str, list[Student]] = {}
    for student in summary.students:
        if student.graded.contested:
            found.setdefault(one_line(student.graded.contested), []).append(student)
    return sorted(found.items())


def _figures(summary: Summary) -> Iterator[tuple[str, str, str]]:
    graded = summary.graded()
    yield "hand-ins", str(len(summary.students)), ""
    if not graded:
        return
    given = [student.standing.given for student in graded if student.standing]
    low, middle, high = quartiles(given)
    yield "mean points", points_text(sum(given) / len(given)), f"/ {points_text(summary.total)}"
    yield "median", points_text(middle), f"half lie in {points_text(low)} to {points_text(high)}"
    still_open = sum(student.standing.open > 0 for student in graded if student.standing)
    yield "with points open", str(still_open), ""
    late = sum(student.graded.late for student in summary.students)
    if late:
        yield "late", str(late), ""


def _histogram(standings: list[Standing]) -> Picture | None:
    if not standings:
        return None
    judged = not any(standing.open for standing in standings)
    values = [standing.given if judged else standing.auto for standing in standings]
    worth = max(standing.worth if judged else standing.auto_worth for standing in standings) or 1.0
    width = max(1, -(-int(worth + 0.5) // BINS))
    bins = int(max(*values, worth) // width) + 1
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(max(0.0, value) // width))] += 1
    low, middle, high = quartiles(values)
    what = "points" if judged else "automatic points"
    chart = Chart(
        name="scores",
        title=f"{'Points' if judged else 'Automatic points'} of {len(values)} students",
        text=(
            f"Histogram of {what}, of {points_text(worth)}: from {points_text(min(values))} to "
            f"{points_text(max(values))}, median {points_text(middle)}, half of the students "
            f"between {points_text(low)} and {points_text(high)}."
        ),
        x=Axis(what),
        y=Axis("students"),
        series=(
            Series(
                "students",
                tuple((place + 0.5) * width for place in range(bins)),
                tuple(map(float, counts)),
            ),
        ),
        columns=("from", "below", "students"),
        rows=tuple(
            (str(place * width), str((place + 1) * width), str(count))
            for place, count in enumerate(counts)
        ),
        bars=True,
        bar_width=0.9 * width,
    )
    return picture(chart, "scores-chart")


def _columns(summary: Summary) -> Iterator[tuple[str, str, str]]:
    yield from ((name, kind, "") for name, kind in FACTS)
    for item in summary.items:
        yield item.id, "number", f"{item.title}, {points_text(item.worth)} points"


def _row(student: Student, items: list[ItemNumbers]) -> Row:
    graded, standing = student.graded, student.standing
    marks = ", ".join(KINDS[mark].partition(":")[0] for mark in student.marks if mark != "open")
    cells = [
        Cell(one_line(graded.student)),
        Cell(points_text(standing.given) if standing else "", "number"),
        Cell(points_text(standing.open) if standing and standing.open else "", "number"),
        Cell(marks),
        Cell(str(graded.attempt), "number"),
        Cell(f"{student.seconds:.1f}" if standing else "", "number"),
        *(_item_cell(student, item) for item in items),
    ]
    words = " ".join(map(one_line, (student.name, graded.student, graded.file)))
    return Row(student.name, student.link, " ".join(student.marks), words, tuple(cells))


def _item_cell(student: Student, item: ItemNumbers) -> Cell:
    standing = student.items.get(item.id)
    if standing is None:
        fault = student.standing is not None and "fault" in student.marks
        return Cell("fault", "number qf") if fault else Cell("", "number")
    counted = standing.worth - standing.open
    if not counted:
        return Cell("open", "number qo")
    share = standing.given / counted
    tint = next((place for place, bound in enumerate(SHARES) if share < bound), None)
    kind = "number" if tint is None else f"number q{tint}"
    return Cell(points_text(standing.given), kind)
