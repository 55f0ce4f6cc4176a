"""What a folder or an archive turned out to be: the choice between layouts.

Each name at the top has one vote, so nobody decides for others by what lies in one folder.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.batch.claims import Claim, Layout
from grader.batch.gradescope import Gradescope
from grader.batch.layouts import (
    MOODLE_FOLDER,
    Canvas,
    Files,
    Folders,
    Moodle,
    folder_vote,
    holds_numbers,
)
from grader.batch.tree import METADATA, Member, Tree, shown_path
from grader.names import clean_name, short_name

GRADESCOPE_FOLDER = re.compile(r"submission_[0-9]+")
SYSTEMS = ("canvas", "moodle", "gradescope")
NAMED = 5
"""Names in one note."""
READINGS = {
    "student": "one student each",
    "folders": "a section of student folders each",
    "files": "a section with a file for each student",
}

Units = dict[str, list[Member]]
"""Name at the top -> what lies there; files that can't be graded are nobody's."""


@dataclass(frozen=True)
class Place:
    """What a source turned out to be."""

    layout: str
    """`canvas`, `moodle`, `gradescope`, `folders` or `files`."""
    claims: tuple[Claim, ...]
    notes: tuple[str, ...] = ()


def recognise(tree: Tree, source: str) -> Place:
    """Whose is which file of `tree`.

    Args:
        tree: All files of a folder or an archive.
        source: Its name, which tells equal names in two sources apart.

    Raises:
        UsageError: an export's metadata can't be read.
    """
    members, wrapper = _without_wrapper(tree.members)
    units = _units(members)
    layout, notes = _choose(members, units, source)
    claims: list[Claim] = []
    strays: dict[str, None] = {}
    plain = Folders(source)
    for member in members:
        read = layout.read(member)
        if not read and layout.name in SYSTEMS and member.path != PurePosixPath(METADATA):
            # Named in another way, by hand perhaps: graded all the same.
            read = plain.read(member)
            strays[member.path.parts[0]] = None
        claims += read
    if wrapper:
        notes.insert(0, f"everything lies in the folder {wrapper}, which is taken for no student")
    if strays:
        notes.append(f"not named as {layout.name} does, a student's each if any: {_named(strays)}")
    return Place(layout.name, tuple(layout.finish(claims)), tuple(notes))


def _choose(members: Sequence[Member], units: Units, source: str) -> tuple[Layout, list[str]]:
    """The layout that most names at the top follow, if more than half do; else plain ones.

    Every name that a system writes follows that system's layout, so a student can make the names
    of another one equal at most. Then the layout counts whose own part of the name comes first.
    """
    layouts = list(_candidates(members, units))
    follow = {
        layout.name: [unit for unit in units.values() if _follows(layout, unit)]
        for layout in layouts
    }

    def votes(layout: Layout) -> tuple[int, int]:
        following = follow[layout.name]
        return len(following), sum(_comes_first(layout, unit) for unit in following)

    best = max(layouts, key=votes)
    chosen = best if 2 * len(follow[best.name]) > len(units) else None
    notes = [
        f"{len(follow[layout.name])} of {len(units)} names also fit {layout.name}, and are not "
        "read that way"
        for layout in layouts
        if layout is not chosen and follow[layout.name]
    ]
    if chosen:
        return chosen, notes
    plain, more = _plain(units, source)
    return plain, [*notes, *more]


def _candidates(members: Sequence[Member], units: Units) -> Iterator[Layout]:
    """The layouts of systems; in a tie the earlier one counts."""
    metadata = [member for member in members if member.path == PurePosixPath(METADATA)]
    exported = sum(GRADESCOPE_FOLDER.fullmatch(name) is not None for name in units)
    # Anybody may hand in a file of that name.
    if metadata and 2 * exported > len(units):
        yield Gradescope(metadata[0])
    yield Canvas()
    yield Moodle()


def _follows(layout: Layout, unit: Sequence[Member]) -> bool:
    graded = [member for member in unit if member.gradable] or unit
    claims = [layout.read(member) for member in graded]
    if layout.name == Canvas.name and len(unit[0].path.parts) > 1:
        # A folder of Canvas's files is a section; one student's dated files look like one user's.
        students = {claim.student for claimed in claims for claim in claimed}
        if len(students) == 1 or MOODLE_FOLDER.fullmatch(unit[0].path.parts[0]):
            return False
    return all(claims)


def _comes_first(layout: Layout, unit: Sequence[Member]) -> bool:
    """Whether no display name holds numbers as another system would write them."""
    return not any(holds_numbers(claim.name) for member in unit for claim in layout.read(member))


def _plain(units: Units, source: str) -> tuple[Layout, list[str]]:
    """A folder for each student, sections with one for each, or a file for each."""
    folders = {
        name: folder_vote(unit) for name, unit in units.items() if len(unit[0].path.parts) > 1
    }
    votes = Counter(vote for vote in folders.values() if vote)
    if not any(member.gradable for name in folders for member in units[name]):
        return Files(source), []
    # In a tie the earlier one of these counts.
    reading = max(READINGS, key=lambda name: votes[name])
    odd = [name for name, vote in folders.items() if vote not in {"", reading}]
    notes = []
    if odd:
        notes.append(
            f"{len(folders)} folders are read as {READINGS[reading]}; look at {_named(odd)}, which "
            "could be read otherwise"
        )
    if len(folders) < len(units) and reading != "files":
        loose = [name for name in units if name not in folders]
        notes.append(f"beside the folders, each read as a student's: {_named(loose)}")
    if reading == "files":
        return Files(source), notes
    return Folders(source, 2 if reading == "folders" else 1), notes


def _units(members: Sequence[Member]) -> Units:
    units: Units = {}
    for member in members:
        if len(member.path.parts) > 1 or member.gradable:
            units.setdefault(member.path.parts[0], []).append(member)
    return units


def _without_wrapper(members: tuple[Member, ...]) -> tuple[tuple[Member, ...], str]:
    """Without folders that hold everything, archives often begin with one; and their path."""
    wrapper: list[str] = []
    while members:
        first = members[0].path.parts[0]
        gradable = [member for member in members if member.gradable]
        alone = len(gradable) == 1 and len(gradable[0].path.parts) == 2  # noqa: PLR2004 - a student's
        if (
            alone
            or any(
                len(member.path.parts) == 1 or member.path.parts[0] != first for member in members
            )
            or MOODLE_FOLDER.fullmatch(first)
            or GRADESCOPE_FOLDER.fullmatch(first)
        ):
            break
        wrapper.append(first)
        members = tuple(
            replace(member, path=PurePosixPath(*member.path.parts[1:])) for member in members
        )
    return members, shown_path(PurePosixPath(*wrapper)) if wrapper else ""


def _named(names: Sequence[str] | dict[str, None]) -> str:
    shown = [short_name(clean_name(name)) for name in list(names)[:NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
