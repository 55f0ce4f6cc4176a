"""Folders and files that no system has named: the class as a whole says whose they are.

Each folder at the top has one vote, so nobody decides for others by what lies in one folder.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.batch.claims import Claim, ClassClaims, Layout
from grader.batch.tree import Member, file_stem, is_zip
from grader.names import clean_name, first_few, short_name
from grader.submission import gradable_name

Units = Mapping[str, Sequence[Member]]
"""Name at the top -> what lies there; files that can't be graded are nobody's."""
READINGS = {
    "folders": "one student each",
    "sections": "a section of student folders each",
    "files": "a section with a file for each student",
}
"""Name for `--layout` -> what it takes the folders at the top for; in a tie the earlier counts."""
PAIR = [".ipynb", ".py"]
"""A notebook and its export."""
TIME = len("20260301123045")
"""What ILIAS writes before a file's name, with an underscore; a student number is shorter."""
NAMED = 5
"""Names in one note."""
FEW = 4
"""Files or folders that a student's folder may hold as well as a section."""
MANY = 5
"""Folders that are students' where nearly all of them hold a file of the same name."""
NEARLY_ALL = 0.75


class Folders:
    """A folder for each student, `depth` levels below the top."""

    def __init__(self, source: str, depth: int = 1) -> None:
        """`source` tells equal paths of two sources apart."""
        self._files = Files(source)
        self._source = source
        self._depth = depth
        self.name = "folders" if depth == 1 else "sections"

    def read(self, member: Member) -> Sequence[Claim]:
        """By the folder; what lies above the folders is a student's file."""
        parts = member.path.parts
        if len(parts) <= self._depth:
            return self._files.read(member)
        home = "/".join(parts[: self._depth])
        place = _joined(self._source, home)
        # Whichever depth: a run that has the student already knows it by this name.
        file = member.path.name
        return [Claim(home, member, file, layout="folders", place=place, upload=_time(file))]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """As for files: some may lie above the folders."""
        return self._files.finish(claims)


class Files:
    """A file for each student, in whatever folder."""

    name = "files"

    def __init__(self, source: str) -> None:
        """`source` tells equal paths of two sources apart."""
        self._source = source

    def read(self, member: Member) -> Sequence[Claim]:
        """By the path without its ending; equal names in two folders are two students."""
        if not member.gradable:
            return []
        path = member.path
        student = str(path.parent / file_stem(path.name)) if path.stem else str(path)
        place = _joined(self._source, str(path))
        return [Claim(student, member, file=path.name, layout=self.name, place=place)]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """A notebook and a module of one name in one folder are one student's."""
        same: dict[str, list[Claim]] = {}
        for claim in claims:
            # A zip among the files may hold a class, and is not opened.
            if claim.layout == self.name and not is_zip(claim.file):
                same.setdefault(claim.student, []).append(claim)
        pairs = {
            claim.place: claimed[0].place
            for claimed in same.values()
            if sorted(gradable_name(claim.file) for claim in claimed) == PAIR
            for claim in claimed
        }
        if not pairs:
            return ClassClaims(claims)
        merged = dict.fromkeys(claim.student for claim in claims if claim.place in pairs)
        note = f"a notebook and a module of one name are one student's: {named(merged)}"
        return ClassClaims(
            [replace(claim, place=pairs.get(claim.place, claim.place)) for claim in claims], [note]
        )


def forced(name: str, source: str) -> Layout:
    """The plain layout of this name, a key of `READINGS`."""
    return Files(source) if name == "files" else Folders(source, 2 if name == "sections" else 1)


def choose_plain(units: Units, source: str) -> tuple[Layout, list[str]]:
    """What most folders at the top look like, and what staff should know of it."""
    folders = {name: unit for name, unit in units.items() if len(unit[0].path.parts) > 1}
    if not any(member.gradable for unit in folders.values() for member in unit):
        return Files(source), []
    votes = _votes(folders)
    counts = Counter(vote.reading for vote in votes.values() if vote.reading)
    reading = max(READINGS, key=lambda name: counts[name])
    notes = []
    if odd := [name for name, vote in votes.items() if vote.reading not in {"", reading}]:
        notes.append(
            f"folders are {READINGS[reading]}, as most look; others look different: {named(odd)}"
        )
    unsure = [name for name, vote in votes.items() if vote.unsure and vote.reading == reading]
    if unsure:
        others = " or ".join(f"--layout {name}" for name in READINGS if name != reading)
        notes.append(
            f"check who is who: folders are taken for {READINGS[reading]}, but some could be "
            f"read in another way: {named(unsure)}; if it is wrong, grade into a new folder with "
            f"{others}"
        )
    return forced(reading, source), notes


@dataclass(frozen=True)
class _Vote:
    """What one folder at the top looks like."""

    reading: str = ""
    """A key of `READINGS`; empty: any."""
    unsure: bool = False


@dataclass(frozen=True)
class _Shape:
    """What a vote looks at."""

    names: frozenset[tuple[bool, str]]
    """Of files without their endings, or of the folders where no file is beside them."""
    files: bool
    """Whether they are files."""
    single: bool
    """Whether it holds what one student submits."""


def _votes(folders: Units) -> dict[str, _Vote]:
    """The vote of each folder.

    A section's files and folders are called as its students are; students call theirs alike, such
    as `solution.py` and `utils.py`.
    """
    shapes = {name: _shape(unit) for name, unit in folders.items()}
    uses = Counter(name for shape in shapes.values() for name in shape.names)
    alone = Counter(shape.names for shape in shapes.values() if len(shape.names) == 1)
    several = [shape for shape in shapes.values() if len(shape.names) > 1]
    most = Counter(name for shape in several for name in shape.names)
    usual = {
        name
        for name, count in most.items()
        if len(several) >= MANY and count >= NEARLY_ALL * len(several)
    }
    votes = {name: _vote(shape, uses, usual) for name, shape in shapes.items()}
    # One folder within is what all students have in common, or a section's only student.
    return votes | {
        name: _Vote("folders" if alone[shape.names] > 1 else "")
        for name, shape in shapes.items()
        if len(shape.names) <= 1 and not shape.single
    }


def _shape(unit: Sequence[Member]) -> _Shape:
    gradable = [member.path for member in unit if member.gradable]
    direct = [path for path in gradable if len(path.parts) == 2]  # noqa: PLR2004 - folder and file
    notebooks = sum(path.suffix.casefold() == ".ipynb" for path in gradable)
    names = [
        (bool(direct), _untimed(path.stem) if direct else path.parts[1])
        for path in direct or gradable
    ]
    single = bool(direct) and (notebooks == 1 or len(gradable) == 1)
    return _Shape(frozenset(names), files=bool(direct), single=single)


def _vote(
    shape: _Shape, uses: Mapping[tuple[bool, str], int], usual: Collection[tuple[bool, str]]
) -> _Vote:
    if shape.single:
        return _Vote("folders")
    shared = sum(uses[name] > 1 for name in shape.names)
    if 2 * shared > len(shape.names) or shape.names & set(usual):
        return _Vote("folders", unsure=True)
    return _Vote("files" if shape.files else "sections", unsure=len(shape.names) <= FEW)


def named(names: Collection[str]) -> str:
    """Some of the names, for a note."""
    return first_few(map(_shown, names), NAMED)


def _shown(name: str) -> str:
    return short_name(clean_name(name))


def _joined(source: str, path: str) -> str:
    return f"{source}/{path}" if source else path


def _time(name: str) -> int:
    """The time before a file's name, as a number; 0 where there is none."""
    time, mark, _ = name.partition("_")
    is_time = mark and len(time) == TIME and time.isascii() and time.isdecimal()
    return int(time) if is_time and time.startswith("20") else 0


def _untimed(name: str) -> str:
    return name[TIME + 1 :] if _time(name) else name
