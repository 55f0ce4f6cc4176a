"""How learning systems name what they let one download: whose is which file."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import yaml

from grader.batch.tree import METADATA, Member, Tree
from grader.errors import SubmissionError, UsageError

CANVAS = re.compile(
    r"(?P<name>.+?)_(?:(?P<late>late)_)?(?P<user>\d+)_(?P<upload>\d+)_(?P<file>.+)", re.IGNORECASE
)
"""`doejane_LATE_1234_567890_ps1-2.ipynb`: user, upload, and the file with its attempt."""
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)")
"""`Jane Doe_1234567_assignsubmission_file_`, a folder, or the start of a file's name."""
GRADESCOPE = re.compile(r"submission_\d+")
ATTEMPT = re.compile(r"(?P<base>.+)-(?P<number>\d{1,3})")
_NULL = {"", "~", "null"}


@dataclass(frozen=True)
class Claim:
    """A file, and whose it is."""

    student: str
    member: Member
    file: str
    """Its name as it was handed in."""
    name: str = ""
    late: bool = False
    attempt: int = 1
    upload: int = 0
    """Grows with time among the files of one student."""

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return PurePosixPath(self.file).stem


@dataclass(frozen=True)
class Layout:
    """What a place turned out to be."""

    name: str
    """`canvas`, `moodle`, `gradescope`, `folders` or `files`."""
    claims: tuple[Claim, ...]
    notes: tuple[str, ...] = ()


def recognise(tree: Tree) -> Layout:
    """Whose is which file of `tree`.

    Raises:
        UsageError: an export's metadata can't be read.
    """
    members = _without_wrapper(tree.members)
    return _gradescope(members) or _moodle(members) or _canvas(members) or _plain(members)


def _without_wrapper(members: tuple[Member, ...]) -> tuple[Member, ...]:
    """Without folders that hold everything: archives often begin with one."""
    while members:
        first = members[0].path.parts[0]
        gradable = [member for member in members if member.gradable]
        alone = len(gradable) == 1 and len(gradable[0].path.parts) == 2  # noqa: PLR2004 - a student's
        if (
            alone
            or any(
                len(member.path.parts) == 1 or member.path.parts[0] != first for member in members
            )
            or MOODLE.fullmatch(first)
            or GRADESCOPE.fullmatch(first)
        ):
            break
        members = tuple(
            replace(member, path=PurePosixPath(*member.path.parts[1:])) for member in members
        )
    return members


def _canvas(members: Sequence[Member]) -> Layout | None:
    """Every notebook and module is named in Canvas's way, in one folder."""
    found = [(member, CANVAS.fullmatch(member.path.name)) for member in members]
    if not all(match for member, match in found if member.gradable) or not any(
        match for _, match in found
    ):
        return None
    claims = [
        Claim(
            student=match["user"],
            name=match["name"],
            late=match["late"] is not None,
            upload=int(match["upload"]),
            file=match["file"],
            member=member,
        )
        for member, match in found
        if match is not None
    ]
    strange = [f"{member.path}: no name of Canvas's" for member, match in found if match is None]
    return Layout("canvas", tuple(_with_attempts(claims)), tuple(strange))


def _with_attempts(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Canvas counts attempts up behind the file's name; `hw-1.ipynb` may be just a name.

    A number counts where the class has the same name without one, or with several.
    """
    stems = {claim.stem for claim in claims}
    numbered = [match for stem in stems if (match := ATTEMPT.fullmatch(stem))]
    bases = Counter(match["base"] for match in numbered)
    for claim in claims:
        match = ATTEMPT.fullmatch(claim.stem)
        if match and (match["base"] in stems or bases[match["base"]] > 1):
            yield replace(claim, attempt=int(match["number"]) + 1)
        else:
            yield claim


def _moodle(members: Sequence[Member]) -> Layout | None:
    claims, notes = [], []
    for member in members:
        match = MOODLE.fullmatch(member.path.parts[0])
        if match is None:
            notes.append(f"{member.path}: not in a folder of Moodle's")
            continue
        name = member.path.name if len(member.path.parts) > 1 else match["file"]
        claims.append(Claim(match["id"], member, file=name, name=match["name"]))
    return Layout("moodle", tuple(claims), tuple(notes)) if claims else None


def _gradescope(members: Sequence[Member]) -> Layout | None:
    metadata = [member for member in members if member.path == PurePosixPath(METADATA)]
    if not metadata:
        return None
    submissions = _metadata(metadata[0])
    claims, notes = [], []
    for member in members:
        if member is metadata[0]:
            continue
        known = submissions.get(member.path.parts[0])
        if not isinstance(known, dict) or len(member.path.parts) == 1:
            notes.append(f"{member.path}: {METADATA} does not know it")
            continue
        history = known.get(":history")
        attempt = len(history) + 1 if isinstance(history, list) else 1
        for student, name in _submitters(known, member.path.parts[0]):
            claims.append(Claim(student, member, member.path.name, name=name, attempt=attempt))
    return Layout("gradescope", tuple(claims), tuple(notes))


def _metadata(member: Member) -> dict[str, Any]:
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        # Every value stays text: a student number 0123 is no octal number.
        found = yaml.load(member.read(), Loader=loader)  # noqa: S506 - it makes plain texts only
    except (yaml.YAMLError, SubmissionError, RecursionError, ValueError) as exc:
        raise UsageError(f"{METADATA}: can't be read: {str(exc)[:200]}; export it again") from exc
    if not isinstance(found, dict):
        raise UsageError(f"{METADATA}: must name submissions, does not; export it again")
    return found


def _submitters(submission: dict[str, Any], folder: str) -> Iterator[tuple[str, str]]:
    """(id, name) of everyone who handed it in: the student number, else the mail, else the name."""
    people = submission.get(":submitters")
    found = False
    for person in people if isinstance(people, list) else ():
        if not isinstance(person, dict):
            continue
        told = [str(person.get(key, "")).strip() for key in (":sid", ":email", ":name")]
        known = [text for text in told if text.casefold() not in _NULL]
        if known:
            found = True
            yield known[0], told[2] if told[2].casefold() not in _NULL else ""
    if not found:
        yield folder, ""


def _plain(members: Sequence[Member]) -> Layout:
    """A folder for each student where most hold one notebook at most; else a file for each."""
    gradable = [member for member in members if member.gradable]
    holding = {member.path.parent for member in gradable if member.path.parent.parts}
    folders = {folder for folder in holding if not holding & set(folder.parents)}
    files = Counter(_folder_of(member, folders) for member in gradable)
    notebooks = Counter(
        _folder_of(member, folders)
        for member in gradable
        if member.path.suffix.casefold() == ".ipynb"
    )
    single = sum(notebooks[folder] == 1 or files[folder] == 1 for folder in folders)
    if folders and 2 * single >= len(folders):
        return Layout("folders", tuple(_by_folder(members, folders)))
    stems = Counter(member.path.stem for member in gradable)
    claims = [
        Claim(
            student=member.path.stem
            if stems[member.path.stem] == 1
            else member.path.with_suffix("").as_posix(),
            member=member,
            file=member.path.name,
        )
        for member in gradable
    ]
    return Layout("files", tuple(claims))


def _by_folder(members: Sequence[Member], folders: set[PurePosixPath]) -> Iterator[Claim]:
    depth, _ = Counter(len(folder.parts) for folder in folders).most_common(1)[0]
    for member in members:
        home = _folder_of(member, folders)
        if home is None and len(member.path.parts) > depth:
            # A student who handed in nothing that can be graded.
            home = PurePosixPath(*member.path.parts[:depth])
        if home is not None:
            yield Claim(home.as_posix(), member, file=member.path.name)
        elif member.gradable:
            yield Claim(member.path.stem, member, file=member.path.name)


def _folder_of(member: Member, folders: set[PurePosixPath]) -> PurePosixPath | None:
    """The student's folder that the file lies in or below."""
    return next((parent for parent in member.path.parents if parent in folders), None)
