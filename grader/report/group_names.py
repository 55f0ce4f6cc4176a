"""Who is in which group of a roster, and which submissions are named as a group is.

Students may choose the names of their groups. So only the very same text is the same group, without
a change of spaces or normal forms: whoever names a group almost as another gets nothing of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.errors import UsageError
from grader.names import clean_name, first_few, one_line, same_name_key, short_name, shortened
from grader.report.interface import Graded
from grader.report.roster import Matched
from grader.report.table import Table

OPTION = "--group-column"
NO_GROUP = frozenset(
    {
        # Of Moodle, in English as its worksheet has to be.
        "default group",
        "member of more than one group, so unable to make submissions.",
        "not a member of any group, so unable to make submissions.",
        # Of persons and spreadsheets.
        *("-", "–", "—", "?", "0", "none", "null", "nan", "na", "n/a", "#n/a"),  # noqa: RUF001
        *("no group", "no team", "not in a group", "unassigned", "ungrouped"),
    }
)
"""What stands in the row of a student without a group, by `same_name_key`."""
LARGEST = 10
"""Members of a group. What more rows have is a tutorial, or means that there is no group."""
NAMED_BY_PERSONS = frozenset({"", "folders", "sections", "files"})
"""Layouts whose ids may be names of groups; where a system writes them they are students."""
SHOWN = 12
"""Of each kind in a note, and notes of each kind."""


@dataclass(frozen=True)
class Group:
    """Rows of a roster with the same text."""

    text: str
    places: tuple[int, ...]
    """Rows of its members."""
    named: tuple[Graded, ...] = ()
    """Submissions in nobody's row that are called as the group is, or almost."""
    doubt: str = ""
    """Why nothing may be shared, whatever members have submitted; empty if it may."""


def read_groups(run: Sequence[Graded], matched: Matched, table: Table, column: str) -> list[Group]:
    """The groups of a roster.

    Args:
        run: All submissions.
        matched: Which one belongs into which row.
        table: The roster.
        column: The head of the column of groups.

    Raises:
        UsageError: the roster has no such column, or several.
    """
    texts = _texts(table, column)
    taken = {id(one) for one in matched.rows}
    left: dict[str, list[Graded]] = {}
    for one in run:
        if id(one) not in taken and one.layout in NAMED_BY_PERSONS:
            left.setdefault(same_name_key(one.contested or one.student), []).append(one)
    # Two texts may be one id, which has no spaces around it and escapes for what can't be seen.
    ids = Counter(map(_as_id, texts))
    by_group = sum(one.student in ids for found in left.values() for one in found)
    by_student = sum(row is not None for row in matched.rows)
    groups = []
    for text, places in texts.items():
        named = tuple(left.get(same_name_key(text), ()))
        doubt = ""
        if same_name_key(text) in NO_GROUP:
            doubt = "taken for no group"
        elif len(places) > LARGEST:
            doubt = f"{len(places)} members, more than {LARGEST}"
        elif any(one.contested for one in named):
            doubt = "what is named so is in conflict"
        elif any(one.student != _as_id(text) for one in named) or (named and ids[_as_id(text)] > 1):
            doubt = "a submission is named almost so"
        elif named and by_group <= by_student:
            doubt = "most submissions are named as students, so this may be one, too"
        groups.append(Group(text, tuple(places), named, doubt))
    return groups


def notes_on_alike(groups: Iterable[Group], members: Sequence[str]) -> Iterator[str]:
    """Groups that a reader may take for one.

    Args:
        groups: Of the roster.
        members: What each row is called.
    """
    alike: dict[str, list[Group]] = {}
    for group in groups:
        alike.setdefault(same_name_key(group.text), []).append(group)
    for key, found in alike.items():
        if len(found) > 1 and key not in NO_GROUP:
            each = (
                f"{short_name(group.text)!r} ({listed(members[place] for place in group.places)})"
                for group in found
            )
            yield (
                "groups whose names differ in capitals, spaces or the like share nothing: "
                f"{first_few(each, SHOWN)}; if they are one, write the name in one way in "
                "the roster"
            )


def listed(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    return first_few((short_name(one_line(name)) for name in names), SHOWN)


def _texts(table: Table, column: str) -> dict[str, list[int]]:
    """Text of a group -> the rows that have it."""
    wanted = column.casefold()
    found = [place for place, head in enumerate(table.heads) if head.strip().casefold() == wanted]
    if len(found) != 1:
        heads = shortened(", ".join(repr(one_line(head)) for head in table.heads), 300)
        wrong = "several columns of the roster have the head" if found else "not in the roster:"
        raise UsageError(f"{OPTION}: {wrong} {column!r}; its columns are {heads}")
    texts: dict[str, list[int]] = {}
    for number, row in enumerate(table.rows):
        if same_name_key(row[found[0]]):
            texts.setdefault(row[found[0]], []).append(number)
    return texts


def _as_id(text: str) -> str:
    """What a student is called whose folder has this name."""
    return short_name(clean_name(text).strip())
