"""What the store keeps, as frozen values."""

from collections.abc import Mapping

import msgspec

from grader.model import Record


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-in of one student."""

    student: str
    """Identifier in the learning management system, or the file's name where there is none."""
    name: str = ""
    """The student's name as the system exports it."""
    attempt: int = 1
    late: bool = False
    file: str
    """The file's name as it was handed in."""
    sha256: str
    """Of the file's bytes."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and its record; None where it has not been graded or could not be read."""

    entry: Entry
    record: Record | None = None
    error: str = ""
    """Why the file can't be read as a submission."""


class HandScore(msgspec.Struct, frozen=True, kw_only=True):
    """What a person gave for one item of one student."""

    student: str
    item: str
    points: float
    criteria: Mapping[str, float] = {}
    """Number of the criterion, as text, to the points given for it."""
    comment: str = ""
    grader: str = ""
    """Who gave it."""
    version: int = 1
    """Raised with each change; a writer names the version that was read."""
    changed: str = ""
    """UTC, ISO 8601."""
