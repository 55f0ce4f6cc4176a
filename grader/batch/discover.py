"""Find what was handed in, and for each student the one file that counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.batch.archive import read_archive
from grader.batch.candidates import submitted
from grader.batch.choice import choose
from grader.batch.claims import Claim
from grader.batch.conflicts import Person, persons
from grader.batch.instead import SHOWN, describe_instead, listed
from grader.batch.level import SYSTEMS
from grader.batch.plain import Files
from grader.batch.recognise import LAYOUTS, Place, recognise
from grader.batch.tree import Member, Tree, file_member, is_zip, read_folder, shown_path
from grader.errors import UsageError
from grader.names import clean_name, short_name
from grader.submission import gradable_name


@dataclass(frozen=True)
class HandIn:
    """What counts of one student."""

    student: str
    name: str
    attempt: int
    late: bool
    file: str
    member: Member | None
    """None where nothing that can be graded was handed in."""
    notes: tuple[str, ...] = ()
    contested: str = ""
    """The id that this and something else claim; empty where there is no conflict."""
    decided: str = ""
    """What it was called in the conflict that staff have decided for it."""
    place: str = ""
    """What makes the claim: a folder, a file, a name in the system."""
    layout: str = ""
    """Name of the layout that makes the claim."""
    doubtful: bool = False
    """Whether a file's name could be another student's as well."""


@dataclass(frozen=True)
class Discovery:
    """All hand-ins of some places."""

    hand_ins: tuple[HandIn, ...]
    """By student."""
    layouts: tuple[str, ...]
    """What each place turned out to be, of `recognise.LAYOUTS`."""
    notes: tuple[str, ...]
    """What was passed over, and why."""


def discover(
    sources: Sequence[Path],
    counts: Sequence[str] = (),
    *,
    layout: str = "",
    names: Sequence[str] = (),
) -> Discovery:
    """Every hand-in of folders, zips, notebooks and modules.

    Args:
        sources: Where they lie.
        counts: Ids in conflict that staff have decided for, as `persons` takes them.
        layout: One of `recognise.LAYOUTS`, where staff have said what the sources are.
        names: That the rubric asks for; where a student has several files, the one that defines
            most of them is graded.

    Raises:
        UsageError: one of them is not there or can't be read, or nothing was handed in, or it is
            not laid out as staff have said.
    """
    if layout and layout not in LAYOUTS:
        raise UsageError(f"--layout: must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    places: list[Place] = []
    notes: list[str] = []
    used: Counter[str] = Counter()
    for tree in _trees(sources):
        used[tree.name] += 1
        # Two folders may have the same name.
        source = tree.name if used[tree.name] == 1 else f"{tree.name}#{used[tree.name]}"
        place = recognise(tree, source, layout)
        places.append(place)
        notes += [*tree.notes, *place.notes]
    files = [source for source in sources if source.is_file() and not _is_archive(source)]
    if files:
        places.append(_named_files(files, layout))
        notes += places[-1].notes
    claims = [claim for place in places for claim in place.claims]
    zips = [claim for claim in claims if _is_nobodys(claim)]
    if zips:
        notes.append(
            f"zips beside the students' files are not opened: {listed(_file(c) for c in zips)}; "
            "grade one that holds a class by itself, put one student's into a folder of its own"
        )
    chosen = [
        _chosen(person, names)
        for person in persons([claim for claim in claims if not _is_nobodys(claim)], counts)
    ]
    hand_ins = tuple(one.hand_in for one in chosen)
    notes += [
        f"{one.hand_in.student}: {one.hand_in.file} was chosen beside a file that can't be read: "
        f"{'; '.join(one.unread)}"
        for one in chosen
        if one.unread
    ]
    if not_latest := [one.later for one in chosen if one.later]:
        notes.append(f"the graded file is not the latest one of {listed(not_latest)}")
    if not any(hand_in.member for hand_in in hand_ins):
        why = [*notes, *(f"{one.student}: {'; '.join(one.notes)}" for one in hand_ins)][:SHOWN]
        raise UsageError(
            f"{', '.join(map(str, sources))}: holds no notebook and no module that can be graded; "
            f"{''.join(f'{note}; ' for note in why)}give the folder or zip with the submissions"
        )
    return Discovery(hand_ins, tuple(place.layout for place in places), tuple(notes))


def _trees(sources: Sequence[Path]) -> Iterator[Tree]:
    for source in sources:
        if source.is_dir():
            yield read_folder(source)
        elif not source.exists():
            raise UsageError(f"{source}: no such file or folder")
        elif _is_archive(source):
            yield read_archive(source)


def _is_nobodys(claim: Claim) -> bool:
    """Whether it is a zip among files of which each names a student: it may hold a class."""
    return claim.layout == Files.name and is_zip(claim.file)


def _file(claim: Claim) -> str:
    return shown_path(claim.member.path)


def _is_archive(source: Path) -> bool:
    return is_zip(source.name)


def _named_files(files: Sequence[Path], asked: str) -> Place:
    """Files that a person named one by one: each is somebody's, whatever it is called."""
    for file in files:
        if not gradable_name(file.name):
            raise UsageError(
                f"{file}: not a notebook (.ipynb), a module (.py) or a zip; give one of these"
            )
    files = list(dict.fromkeys(files))
    members = [file_member(file) for file in files]
    if len({member.path.stem for member in members}) == len(members):
        found = recognise(Tree("", tuple(members)), "", asked)
        if asked or (found.layout in SYSTEMS and len(members) > 1):
            return found
        layout = Files("")
        return Place(layout.name, tuple(claim for m in members for claim in layout.read(m)))
    # Several of one name: what tells them apart is where they lie.
    parts = [file.resolve().parts for file in files]
    shared = 0
    while len({path[: shared + 1] for path in parts}) == 1:
        shared += 1
    placed = [
        replace(member, path=PurePosixPath(*path[shared:]))
        for member, path in zip(members, parts, strict=True)
    ]
    tree = Tree("", tuple(sorted(placed, key=lambda member: member.path)))
    return recognise(tree, "", asked)


@dataclass(frozen=True)
class _Chosen:
    """What counts of a student, and what staff should know."""

    hand_in: HandIn
    later: str = ""
    """The graded file, where it is not the latest one."""
    unread: tuple[str, ...] = ()
    """Why other files can't be read."""


def _chosen(person: Person, names: Sequence[str]) -> _Chosen:
    """The one file of a student that is graded."""
    claims = person.claims
    files = submitted(claims)
    found = HandIn(
        student=person.student,
        name=short_name(clean_name(max((claim.name for claim in claims), key=len)).strip()),
        attempt=claims[0].attempt,
        late=any(claim.late for claim in claims),
        file=short_name(claims[0].file),
        member=None,
        contested=person.contested,
        decided=person.decided,
        place=claims[0].place,
        layout=claims[0].layout,
        doubtful=any(claim.doubtful for claim in claims),
    )
    if not files.candidates:
        return _Chosen(replace(found, notes=(describe_instead(files.others), *files.notes)))
    choice = choose(files.candidates, names)
    chosen = choice.candidate
    notes = [*choice.notes, *files.notes]
    if chosen.claim.doubtful and (person.contested or chosen.claim.others):
        notes.append(f"{shown_path(chosen.claim.member.path)}: the name can be read in two ways")
    hand_in = replace(
        found,
        attempt=chosen.claim.attempt,
        late=chosen.claim.late,
        file=short_name(chosen.name),
        member=chosen.lasting,
        notes=tuple(notes),
    )
    later = f"{person.student} ({chosen.shown}, not {listed(choice.later)})"
    unread = (*choice.unread, *files.unopened)
    return _Chosen(hand_in, later if choice.later else "", unread)
