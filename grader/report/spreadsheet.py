"""A run as CSV for a spreadsheet: a row for each student, a column for each item.

Maximum points are columns, not a second row of heads: every row stays a student, so that sums and
means over a column are right, in a spreadsheet as in pandas.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from grader.model import ItemRecord, Status
from grader.report.clean import csv_text, one_line
from grader.report.interface import Graded, HandGiven
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
    heads = [*items, *(f"{name} max" for name in items)]
    # The mark tells a spreadsheet that the names are UTF-8.
    columns = [*HEADS, *([SHARED] if shared else []), *map(csv_text, heads)]
    yield b"\xef\xbb\xbf" + _line(columns)
    for facts, points in rows:
        pairs = [points.get(name, ("", "")) for name in items]
        yield _line([*facts, *(given for given, _ in pairs), *(most for _, most in pairs)])


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


def _items(graded: Graded) -> dict[str, tuple[str, str]]:
    """Item -> its points, empty where it awaits manual grading, and its maximum."""
    return {
        item.id: (_given(item, graded.hand), points_text(item.points))
        for item in (graded.record.items if graded.record else ())
    }


def _given(item: ItemRecord, hand: Mapping[str, HandGiven]) -> str:
    if item.status is Status.NEEDS_HAND and item.id not in hand:
        return ""
    return points_text(item_standing(item, hand).given)


def _line(cells: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
