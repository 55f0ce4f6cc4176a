"""Points and feedback for Moodle, in the rows of the grading worksheet that it exported.

Moodle's importer finds a student by the column Identifier and asks for the worksheet's other
columns too, so the whole worksheet is written back; only Grade and Feedback comments change.
Moodle reads a comment as HTML, so every text in it is escaped as such.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from grader.errors import UsageError
from grader.model import Status
from grader.report.clean import csv_text, one_line, shortened
from grader.report.groups import share_points
from grader.report.interface import Graded
from grader.report.roster import (
    Gradebook,
    is_unfinished,
    match_rows,
    standing_of,
    unmatched,
)
from grader.report.standing import Part
from grader.report.table import Table, read_table, write_table
from grader.report.text import MARKS, points_text
from grader.report.view import item_points

IDENTIFIERS = ("Identifier", "ID number", "Email address", "Username")
NEEDED = ("Identifier", "Grade")
WHERE = "--roster"
MOST_COMMENT = 8000
"""Characters of a comment."""


def moodle_worksheet(run: Iterable[Graded], roster: bytes, group_column: str = "") -> Gradebook:
    """The exported grading worksheet with grades and comments filled in.

    A comment that a person wrote is kept; one of an earlier export is replaced.

    Args:
        run: The hand-ins.
        roster: The worksheet that Moodle exported for the assignment, in English.
        group_column: The head of its column of groups, see `share_points`.

    Raises:
        UsageError: the file is no such worksheet.
    """
    table = read_table(roster, WHERE)
    missing = [name for name in NEEDED if table.column(name) is None]
    if missing:
        raise UsageError(
            f"{WHERE}: must have the columns {' and '.join(NEEDED)}, got "
            f"{shortened(', '.join(map(repr, table.heads)), 300)}; download Moodle's grading "
            "worksheet, with Moodle's language set to English"
        )
    hand_ins = list(run)
    names = [_cell(table, row, "Full name") for row in table.rows]
    matched = match_rows(hand_ins, _identifiers(table), names)
    matched = share_points(hand_ins, matched, table, names, group_column)
    rows, ungraded, unfinished, notes = [], [], [], matched.notes
    for row, name, graded in zip(table.rows, names, matched.rows, strict=True):
        standing = standing_of(graded)
        who = one_line(name or _cell(table, row, "Identifier"))
        filled = list(row)
        if graded is None or standing is None:
            ungraded.append(who)
        elif _cell(table, row, "Grade can be changed").strip().casefold() == "no":
            notes.append(f"{who}: Moodle does not let this grade be changed")
        else:
            notes += _fill(table, filled, graded, standing.given)
        if graded is not None and is_unfinished(graded):
            unfinished.append(graded.student)
        rows.append(filled)
    return Gradebook(
        content=write_table(table.heads, rows, table),
        unmatched=unmatched(hand_ins, matched),
        ungraded=tuple(ungraded),
        unfinished=tuple(dict.fromkeys(unfinished)),
        contested=matched.contested,
        notes=tuple(notes),
    )


def _fill(table: Table, row: list[str], graded: Graded, given: float) -> Iterator[str]:
    """Write grade and comment into `row`; yields what the reader should know."""
    grade, comments = table.column("Grade"), table.column("Feedback comments")
    comma = "," in _cell(table, row, "Maximum Grade")
    if grade is not None:
        points = points_text(given)
        row[grade] = csv_text(points.replace(".", ",") if comma else points)
    if comments is None:
        return
    kept = row[comments].strip()
    if kept and not kept.removeprefix("<p>").startswith(_opening(graded)):
        yield f"{graded.student}: the comment that is there was kept"
    else:
        row[comments] = csv_text(_joined(_comment(graded)))


def _joined(lines: Iterable[str]) -> str:
    """The lines, as many as fit; never a part of one, which could cut a tag."""
    comment = ""
    for line in lines:
        if len(comment) + len(line) > MOST_COMMENT:
            return f"{comment}<br>…"
        comment = f"{comment}<br>{line}" if comment else line
    return comment


def _identifiers(table: Table) -> list[list[str]]:
    columns = [
        [row[place] for row in table.rows]
        for name in IDENTIFIERS
        if (place := table.column(name)) is not None
    ]
    # Moodle's download names the folder of "Participant 123" by the number alone.
    numbers = [_cell(table, row, "Identifier").rpartition(" ")[2] for row in table.rows]
    return [*columns, numbers]


def _cell(table: Table, row: Sequence[str], name: str) -> str:
    place = table.column(name)
    return row[place] if place is not None else ""


def _opening(graded: Graded) -> str:
    return escape(one_line(graded.record.title if graded.record else "")) + ": "


def _comment(graded: Graded) -> Iterator[str]:
    """Lines of HTML: points, then what was lost in each item and the hint."""
    record = graded.record
    if record is None:
        return
    yield (
        f"{_opening(graded)}{points_text(record.score)} of {points_text(record.auto_points)} "
        "points that are checked automatically"
    )
    for item in record.items:
        given = graded.hand.get(item.id)
        if item.status in {Status.PASSED, Status.NEEDS_HAND} and given is None:
            continue
        title = escape(one_line(f"{item.id} {item.title}"))
        yield f"<b>{title}</b>: {MARKS[item.status]}, {item_points(item, graded.hand)}"
        parts: tuple[Part, ...] = (item, *item.checks)
        for part in parts:
            if part.status is not Status.GRADER_FAULT:
                yield from (escape(one_line(text)) for text in (part.feedback, part.hint) if text)
        if given and given.comment:
            yield escape(one_line(given.comment))
