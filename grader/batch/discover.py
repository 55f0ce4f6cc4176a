"""Find what was handed in, and for each student the one file that counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.batch.archive import read_archive
from grader.batch.claims import Claim
from grader.batch.conflicts import Person, persons
from grader.batch.plain import Files
from grader.batch.recognise import LAYOUTS, SYSTEMS, Place, recognise
from grader.batch.tree import GRADABLE, Member, Tree, file_member, read_folder, shown_path
from grader.errors import UsageError
from grader.names import clean_name, short_name

NOTHING = "no notebook and no module was handed in"
SHOWN = 5
"""File names in one note."""


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


def discover(sources: Sequence[Path], counts: Sequence[str] = (), layout: str = "") -> Discovery:
    """Every hand-in of folders, zips, notebooks and modules.

    Args:
        sources: Where they lie.
        counts: Ids in conflict that staff have decided for, as `persons` takes them.
        layout: One of `recognise.LAYOUTS`, where staff have said what the sources are.

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
    hand_ins = tuple(_chosen(person) for person in persons(claims, counts))
    if not any(hand_in.member for hand_in in hand_ins):
        raise UsageError(
            f"{', '.join(map(str, sources))}: must hold notebooks or modules, holds none"
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


def _is_archive(source: Path) -> bool:
    return source.suffix.casefold() == ".zip"


def _named_files(files: Sequence[Path], asked: str) -> Place:
    """Files that a person named one by one: each is somebody's, whatever it is called."""
    for file in files:
        if file.suffix.casefold() not in GRADABLE:
            raise UsageError(f"{file}: must be a notebook (.ipynb), a module (.py) or a zip")
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


def _chosen(person: Person) -> HandIn:
    """The one file of a student that counts, and in words what became of the others."""
    claims = person.claims
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
    usable = [claim for claim in claims if PurePosixPath(claim.file).suffix.casefold() in GRADABLE]
    if not usable:
        files = _listed([claim.file for claim in claims if claim.file])
        return replace(found, notes=(f"{NOTHING}, only {files}" if files else NOTHING,))
    latest: dict[str, Claim] = {}
    for claim in sorted(usable, key=lambda one: (one.attempt, *_precedence(one))):
        latest[_base(claim)] = claim
    chosen = max(latest.values(), key=_precedence)
    earlier = [one for one in usable if _base(one) == _base(chosen) and one is not chosen]
    others = [one for one in usable if _base(one) != _base(chosen)]
    file = short_name(chosen.file)
    notes = []
    if earlier:
        notes.append(
            f"attempt {chosen.attempt} counts, earlier: {_listed([one.file for one in earlier])}"
        )
    if others:
        notes.append(
            f"one file counts: {file}; not graded: {_listed([one.file for one in others])}"
        )
    if chosen.doubtful and (person.contested or chosen.others):
        notes.append(f"{shown_path(chosen.member.path)}: the name can be read in two ways")
    return replace(
        found,
        attempt=chosen.attempt,
        late=chosen.late,
        file=file,
        member=chosen.member,
        notes=tuple(notes),
    )


def _base(claim: Claim) -> str:
    """The file's name without its attempt: what a student hands in again under."""
    stem = claim.stem
    suffix = f"-{claim.attempt - 1}"
    return (stem.removesuffix(suffix) if claim.attempt > 1 else stem).casefold()


def _precedence(claim: Claim) -> tuple[bool, int, int, int, str]:
    """A notebook before a module; of two alike the later one, then the larger."""
    is_notebook = claim.file.casefold().endswith(".ipynb")
    return is_notebook, claim.attempt, claim.upload, claim.member.size, claim.file


def _listed(files: Sequence[str]) -> str:
    shown = [short_name(file) for file in sorted(files)[:SHOWN]]
    more = len(files) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
