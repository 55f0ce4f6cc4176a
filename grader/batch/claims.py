"""A claim: a file, and the student whose it is according to a file's or a folder's name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Protocol

from grader.batch.tree import Member


@dataclass(frozen=True)
class Claim:
    """A file, and whose it is."""

    student: str
    member: Member
    file: str
    """Its name as it was handed in."""
    name: str = ""
    """The student's, as the system exports it."""
    layout: str = ""
    """Name of the layout that makes the claim."""
    place: str = ""
    """What makes the claim, such as a folder: claims of one place are of one person."""
    late: bool = False
    attempt: int = 1
    upload: int = 0
    """Grows with time among the files of one student: a number or a time of the system."""
    doubtful: bool = False
    """Whether the name may be read as another student's, too."""
    others: tuple[str, ...] = ()
    """Other students whom the name may mean, where they are known to be affected."""

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return PurePosixPath(self.file).stem


@dataclass(frozen=True)
class ClassClaims:
    """The claims of a whole class, with what only all of them together can tell."""

    claims: Sequence[Claim]
    notes: Sequence[str] = ()
    """What staff should know."""


class Layout(Protocol):
    """How one system names what it lets staff download.

    It reads names, and files that the system itself has written.
    """

    @property
    def name(self) -> str:
        """As the command line shows it."""
        ...

    def read(self, member: Member) -> Sequence[Claim]:
        """Whose the file is; empty where its path is not named in this way."""
        ...

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """What was read of a whole class, and what follows from all of it together."""
        ...


def with_attempts_by_time(claims: Sequence[Claim]) -> Sequence[Claim]:
    """The claims; each student's uploads are numbered by their time."""
    times: dict[str, set[int]] = {}
    for claim in claims:
        times.setdefault(claim.student, set()).add(claim.upload)
    numbers = {
        student: {time: number for number, time in enumerate(sorted(known), 1)}
        for student, known in times.items()
    }
    return [replace(claim, attempt=numbers[claim.student][claim.upload]) for claim in claims]
