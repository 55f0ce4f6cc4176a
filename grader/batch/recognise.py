"""What a folder or an archive turned out to be: the choice between layouts.

Each name at the top has one vote, so nobody decides for others by what lies in one folder.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.batch import brightspace, nbgrader
from grader.batch.blackboard import MARK as BLACKBOARD_MARK
from grader.batch.blackboard import Blackboard
from grader.batch.brightspace import Brightspace
from grader.batch.canvas import AnonymousCanvas, Canvas, is_dated, readings
from grader.batch.claims import Claim, Layout
from grader.batch.gradescope import Gradescope
from grader.batch.moodle import MOODLE_FOLDER, MOODLE_MARK, Moodle
from grader.batch.nbgrader import Exchange
from grader.batch.plain import READINGS, choose_plain, forced, named
from grader.batch.tree import METADATA, Member, Tree, shown_path
from grader.errors import UsageError

GRADESCOPE_FOLDER = re.compile(r"submission_[0-9]+")
SYSTEMS = (
    *("gradescope", "canvas-anonymous", "canvas", "moodle", "blackboard", "brightspace"),
    "nbgrader",
)
"""In a tie the earlier one counts."""
LAYOUTS = (*SYSTEMS, *READINGS)
OWN_FILES = {METADATA, brightspace.INDEX}
"""What systems put beside the folders."""
DEPTHS = {"folders": 2, "sections": 3}
"""Parts of the shortest path to a student's file, where staff have said what folders are."""

Units = dict[str, list[Member]]
"""Name at the top -> what lies there; files that can't be graded are nobody's."""


@dataclass(frozen=True)
class Place:
    """What a source turned out to be."""

    layout: str
    """One of `LAYOUTS`."""
    claims: tuple[Claim, ...]
    notes: tuple[str, ...] = ()


def recognise(tree: Tree, source: str, layout: str = "") -> Place:
    """Whose is which file of `tree`.

    Args:
        tree: All files of a folder or an archive.
        source: Its name, which tells equal names in two sources apart.
        layout: One of `LAYOUTS`, where staff have said what it is.

    Raises:
        UsageError: an export's metadata can't be read, or it is not what staff have said.
    """
    members, notes = _without_wrapper(tree.members, DEPTHS.get(layout, 0))
    units = _units(members)
    system, more = _choose(members, units, layout)
    notes += more
    claims: list[Claim] = []
    rest: list[Member] = []
    for member in members:
        read = system.read(member) if system else []
        claims += read
        if not read and not (len(member.path.parts) == 1 and member.path.name in OWN_FILES):
            rest.append(member)
    if system and layout and not claims:
        raise UsageError(
            f"--layout: {tree.name or 'what was given'} holds nothing named as {layout} names it; "
            "leave the option out or name another layout"
        )
    finished = [system.finish(claims)] if system else []
    plain, more = _plain(rest, source, layout)
    if system is None or rest:
        # Beside a system's names: named in another way, by hand perhaps; graded all the same.
        finished.append(plain.finish([claim for member in rest for claim in plain.read(member)]))
        notes += more
    if system and rest:
        strays = dict.fromkeys(member.path.parts[0] for member in rest)
        notes.append(f"not named as {system.name} does, a student's each if any: {named(strays)}")
    return Place(
        (system or plain).name,
        tuple(claim for one in finished for claim in one.claims),
        (*notes, *(note for one in finished for note in one.notes)),
    )


def _plain(members: Sequence[Member], source: str, layout: str) -> tuple[Layout, list[str]]:
    if layout in READINGS:
        return forced(layout, source), []
    return choose_plain(_units(members), source)


def _choose(
    members: Sequence[Member], units: Units, layout: str
) -> tuple[Layout | None, list[str]]:
    """The system's layout that most names at the top follow, if half of them do.

    Every name that a system writes follows that system's layout, so a student can make the names
    of another one equal at most. Then the layout counts whose own part of the name comes first.
    The rest is read in the same way with and without it, so nobody's file changes another's id.
    """
    if layout in READINGS:
        return None, []
    layouts = list(_candidates(members, units, layout))
    if layout:
        if not layouts:
            raise UsageError(f"--layout: {METADATA} is not there; export it from Gradescope again")
        return layouts[0], []
    follow = {layout.name: _following(layout, units) for layout in layouts}
    most = max(map(len, follow.values()))
    chosen = None
    if most and 2 * most >= len(units):
        chosen = max(
            (layout for layout in layouts if len(follow[layout.name]) == most),
            key=lambda layout: sum(_comes_first(layout, unit) for unit in follow[layout.name]),
        )
    notes = [
        f"{len(follow[layout.name])} of {len(units)} names also fit {layout.name}, and are not "
        f"read that way; --layout {layout.name} would"
        for layout in layouts
        if layout is not chosen and follow[layout.name]
    ]
    return chosen, notes


def _candidates(members: Sequence[Member], units: Units, layout: str) -> Iterator[Layout]:
    """The systems' layouts, or the one that is asked for."""
    metadata = [member for member in members if member.path == PurePosixPath(METADATA)]
    exported = sum(GRADESCOPE_FOLDER.fullmatch(name) is not None for name in units)
    # Anybody may hand in a file of that name.
    asked = layout == Gradescope.name
    if metadata and (asked or (not layout and 2 * exported > len(units))):
        yield Gradescope(metadata[0])
    systems: tuple[Layout, ...] = (
        *(AnonymousCanvas(), Canvas(), Moodle(), Blackboard(), Brightspace(), Exchange()),
    )
    yield from (system for system in systems if layout in {"", system.name})


def _following(layout: Layout, units: Units) -> list[list[Member]]:
    found = [unit for unit in units.values() if _follows(layout, unit)]
    if isinstance(layout, Canvas) and len(found) > 1:
        claims = [claim for unit in found for member in unit for claim in layout.read(member)]
        if len({(claim.student, claim.upload) for claim in claims}) == 1:
            # Such as `ps_1_2_anna.py` and `ps_1_2_bert.py`: no two files are one upload.
            return []
    return found


def _follows(layout: Layout, unit: Sequence[Member]) -> bool:
    graded = [member for member in unit if member.gradable] or unit
    claims = [layout.read(member) for member in graded]
    if isinstance(layout, Canvas | AnonymousCanvas) and len(unit[0].path.parts) > 1:
        # A folder of Canvas's files is a section; one student's dated files look like one user's.
        students = {claim.student for claimed in claims for claim in claimed}
        if len(students) == 1 or MOODLE_FOLDER.fullmatch(unit[0].path.parts[0]):
            return False
    if isinstance(layout, Canvas) and all(is_dated(member.path.name) for member in graded):
        return False
    return all(claims)


def _comes_first(layout: Layout, unit: Sequence[Member]) -> bool:
    """Whether no display name holds what another system would write."""
    return not any(_marked(claim.name) for member in unit for claim in layout.read(member))


def _marked(name: str) -> bool:
    return (
        MOODLE_MARK.search(f"{name}_") is not None
        or BLACKBOARD_MARK.search(f"{name}_") is not None
        or brightspace.NUMBERS.match(name) is not None
        or next(readings(f"{name}_x"), None) is not None
    )


def _units(members: Sequence[Member]) -> Units:
    units: Units = {}
    for member in members:
        if len(member.path.parts) > 1 or member.gradable:
            units.setdefault(member.path.parts[0], []).append(member)
    return units


def _without_wrapper(
    members: Sequence[Member], shortest: int
) -> tuple[Sequence[Member], list[str]]:
    """Without folders that hold everything, archives often begin with one; and what was left out.

    Args:
        members: Of the source.
        shortest: Parts of the shortest path to a student's file, where that is known.
    """
    wrapper: list[str] = []
    notes = []
    while members:
        tops = {member.path.parts[0]: len(member.path.parts) > 1 for member in members}
        first = next(iter(tops))
        if _is_course(tops):
            first = nbgrader.SUBMITTED
            notes.append(f"nbgrader's course folder: {first} alone is graded")
            members = [one for one in members if one.path.parts[0] == first]
        elif len(tops) > 1 or not tops[first] or _is_student(first, members, shortest):
            break
        else:
            wrapper.append(first)
        members = [
            replace(member, path=PurePosixPath(*member.path.parts[1:])) for member in members
        ]
        if first == nbgrader.SUBMITTED:
            break
    if wrapper:
        path = shown_path(PurePosixPath(*wrapper))
        notes.insert(0, f"everything lies in the folder {path}, which is taken for no student")
    return members, notes


def _is_course(tops: Mapping[str, bool]) -> bool:
    """Whether the folders at the top are those of a course in nbgrader."""
    folders = {name for name, is_folder in tops.items() if is_folder}
    return nbgrader.SUBMITTED in folders and len(folders) > 1 and folders <= nbgrader.COURSE_FOLDERS


def _is_student(folder: str, members: Sequence[Member], shortest: int) -> bool:
    """Whether the only folder is a student's rather than one around all students."""
    gradable = [member.path for member in members if member.gradable]
    named_by_a_system = (
        MOODLE_FOLDER.fullmatch(folder)
        or GRADESCOPE_FOLDER.fullmatch(folder)
        or brightspace.NUMBERS.match(folder)
        or nbgrader.EXCHANGE_FOLDER.fullmatch(folder)
    )
    alone = len(gradable) == 1 and len(gradable[0].parts) == 2  # noqa: PLR2004 - a student's
    return bool(named_by_a_system) or alone or any(len(path.parts) <= shortest for path in gradable)
