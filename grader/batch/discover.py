"""Find what was handed in, and for each student the one file that counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.batch.archive import read_archive
from grader.batch.layouts import Claim, Layout, recognise
from grader.batch.tree import GRADABLE, Member, Tree, file_member, read_folder
from grader.errors import UsageError

NOTHING = "no notebook and no module was handed in"
LMS = ("canvas", "moodle", "gradescope")
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


@dataclass(frozen=True)
class Discovery:
    """All hand-ins of some places."""

    hand_ins: tuple[HandIn, ...]
    """By student."""
    layouts: tuple[str, ...]
    """What each place turned out to be: `canvas`, `moodle`, `gradescope`, `folders`, `files`."""
    notes: tuple[str, ...]
    """What was passed over, and why."""


def discover(sources: Sequence[Path]) -> Discovery:
    """Every hand-in of folders, zips, notebooks and modules.

    Raises:
        UsageError: one of them is not there or can't be read, or nothing was handed in.
    """
    places: list[tuple[str, Layout]] = []
    notes: list[str] = []
    for tree in _trees(sources):
        layout = recognise(tree)
        places.append((tree.name, layout))
        notes += [*tree.notes, *layout.notes]
    files = [source for source in sources if source.is_file() and not _is_archive(source)]
    if files:
        places.append(("", _named_files(files)))
    claims = list(_together(places))
    students = sorted({claim.student for claim in claims})
    by_student: dict[str, list[Claim]] = {student: [] for student in students}
    for claim in claims:
        by_student[claim.student].append(claim)
    hand_ins = tuple(_chosen(claimed) for claimed in by_student.values())
    if not any(hand_in.member for hand_in in hand_ins):
        raise UsageError(
            f"{', '.join(map(str, sources))}: must hold notebooks or modules, holds none"
        )
    return Discovery(hand_ins, tuple(layout.name for _, layout in places), tuple(notes))


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


def _named_files(files: Sequence[Path]) -> Layout:
    """Files that a person named one by one: each is somebody's, whatever it is called."""
    for file in files:
        if file.suffix.casefold() not in GRADABLE:
            raise UsageError(f"{file}: must be a notebook (.ipynb), a module (.py) or a zip")
    members = [file_member(file) for file in dict.fromkeys(files)]
    if len({member.path.stem for member in members}) == len(members):
        layout = recognise(Tree("", tuple(members)))
        if layout.name == "canvas" and len(members) > 1:
            return layout
        return Layout("files", tuple(Claim(m.path.stem, m, m.path.name) for m in members))
    # Several of one name: what tells them apart is where they lie.
    parts = [file.resolve().parts for file in dict.fromkeys(files)]
    shared = 0
    while len({path[: shared + 1] for path in parts}) == 1:
        shared += 1
    placed = [
        replace(member, path=PurePosixPath(*path[shared:]))
        for member, path in zip(members, parts, strict=True)
    ]
    return recognise(Tree("", tuple(sorted(placed, key=lambda member: member.path))))


def _together(places: Sequence[tuple[str, Layout]]) -> Iterator[Claim]:
    """The claims of all places.

    A system's number names the same person everywhere; a file's or a folder's name does not.
    """
    owners = Counter(
        student
        for _, layout in places
        if layout.name not in LMS
        for student in {claim.student for claim in layout.claims}
    )
    for number, (place, layout) in enumerate(places):
        for claim in layout.claims:
            if layout.name not in LMS and owners[claim.student] > 1:
                prefix = place or f"{number + 1}"
                yield replace(claim, student=f"{prefix}/{claim.student}")
            else:
                yield claim


def _chosen(claims: Sequence[Claim]) -> HandIn:
    """The one file of a student that counts, and in words what became of the others."""
    best_name = max((claim.name for claim in claims), key=len)
    usable = [claim for claim in claims if PurePosixPath(claim.file).suffix.casefold() in GRADABLE]
    if not usable:
        files = _listed([claim.file for claim in claims if claim.file])
        return HandIn(
            student=claims[0].student,
            name=best_name,
            attempt=claims[0].attempt,
            late=any(claim.late for claim in claims),
            file=claims[0].file,
            member=None,
            notes=(f"{NOTHING}, only {files}" if files else NOTHING,),
        )
    latest: dict[str, Claim] = {}
    for claim in sorted(usable, key=lambda one: (one.attempt, *_precedence(one))):
        latest[_base(claim)] = claim
    chosen = max(latest.values(), key=_precedence)
    earlier = [one for one in usable if _base(one) == _base(chosen) and one is not chosen]
    others = [one for one in usable if _base(one) != _base(chosen)]
    notes = []
    if earlier:
        notes.append(
            f"attempt {chosen.attempt} counts, earlier: {_listed([one.file for one in earlier])}"
        )
    if others:
        notes.append(
            f"one file counts: {chosen.file}; not graded: {_listed([one.file for one in others])}"
        )
    return HandIn(
        student=chosen.student,
        name=best_name,
        attempt=chosen.attempt,
        late=chosen.late,
        file=chosen.file,
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
    shown = sorted(files)[:SHOWN]
    more = len(files) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
