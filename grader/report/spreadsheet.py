"""A run as CSV for a spreadsheet: a row for each student, a column for each item."""

import csv
import io
from collections.abc import Iterable, Iterator

from grader.model import Status
from grader.report.clean import csv_text, one_line
from grader.report.interface import Graded
from grader.report.standing import item_standing, record_standing
from grader.report.text import points_text

HEADS = (
    "student",
    "name",
    "file",
    "attempt",
    "late",
    "status",
    "automatic",
    "by hand",
    "open",
    "together",
    "worth",
    "seconds",
    "in conflict over",
)
SHARED = "submitted by"
"""Where members of groups have rows of their own."""


def render_csv(run: Iterable[Graded]) -> Iterator[bytes]:
    """Points of all students; texts that look like a formula are made harmless."""
    run = list(run)
    shared = any(graded.shared_by for graded in run)
    rows = [(_facts(graded, shared=shared), _items(graded)) for graded in run]
    items = list(dict.fromkeys(name for _, points in rows for name in points))
    # The mark tells a spreadsheet that the names are UTF-8.
    yield b"\xef\xbb\xbf" + _line([*HEADS, *([SHARED] if shared else []), *map(csv_text, items)])
    for facts, points in rows:
        yield _line([*facts, *(points.get(name, "") for name in items)])


def _facts(graded: Graded, *, shared: bool) -> list[str]:
    record = graded.record
    file = record.submission.name if record else graded.file
    texts = [csv_text(one_line(text)) for text in (graded.student, graded.name, file)]
    last = [graded.contested, *([graded.shared_by] if shared else [])]
    contested = [csv_text(one_line(text)) for text in last]
    facts = [*texts, str(graded.attempt), "late" if graded.late else ""]
    if record is None:
        return [*facts, "UNREADABLE" if graded.error else "UNGRADED", *[""] * 6, *contested]
    standing = record_standing(record, graded.hand)
    points = (standing.auto, standing.hand, standing.open, standing.given, standing.worth)
    seconds = f"{record.seconds:.1f}"
    return [*facts, record.status.value, *map(points_text, points), seconds, *contested]


def _items(graded: Graded) -> dict[str, str]:
    return {
        item.id: points_text(item_standing(item, graded.hand).given)
        for item in (graded.record.items if graded.record else ())
        if item.status is not Status.NEEDS_HAND or item.id in graded.hand
    }


def _line(cells: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
