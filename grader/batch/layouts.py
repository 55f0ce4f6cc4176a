"""How Canvas, Moodle, folders and files name students. Which one counts is decided in `recognise`.

A student may choose the display name and the names of files, never the numbers between them. So
each is read from the side that the student does not control, and where both sides could hide a
second number the claim is `doubtful`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath

from grader.batch.claims import Claim
from grader.batch.tree import Member

MOODLE_FOLDER = re.compile(
    r"(?P<name>.*)_(?P<id>[0-9]+)_assignsubmission_(?:file|onlinetext)_?", re.DOTALL
)
"""`Jane Doe_1234567_assignsubmission_file_`: the last number counts, what is before it is chosen
by the student."""
MOODLE_MARK = re.compile(r"_(?P<id>[0-9]+)_assignsubmission_(?:file|onlinetext)(?=_)")
"""The same within the name of a file; what is behind it is chosen by the student as well."""
ATTEMPT = re.compile(r"(?P<base>.+)-(?P<number>[0-9]{1,3})", re.DOTALL)
LATE = "late"
SMALLEST_UPLOAD = 0.01
"""Of the smallest certain upload of a class: less is a date or a version, no number of Canvas."""
MOST_READINGS = 50
"""Of one name; one with more is doubtful anyway."""


class Moodle:
    """A folder for each participant, or all in the file's name."""

    name = "moodle"

    def read(self, member: Member) -> Sequence[Claim]:
        """By the folder at the top alone: folders below are the student's own."""
        top = member.path.parts[0]
        if len(member.path.parts) > 1:
            match = MOODLE_FOLDER.fullmatch(top)
            return [_moodle_claim(member, match, member.path.name)] if match else []
        marks = list(MOODLE_MARK.finditer(top))
        if not marks:
            return []
        last = marks[-1]
        claim = _moodle_claim(member, last, top[last.end() + 1 :], top[: last.start()])
        ids = {mark["id"] for mark in marks} - {last["id"]}
        return [replace(claim, doubtful=bool(ids), others=tuple(sorted(ids)))]

    def finish(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Nothing more is known."""
        return claims


def _moodle_claim(
    member: Member, match: re.Match[str], file: str, name: str | None = None
) -> Claim:
    name = match["name"] if name is None else name
    place = f"moodle: {name}_{match['id']}"
    return Claim(match["id"], member, file=file, name=name, layout=Moodle.name, place=place)


@dataclass(frozen=True)
class _Reading:
    """One way to read a name of Canvas's."""

    before: str
    """Display name with what marks a late hand-in."""
    user: str
    upload: str
    file: str


class Canvas:
    """`doejane_LATE_1234_567890_ps1-2.ipynb`: user, upload, and the file with its attempt."""

    name = "canvas"

    def read(self, member: Member) -> Sequence[Claim]:
        """The first two numbers count: students choose the file's name freely.

        A display name holds numbers only where somebody wants to deceive: see `finish`.
        """
        first = next(_readings(member.path.name), None)
        if first is None:
            return []
        name, _, late = first.before.rpartition("_")
        is_late = late.casefold() == LATE and bool(name)
        if not is_late:
            name = first.before
        return [
            Claim(
                student=first.user,
                name=name,
                late=is_late,
                # Nobody has a hundred digits, and Python refuses thousands.
                upload=int(first.upload[:40]),
                file=first.file,
                member=member,
                layout=self.name,
                place=f"canvas: {name}_{first.user}",
            )
        ]

    def finish(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """With attempts and doubts."""
        return list(_with_attempts(list(_with_doubts(claims))))


def _readings(name: str) -> Iterator[_Reading]:
    parts = name.split("_")
    for at in range(1, len(parts) - 2):
        user, upload = parts[at], parts[at + 1]
        if _is_number(user) and _is_number(upload) and any(parts[at + 2 :]):
            yield _Reading("_".join(parts[:at]), user, upload, "_".join(parts[at + 2 :]))


def holds_numbers(name: str) -> bool:
    """Whether a display name holds numbers as Canvas or Moodle write them behind one."""
    return bool(MOODLE_MARK.search(f"{name}_")) or next(_readings(f"{name}_x"), None) is not None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and not text.startswith("0")


def _with_doubts(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Marks names that hold a second pair of numbers which could be user and upload.

    `jane_12_567_2026_10_ps1.ipynb` could be of a student who is called `jane_12`. It can't be
    where two files of `jane` would have the same upload, as they do where a date comes first, nor
    where that upload is much too small, as a month is: the class's own tell what Canvas counts to.
    """
    certain = [claim.upload for claim in claims if not any(_later_uploads(claim))]
    # A student's numbers could only lower it, which makes more doubts and never fewer.
    least = min(certain or [claim.upload for claim in claims], default=0) * SMALLEST_UPLOAD
    later = [list(_later_uploads(claim)) for claim in claims]
    uses = Counter(upload for uploads in later for upload in uploads)
    for claim, uploads in zip(claims, later, strict=True):
        doubtful = len(uploads) >= MOST_READINGS or any(
            uses[upload] == 1 and int(upload[2][:40]) >= least for upload in uploads
        )
        yield replace(claim, doubtful=doubtful)


def _later_uploads(claim: Claim) -> Iterator[tuple[str, int, str]]:
    """What a name's other readings take for the upload: (student, place in the name, number).

    Of one student the numbers at one place are of one reading, so nobody can fake a repetition.
    """
    for reading in islice(_readings(claim.member.path.name), 1, MOST_READINGS + 1):
        yield claim.student, reading.before.count("_"), reading.upload


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


class Folders:
    """A folder for each student, `depth` levels below the top."""

    name = "folders"

    def __init__(self, source: str, depth: int = 1) -> None:
        """`source` tells equal paths of two sources apart."""
        self._source = source
        self._depth = depth

    def read(self, member: Member) -> Sequence[Claim]:
        """By the folder; what lies above the folders is a student's file."""
        parts = member.path.parts
        if len(parts) <= self._depth:
            return Files(self._source).read(member)
        home = "/".join(parts[: self._depth])
        place = _joined(self._source, home)
        return [Claim(home, member, file=member.path.name, layout=self.name, place=place)]

    def finish(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Nothing more is known."""
        return claims


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
        student = str(path.parent / path.stem) if path.stem else str(path)
        place = _joined(self._source, str(path))
        return [Claim(student, member, file=path.name, layout=self.name, place=place)]

    def finish(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Nothing more is known."""
        return claims


def folder_vote(members: Sequence[Member]) -> str:
    """What one folder at the top looks like: `student`, `files`, `folders`, or empty: either.

    A section holds a file for each student, or a folder for each.
    """
    gradable = [member for member in members if member.gradable]
    notebooks = sum(member.path.suffix.casefold() == ".ipynb" for member in gradable)
    direct = [member for member in gradable if len(member.path.parts) == 2]  # noqa: PLR2004 - folder and file
    if not gradable:
        return ""
    if not direct:
        below = {PurePosixPath(*member.path.parts[:2]) for member in gradable}
        return "folders" if len(below) > 1 else ""
    return "student" if notebooks == 1 or len(gradable) == 1 else "files"


def _joined(source: str, path: str) -> str:
    return f"{source}/{path}" if source else path
