"""Frozen records: what one grading of one submission leaves behind."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from grader.names import (
    LONGEST_OUTPUT,
    LONGEST_STAFF_NOTE,
    LONGEST_TEXT,
    MOST_NOTES,
    clean_name,
    middle_cut,
    short_name,
    shortened,
)

SCHEMA_VERSION = 1
"""Version of the JSON form of `Record`; raised when a reader must change."""


class Status(StrEnum):
    """How a check, an item or a whole submission ended."""

    PASSED = "PASSED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    ERRORED = "ERRORED"
    TIMED_OUT = "TIMED_OUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    KILLED = "KILLED"
    MISSING = "MISSING"
    SKIPPED = "SKIPPED"
    NEEDS_HAND = "NEEDS_HAND"
    GRADER_FAULT = "GRADER_FAULT"


class CheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One promise tested: one row of an item."""

    name: str
    """The row's title in the rubric."""
    use: str
    """The check's registered name, e.g. `calculus.gradient`."""
    status: Status
    points: float
    """What the row is worth."""
    score: float
    """What was given, between 0 and `points`."""
    feedback: str = ""
    """For the student: what was asked and what came. Empty where all is well."""
    hint: str = ""
    """For the student: one step to take."""
    staff_note: str = ""
    """For staff only."""
    data: Mapping[str, Any] = {}
    """Measurements worth plotting; plain JSON values."""
    seconds: float = 0.0
    """Wall time of the check."""

    def __post_init__(self) -> None:
        """Cut the texts: no submission makes a record of megabytes."""
        _cut_texts(self)


class HandCriterion(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion that a person judges."""

    text: str
    points: float


class ItemRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the rubric, graded."""

    id: str
    title: str
    problem: str = ""
    """Heading that the item stands under."""
    points: float
    """What the item is worth, by the grader and by hand together."""
    auto_points: float
    hand_points: float
    status: Status
    score: float
    """What the grader gave, between 0 and `auto_points`."""
    checks: tuple[CheckRecord, ...] = ()
    hand: tuple[HandCriterion, ...] = ()
    feedback: str = ""
    """For the student, on the item as a whole (a missing name, code that does not load)."""
    hint: str = ""
    staff_note: str = ""
    output: str = ""
    """The end of what the submission printed during this item, escaped and capped."""
    notes: tuple[str, ...] = ()
    """What the loader and the worker did that a reader should know."""
    seconds: float = 0.0
    peak_memory_bytes: int = 0

    def __post_init__(self) -> None:
        """Cut the texts, as of a check."""
        _cut_texts(self)
        _set(self, "output", middle_cut(self.output, LONGEST_OUTPUT))
        _set(self, "notes", _cut_notes(self.notes))


class SubmissionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which file was graded."""

    name: str
    sha256: str
    kind: str
    """`notebook` or `module`."""

    def __post_init__(self) -> None:
        """Make the name fit to be shown."""
        _set(self, "name", short_name(clean_name(self.name)))


class Environment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a score may depend on besides the submission and the rubric."""

    grader_version: str
    python: str
    packages: Mapping[str, str]
    sandbox: str
    """`bubblewrap` or `bare`."""
    memory_limit: str
    """What enforces the memory limit, e.g. `cgroup v1`, `poll`."""
    not_enforced: tuple[str, ...] = ()
    """Limits and isolation that this machine does not enforce, a sentence each."""
    device: str
    threads: int
    dataset: str
    """The dataset's name and content hash, empty where no item needed one."""
    baseline: str
    """The baseline's content hash, empty where no item needed one."""
    seed: str
    """`practice`, or a fingerprint of the course secret; never the secret."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One submission, graded once."""

    schema_version: int = SCHEMA_VERSION
    assignment: str
    title: str
    submission: SubmissionInfo
    rubric_sha256: str
    environment: Environment
    items: tuple[ItemRecord, ...]
    total: float
    """What the whole assignment is worth."""
    auto_points: float
    hand_points: float
    score: float
    """What the grader gave; hand points are open until a person gives them."""
    notes: tuple[str, ...] = ()
    started: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0
    aliases: Mapping[str, str] = {}
    """Asked name -> the submission's own name, where told so."""
    regrade_of: str = ""
    """Identifies the record that this one replaces, empty for a first grading."""

    def __post_init__(self) -> None:
        """Cut the notes."""
        _set(self, "notes", _cut_notes(self.notes))

    @property
    def status(self) -> Status:
        """The worst news first: a fault of ours, then lost points."""
        statuses = {item.status for item in self.items}
        if Status.GRADER_FAULT in statuses:
            return Status.GRADER_FAULT
        if self.score >= self.auto_points:
            return Status.PASSED
        return Status.PARTIAL if self.score > 0 else Status.FAILED


def to_json(record: Record) -> bytes:
    """`record` as indented UTF-8 JSON; the same record always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(record, order="deterministic"), indent=2) + b"\n"


def from_json(raw: bytes) -> Record:
    """The record that `to_json` wrote.

    Raises:
        msgspec.ValidationError: `raw` is JSON of another shape, or of a later version of it.
        msgspec.DecodeError: `raw` is not JSON.
    """
    record = msgspec.json.decode(raw, type=Record)
    if record.schema_version > SCHEMA_VERSION:
        raise msgspec.ValidationError(
            f"record: schema_version must be at most {SCHEMA_VERSION}, got "
            f"{record.schema_version}; read it with the grader that wrote it"
        )
    return record


def _cut_texts(part: CheckRecord | ItemRecord) -> None:
    _set(part, "feedback", shortened(part.feedback, LONGEST_TEXT))
    _set(part, "hint", shortened(part.hint, LONGEST_TEXT))
    _set(part, "staff_note", middle_cut(part.staff_note, LONGEST_STAFF_NOTE))


def _cut_notes(notes: tuple[str, ...]) -> tuple[str, ...]:
    kept = tuple(shortened(note, LONGEST_TEXT) for note in notes[:MOST_NOTES])
    if len(notes) <= MOST_NOTES:
        return kept
    return (*kept[:-1], f"and {len(notes) - MOST_NOTES + 1} more notes")


def _set(record: msgspec.Struct, name: str, value: Any) -> None:
    # Frozen for everybody else.
    if getattr(record, name) != value:
        msgspec.structs.force_setattr(record, name, value)
