"""Names beside each other, at the top of a download or in a section, and the systems they fit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from grader.batch import brightspace
from grader.batch.blackboard import MARK as BLACKBOARD_MARK
from grader.batch.blackboard import Blackboard
from grader.batch.brightspace import Brightspace
from grader.batch.canvas import AnonymousCanvas, Canvas, are_several_users, is_dated, readings
from grader.batch.claims import Claim, Layout
from grader.batch.gradescope import GRADESCOPE_FOLDER, Gradescope
from grader.batch.moodle import MOODLE_MARK, Moodle
from grader.batch.nbgrader import Exchange
from grader.batch.tree import METADATA, Member

SYSTEMS = (
    *("gradescope", "canvas-anonymous", "canvas", "moodle", "blackboard", "brightspace"),
    "nbgrader",
)
"""In a tie the earlier one counts."""
OWN_FILES = {METADATA, brightspace.INDEX}
"""What systems put beside the folders."""

Units = dict[str, list[Member]]
"""Name -> what lies there; files that can't be graded are nobody's."""


class Level:
    """Names beside each other, and which of them follow which system."""

    def __init__(self, members: Sequence[Member], asked: str = "", *, top: bool = True) -> None:
        """Look at the names.

        Args:
            members: Their paths begin at this level.
            asked: The one layout to look for; empty: all systems'.
            top: Whether it is the top, where alone Gradescope's metadata are read: a section may
                be one student's folder.

        Raises:
            UsageError: an export's metadata can't be read.
        """
        self.members = members
        self.units = units_of(members)
        self.layouts = {
            layout.name: layout for layout in _candidates(members, self.units, asked, top=top)
        }
        self.following = {
            name: _following(layout, self.units) for name, layout in self.layouts.items()
        }

    @property
    def followers(self) -> set[str]:
        """Names that follow a system, whichever it is."""
        return {unit for names in self.following.values() for unit in names}

    def follows(self, name: str) -> bool:
        """Whether at least half of the names follow the system `name`."""
        return bool(self._claims(name)) and 2 * len(self.following[name]) >= len(self.units)

    def is_section(self, name: str) -> bool:
        """Whether it has a vote for that system."""
        return self.follows(name) and (name != Canvas.name or self._has_several(name))

    def is_mixed(self) -> bool:
        """Whether systems have named files of several students in it."""
        return any(self._has_several(name) for name in self.layouts)

    def _has_several(self, name: str) -> bool:
        if name == Canvas.name:
            files = [one.path.name for one in self.members if len(one.path.parts) == 1]
            return are_several_users(files)
        return len({claim.student for claim in self._claims(name)}) > 1

    def comes_first(self, name: str, unit: str) -> bool:
        """Whether no display name in `unit` holds what another system would write."""
        read = self.layouts[name].read
        return not any(_marked(claim.name) for one in self.units[unit] for claim in read(one))

    def read(self, name: str) -> tuple[list[Claim], list[Member]]:
        """What the system claims, and the files that it doesn't name."""
        claims: list[Claim] = []
        rest: list[Member] = []
        for member in self.members:
            found = self.layouts[name].read(member) if name in self.layouts else []
            claims += found
            if not found and not (len(member.path.parts) == 1 and member.path.name in OWN_FILES):
                rest.append(member)
        return claims, rest

    def _claims(self, name: str) -> list[Claim]:
        layout = self.layouts.get(name)
        return [claim for one in self.members for claim in layout.read(one)] if layout else []


def sections_of(top: Level, asked: str) -> dict[str, Level]:
    """The folders at the top that no system has named, each with what lies in it."""
    return {
        folder: Level([below(member) for member in unit], asked, top=False)
        for folder, unit in top.units.items()
        if len(unit[0].path.parts) > 1 and folder not in top.followers
    }


def below(member: Member) -> Member:
    """`member` by its path in the folder at the top."""
    return replace(member, path=PurePosixPath(*member.path.parts[1:]))


def above(folder: str, member: Member) -> Member:
    """`member` of `folder`, by its path at the top."""
    return replace(member, path=PurePosixPath(folder, *member.path.parts))


def units_of(members: Sequence[Member]) -> Units:
    """The members by the first part of their paths."""
    units: Units = {}
    for member in members:
        if len(member.path.parts) > 1 or member.gradable:
            units.setdefault(member.path.parts[0], []).append(member)
    return units


def _candidates(
    members: Sequence[Member], units: Units, asked: str, *, top: bool
) -> Iterator[Layout]:
    """The systems' layouts, or the one that is asked for."""
    metadata = [member for member in members if member.path == PurePosixPath(METADATA)]
    exported = sum(GRADESCOPE_FOLDER.fullmatch(name) is not None for name in units)
    # Anybody may hand in a file of that name.
    is_export = not asked and exported and 2 * exported >= len(units)
    if top and metadata and (asked == Gradescope.name or is_export):
        yield Gradescope(metadata[0])
    systems: tuple[Layout, ...] = (
        *(AnonymousCanvas(), Canvas(), Moodle(), Blackboard(), Brightspace(), Exchange()),
    )
    yield from (system for system in systems if asked in {"", system.name})


def _following(layout: Layout, units: Mapping[str, Sequence[Member]]) -> list[str]:
    found = [name for name, unit in units.items() if _follows(layout, unit)]
    if isinstance(layout, Canvas) and len(found) > 1:
        claims = [claim for name in found for one in units[name] for claim in layout.read(one)]
        if len({(claim.student, claim.upload) for claim in claims}) == 1:
            # Such as `ps_1_2_anna.py` and `ps_1_2_bert.py`: no two files are one upload.
            return []
    return found


def _follows(layout: Layout, unit: Sequence[Member]) -> bool:
    graded = [member for member in unit if member.gradable] or unit
    if isinstance(layout, Canvas) and all(is_dated(member.path.name) for member in graded):
        return False
    return all(layout.read(member) for member in graded)


def _marked(name: str) -> bool:
    return (
        MOODLE_MARK.search(f"{name}_") is not None
        or BLACKBOARD_MARK.search(f"{name}_") is not None
        or brightspace.NUMBERS.match(name) is not None
        or next(readings(f"{name}_x"), None) is not None
    )
