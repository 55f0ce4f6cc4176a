"""What a folder or an archive turned out to be: the choice between layouts.

Each name at the top has one vote, so nobody decides for others by what lies in one folder. A
folder there may be a section: then a system's names are those in it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.batch.claims import Claim, ClassClaims, Layout
from grader.batch.gradescope import GRADESCOPE_FOLDER, Gradescope
from grader.batch.level import SYSTEMS, Level, above, sections_of, units_of
from grader.batch.plain import READINGS, choose_plain, forced, named
from grader.batch.tree import METADATA, Member, Tree
from grader.batch.wrapper import without_wrapper
from grader.errors import UsageError

LAYOUTS = (*SYSTEMS, *READINGS)
DEPTHS = {"folders": 2, "sections": 3}
"""Parts of the shortest path to a student's file, where staff have said what folders are."""

Sections = Mapping[str, Level]
"""Folder at the top -> what lies in it."""


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
    members, notes = without_wrapper(tree.members, DEPTHS.get(layout, 0))
    top = Level(members, layout)
    sections = {} if layout in READINGS else sections_of(top, layout)
    name, more = _choose(top, sections, layout)
    notes += more
    read, rest = _read(top, sections, name)
    if name and layout and not read.claims:
        raise UsageError(
            f"--layout: {tree.name or 'what was given'} holds nothing named as {layout} names it; "
            "leave the option out or name another layout"
        )
    # Beside a system's names: named in another way, by hand perhaps; graded all the same.
    split = {folder for folder, one in sections.items() if one.follows(name) or one.is_mixed()}
    plain, others = _plain(rest, split, source, layout)
    if name and rest:
        strays = dict.fromkeys(member.path.parts[0] for member in rest)
        notes.append(f"not named as {name} does, a student's each if any: {named(strays)}")
    return Place(
        name or plain.name,
        (*read.claims, *others.claims),
        (*notes, *read.notes, *others.notes),
    )


def _choose(top: Level, sections: Sections, layout: str) -> tuple[str, list[str]]:
    """The system that most names at the top follow, if half of them do; else an empty string.

    Every name that a system writes follows that system's layout, so a student can make the names
    of another one equal at most. Then the layout counts whose own part of the name comes first.
    The rest is read in the same way with and without it, so nobody's file changes another's id.
    """
    if layout in READINGS:
        return "", []
    if layout:
        if layout not in top.layouts:
            raise UsageError(f"--layout: {METADATA} is not there; export it from Gradescope again")
        return layout, []
    fitting = {
        name: [folder for folder, section in sections.items() if section.is_section(name)]
        for name in top.layouts
    }
    # One folder of several may be a student's, with whatever names in it.
    follow = {
        name: [*names, *(fitting[name] if 2 * len(fitting[name]) > len(sections) else ())]
        for name, names in top.following.items()
    }
    most = max(map(len, follow.values()))
    chosen = ""
    if most and 2 * most >= len(top.units):
        chosen = max(
            (name for name in follow if len(follow[name]) == most),
            key=lambda name: sum(_comes_first(top, sections, name, one) for one in follow[name]),
        )
    notes = [
        f"{len(names)} of {len(top.units)} names also fit {name}, and are not "
        f"read that way; --layout {name} would"
        for name, within in fitting.items()
        if name != chosen and (names := [*top.following[name], *within])
    ]
    return chosen, [*notes, *_unread_exports(top, sections, chosen)]


def _comes_first(top: Level, sections: Sections, name: str, unit: str) -> bool:
    if unit in top.following[name]:
        return top.comes_first(name, unit)
    return all(sections[unit].comes_first(name, one) for one in sections[unit].following[name])


def _unread_exports(top: Level, sections: Sections, chosen: str) -> list[str]:
    """What staff should know where Gradescope's folders are there and are not read as such."""
    notes = []
    folders = [name for name in top.units if GRADESCOPE_FOLDER.fullmatch(name)]
    if folders and chosen != Gradescope.name:
        known = any(str(member.path) == METADATA for member in top.members)
        notes.append(
            f"{named(folders)}: named as Gradescope does, but "
            + (
                "most other names are not; --layout gradescope would read them so"
                if known
                else f"{METADATA} is not beside them, so it is not known whose they are; export "
                "it from Gradescope again"
            )
        )
    exports = [
        folder
        for folder, one in sections.items()
        if any(str(member.path) == METADATA for member in one.members)
        and any(GRADESCOPE_FOLDER.fullmatch(name) for name in one.units)
    ]
    if exports:
        notes.append(
            f"{named(exports)}: an export of Gradescope is read by itself alone; give that folder, "
            "and a new one with --out"
        )
    return notes


def _read(top: Level, sections: Sections, name: str) -> tuple[ClassClaims, list[Member]]:
    """What the system claims, and what it doesn't name; nothing is claimed without a system."""
    if not name:
        return ClassClaims([]), list(top.members)
    claims, rest = top.read(name)
    known = {folder for folder, section in sections.items() if section.follows(name)}
    rest = [member for member in rest if member.path.parts[0] not in known]
    whole: dict[int, Member] = {}
    for folder in known:
        found, strays = sections[folder].read(name)
        whole |= {id(one): above(folder, one) for one in sections[folder].members}
        claims += found
        rest += [whole[id(one)] for one in strays]
    read = top.layouts[name].finish(claims)
    return ClassClaims([_placed(one, whole) for one in read.claims], read.notes), rest


def _placed(claim: Claim, whole: Mapping[int, Member]) -> Claim:
    """The claim; one made in a section says so.

    The section may be one student's folder: nobody's file replaces what another folder holds.
    """
    member = whole.get(id(claim.member))
    if member is None:
        return claim
    return replace(claim, member=member, place=f"{claim.place} in {member.path.parts[0]}")


def _plain(
    rest: Sequence[Member], split: Collection[str], source: str, layout: str
) -> tuple[Layout, ClassClaims]:
    """What no system has named.

    Args:
        rest: The files.
        split: Folders in which systems have named files of several students: whatever others are,
            each file and folder in these is a student's.
        source: Tells equal names in two sources apart.
        layout: One of `LAYOUTS`, where staff have said what it is.
    """
    notes: list[str] = []
    if layout in READINGS:
        plain = forced(layout, source)
    else:
        units = units_of([member for member in rest if member.path.parts[0] not in split])
        plain, notes = choose_plain(units, source)
    deep = forced("sections", source)
    claims = [
        claim
        for member in rest
        for claim in (deep if member.path.parts[0] in split else plain).read(member)
    ]
    finished = plain.finish(claims)
    if mixed := dict.fromkeys(one.path.parts[0] for one in rest if one.path.parts[0] in split):
        notes.append(
            f"check who is who: a system has named files of several students in {named(mixed)}, so "
            "what lies there is taken for a student's each; if it is wrong, grade into a new "
            "folder with --layout folders or --layout and the system"
        )
    return plain, ClassClaims(finished.claims, [*notes, *finished.notes])
