"""What a report is, and what the reports of a whole run are given."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from grader.model import Record


@dataclass(frozen=True)
class Report:
    """One way to write a record down."""

    name: str
    suffix: str
    """Of the file that holds it, with the dot."""
    render: Callable[[Record], bytes]


class HandGiven(msgspec.Struct, frozen=True, kw_only=True):
    """What a person gave for one item."""

    points: float
    criteria: tuple[float | None, ...] = ()
    """Points for each criterion of the item, in their order; None for one that was not judged."""
    comment: str = ""


class Graded(msgspec.Struct, frozen=True, kw_only=True):
    """One student's hand-in with everything that was given for it."""

    student: str = ""
    """Identifier in the learning management system, empty for a file on its own."""
    name: str = ""
    """The student's name."""
    file: str = ""
    """Name of the file, of use where there is no record."""
    attempt: int = 1
    late: bool = False
    record: Record | None = None
    """None where nothing was graded."""
    error: str = ""
    """Why the file can't be read as a submission."""
    hand: Mapping[str, HandGiven] = {}
    """Item id to what a person gave."""
    contested: str = ""
    """The id that this and another hand-in claim; empty where there is no conflict."""
    layout: str = ""
    """What says whose it is, such as `canvas`; empty where it is not known."""
    shared_by: str = ""
    """Who has submitted it for the student's group; empty for a student's own."""


@dataclass(frozen=True)
class StudentReport:
    """One way to write a student's hand-in down, with what persons gave for it."""

    name: str
    suffix: str
    render: Callable[[Graded], bytes]


@dataclass(frozen=True)
class RunReport:
    """One way to write a whole run down, piece by piece: a run may have thousands of records."""

    name: str
    suffix: str
    render: Callable[[Iterable[Graded]], Iterator[bytes]]
