"""Points for every member of a group, by the column of a roster that says who belongs together.

Rows with the very same text in that column are one group, be it the group's name or a list of its
members. Where its members have submitted different files nothing is shared: staff decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from grader.names import one_line, short_name
from grader.report.group_names import OPTION, SHOWN, listed, notes_on_alike, read_groups
from grader.report.interface import Graded
from grader.report.roster import Matched, match_rows
from grader.report.table import Table, read_table

LIKELY = ("group", "group name", "group_name", "members", "team")
"""Heads of such columns. They may as well name a tutorial, so nothing is shared unasked."""
NAMES = ("name", "student", "full name")


def share_points(
    run: Sequence[Graded], matched: Matched, table: Table, names: Sequence[str], column: str
) -> Matched:
    """The rows with the submission of a group in each row of a member who has none.

    It is one that a member, or somebody named as the group is, has submitted.

    Args:
        run: All submissions.
        matched: Which one belongs into which row.
        table: The roster.
        names: The student's name in each row.
        column: The head of the column of groups; where empty, nothing is shared.

    Raises:
        UsageError: the roster has no such column, or several.
    """
    if not column:
        return replace(matched, group_notes=tuple(_hint(table, matched)))
    rows = list(matched.rows)
    called = [student or name for student, name in zip(matched.ids, names, strict=True)]
    groups = read_groups(run, matched, table, column)
    shared, unclear = [], []
    # The largest first: it may be no group at all.
    for group in sorted(groups, key=lambda group: -len(group.places)):
        title = f"group {short_name(one_line(group.text))}"
        members = [row for place in group.places if (row := matched.rows[place]) is not None]
        submitted = [one for one in (*members, *group.named) if one.record is not None]
        empty = {place: called[place] for place in group.places if not _has_record(rows[place])}
        blocked = matched.blocked & set(group.places)
        doubt = group.doubt if empty else ""
        if not group.doubt and (blocked or len({_work(one) for one in submitted}) > 1):
            doubt = "more than one submission, or a member in conflict or in two rows"
        if doubt and (submitted or (blocked and empty.keys() - blocked)):
            by = listed(dict.fromkeys(one.student for one in submitted)) or "none that counts"
            more = f"; {listed(empty.values())} get no points" if empty else ""
            unclear.append(
                f"{title}: {doubt} ({by}), so none is the group's{more}; look, and enter the "
                "points yourself"
            )
        elif submitted and empty and not doubt:
            for place in empty:
                rows[place] = submitted[0]
            by = listed([submitted[0].student])
            shared.append(f"{title}: the points of {by} also go to {listed(empty.values())}")
    if len(shared) > SHOWN:
        shared[SHOWN:] = [f"and so for {len(shared) - SHOWN} more groups"]
    notes = (*unclear, *shared, *notes_on_alike(groups, called))
    return replace(matched, rows=tuple(rows), group_notes=notes)


def with_members(run: Sequence[Graded], roster: bytes, column: str) -> tuple[list[Graded], Matched]:
    """The run with a submission for each member of a group, for a table of all students.

    Args:
        run: All submissions.
        roster: A CSV file with a column of groups, and at least one that holds the run's ids.
        column: The head of the column of groups.

    Raises:
        UsageError: it is no such file.
    """
    table = read_table(roster, "--roster")
    name = next((place for head in NAMES if (place := table.column(head)) is not None), None)
    names = ["" if name is None else row[name] for row in table.rows]
    columns = [
        [row[place] for row in table.rows]
        for place in range(len(table.heads))
        if place not in {name, table.column(column)}
    ]
    # Where no id is found, since groups are named: an identifier is another one in each row.
    columns.sort(key=lambda cells: -len(set(cells)))
    before = match_rows(run, columns, names)
    after = share_points(run, before, table, names, column)
    members, replaced = [], set()
    for old, new, student, name_cell in zip(before.rows, after.rows, after.ids, names, strict=True):
        if new is not None and new is not old:
            replaced.add(id(old))
            # A name is no identifier: it may be written as another's.
            known = {"student": student, "name": name_cell}
            members.append(msgspec.structs.replace(new, **known, shared_by=new.student))
    return [*(one for one in run if id(one) not in replaced), *members], after


def _hint(table: Table, matched: Matched) -> Iterator[str]:
    for head in LIKELY:
        place = table.column(head)
        if place is not None and not all(map(_has_record, matched.rows)):
            name = one_line(table.heads[place])
            yield f"{OPTION} {name!r} would give the points of a submission to its whole group"


def _work(graded: Graded) -> tuple[str, bytes]:
    """Equal for the same file that was graded by hand in the same way."""
    sha256 = graded.record.submission.sha256 if graded.record else ""
    return sha256, msgspec.json.encode(graded.hand, order="deterministic")


def _has_record(graded: Graded | None) -> bool:
    return graded is not None and graded.record is not None
