"""Points for every member of a group, by the column of a roster that says who belongs together.

Rows with the same text in that column are one group, be it the group's name or a list of its
members. Where its members have submitted different files nothing is shared: staff decide.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import msgspec

from grader.errors import UsageError
from grader.names import one_line, same_name_key, shortened
from grader.report.interface import Graded
from grader.report.roster import Matched, match_rows
from grader.report.table import Table, read_table

OPTION = "--group-column"
LIKELY = ("group", "group name", "group_name", "members", "team")
"""Heads of such columns. They may as well name a tutorial, so nothing is shared unasked."""
NO_GROUP = {"-", "default group"}
"""What Moodle writes for students without a group."""
NAMES = ("name", "student", "full name")
SHOWN = 12
"""Members in one note, and groups that share."""


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
        UsageError: the roster has no such column.
    """
    if not column:
        return replace(matched, group_notes=tuple(_hint(table, matched)))
    rows = list(matched.rows)
    shared, unclear = [], []
    own_names = _by_group_name(run, matched)
    for key, (group, places) in _groups(table, column).items():
        members = [row for place in places if (row := matched.rows[place]) is not None]
        submitted = [one for one in (*members, *own_names.get(key, ())) if one.record is not None]
        works = {_work(one) for one in submitted}
        empty = [place for place in places if not _has_record(rows[place])]
        who = _listed(matched.ids[place] or names[place] for place in empty)
        if len(works) > 1 or (works and matched.blocked & set(places)):
            by = _listed(dict.fromkeys(one.student for one in submitted))
            more = f"; {who} get no points" if empty else ""
            unclear.append(
                f"group {group}: more than one submission or one in conflict ({by}), so none is "
                f"the group's{more}; look, and enter the points yourself"
            )
        elif works and empty:
            for place in empty:
                rows[place] = submitted[0]
            shared.append(f"group {group}: the points of {submitted[0].student} also go to {who}")
    if len(shared) > SHOWN:
        shared[SHOWN:] = [f"and so for {len(shared) - SHOWN} more groups"]
    return replace(matched, rows=tuple(rows), group_notes=(*unclear, *shared))


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
            known = {"student": student or name_cell, "name": name_cell}
            members.append(msgspec.structs.replace(new, **known, shared_by=new.student))
    return [*(one for one in run if id(one) not in replaced), *members], after


def _hint(table: Table, matched: Matched) -> Iterator[str]:
    for head in LIKELY:
        place = table.column(head)
        if place is not None and not all(map(_has_record, matched.rows)):
            name = one_line(table.heads[place])
            yield f"{OPTION} {name!r} would give the points of a submission to its whole group"


def _groups(table: Table, column: str) -> dict[str, tuple[str, list[int]]]:
    """Key of a group -> its name, and the rows of its members."""
    place = table.column(column)
    if place is None:
        heads = shortened(", ".join(repr(one_line(head)) for head in table.heads), 300)
        raise UsageError(f"{OPTION}: not in the roster: {column!r}; its columns are {heads}")
    groups: dict[str, tuple[str, list[int]]] = {}
    for number, row in enumerate(table.rows):
        key = same_name_key(row[place])
        if key and key not in NO_GROUP:
            groups.setdefault(key, (one_line(row[place]), []))[1].append(number)
    return groups


def _by_group_name(run: Sequence[Graded], matched: Matched) -> dict[str, list[Graded]]:
    """Submissions that are nobody's in the roster, by the key of their id."""
    taken = {id(one) for one in matched.rows}
    found: dict[str, list[Graded]] = {}
    for one in run:
        if id(one) not in taken and not one.contested:
            found.setdefault(same_name_key(one.student), []).append(one)
    return found


def _work(graded: Graded) -> tuple[str, bytes]:
    """Equal for the same file that was graded by hand in the same way."""
    sha256 = graded.record.submission.sha256 if graded.record else ""
    return sha256, msgspec.json.encode(graded.hand, order="deterministic")


def _has_record(graded: Graded | None) -> bool:
    return graded is not None and graded.record is not None


def _listed(names: Iterable[str]) -> str:
    shown = [one_line(name) for name in names]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
