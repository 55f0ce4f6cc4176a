"""Points for the gradebook of Canvas, in the rows of the file that Canvas exported.

The file holds the columns that name a student and the assignment's, as Canvas' importer asks; no
other assignment is touched. The rows "Points Possible" and "Manual Posting" stay as they were.
"""

import re
from collections.abc import Iterable

from grader.errors import UsageError
from grader.report.clean import csv_text, one_line, shortened
from grader.report.groups import share_points
from grader.report.interface import Graded
from grader.report.roster import (
    Gradebook,
    is_unfinished,
    match_rows,
    name_key,
    standing_of,
    unmatched,
)
from grader.report.table import Table, read_table, write_table
from grader.report.text import points_text

IDENTITY = (
    "Student",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Integration ID",
    "Root Account",
    "Section",
)
IDENTIFIERS = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
_NUMBERED = re.compile(r"\s*\(\d+\)$")
WHERE = "--roster"


def canvas_gradebook(
    run: Iterable[Graded], roster: bytes, assignment: str = "", group_column: str = ""
) -> Gradebook:
    """The exported gradebook with the assignment's column filled in.

    Args:
        run: The hand-ins.
        roster: The CSV file that Canvas exported for the course.
        assignment: The assignment's name in Canvas, with or without its number; the run's title
            where not given.
        group_column: The head of a column that staff have added, see `share_points`.

    Raises:
        UsageError: the file is no gradebook of Canvas, or has no such assignment.
    """
    hand_ins = list(run)
    records = [graded.record for graded in hand_ins if graded.record is not None]
    table = read_table(roster, WHERE)
    student, places = _places(table)
    column = _assignment(table, assignment or (records[0].title if records else ""))
    identifiers = [place for name in IDENTIFIERS if (place := table.column(name)) is not None]
    names = [row[student] for row in table.rows]
    matched = match_rows(
        hand_ins, [[row[place] for row in table.rows] for place in identifiers], names
    )
    matched = share_points(hand_ins, matched, table, names, group_column)
    rows, ungraded, unfinished, notes = [], [], [], matched.notes
    for row, graded in zip(table.rows, matched.rows, strict=True):
        cell, standing = row[column], standing_of(graded)
        if not any(row[place].strip() for place in identifiers):
            if name_key(row[student]) == name_key("Points Possible"):
                notes += _note_of_worth(cell, records[0].total if records else None)
        elif standing is None:
            ungraded.append(one_line(row[student]))
        else:
            cell = csv_text(points_text(standing.given))
        if graded is not None and is_unfinished(graded):
            unfinished.append(graded.student)
        rows.append([*(row[place] for place in places), cell])
    heads = [*(table.heads[place] for place in places), table.heads[column]]
    return Gradebook(
        content=write_table(heads, rows, table),
        unmatched=unmatched(hand_ins, matched),
        ungraded=tuple(ungraded),
        unfinished=tuple(dict.fromkeys(unfinished)),
        contested=matched.contested,
        notes=tuple(notes),
    )


def _places(table: Table) -> tuple[int, list[int]]:
    places = [place for name in IDENTITY if (place := table.column(name)) is not None]
    student = table.column("Student")
    if student is None or table.column("ID") is None:
        raise UsageError(
            f"{WHERE}: must have the columns Student and ID, got {_listed(table.heads)}; export "
            "the gradebook of Canvas as CSV"
        )
    return student, places


def _assignment(table: Table, wanted: str) -> int:
    names = {_bare(wanted), wanted.strip().casefold()}
    found = [
        place
        for place, head in enumerate(table.heads)
        if head.strip().casefold() in names or _bare(head) in names
    ]
    exact = [place for place in found if table.heads[place].strip() == wanted.strip()]
    if len(exact or found) != 1:
        numbered = [head for head in table.heads if _NUMBERED.search(head)]
        raise UsageError(
            f"--assignment: must name one column of the roster, got {wanted!r}, which names "
            f"{len(found)}; the assignments there are {_listed(numbered)}"
        )
    return (exact or found)[0]


def _bare(head: str) -> str:
    """An assignment's name without the number that Canvas adds."""
    return _NUMBERED.sub("", head.strip()).casefold()


def _note_of_worth(cell: str, total: float | None) -> list[str]:
    try:
        worth = float(cell.strip())
    except ValueError:
        return []
    if total is None or worth == total:
        return []
    worths = f"{points_text(worth)} points in the gradebook and {points_text(total)} in the rubric"
    return [f"the assignment is worth {worths}"]


def _listed(names: Iterable[str]) -> str:
    return shortened(", ".join(repr(one_line(name)) for name in names), 300) or "none"
