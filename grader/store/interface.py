"""What the store keeps, as frozen values."""

from collections.abc import Mapping
from typing import Any

import msgspec

from grader.model import ItemRecord, Record
from grader.submission.file_names import NOTEBOOK_SUFFIX, gradable_name


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-in of one student: the attempt and the file that count."""

    student: str
    """Identifier in the learning management system, or the file's name where there is none."""
    name: str = ""
    """The student's name as the system exports it."""
    attempt: int = 1
    late: bool = False
    file: str
    """The file's name as it was handed in."""
    sha256: str
    """Of the file's bytes; empty where nothing was handed in that can be graded."""
    notes: tuple[str, ...] = ()
    """Why this file was taken, what else was handed in."""
    contested: str = ""
    """The id that this entry and another claim; empty where there is no conflict."""
    layout: str = ""
    """What says whose it is, such as `canvas` or `folders`; empty in runs of an older grader."""

    @property
    def kind(self) -> str:
        """`notebook` or `module`, by the file's name."""
        return "notebook" if gradable_name(self.file) == NOTEBOOK_SUFFIX else "module"


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a run grades by; the last grading's."""

    assignment: str
    title: str
    rubric_sha256: str
    rubric: str
    """The rubric as JSON, as `Rubric.model_dump_json` writes it."""
    seed: str
    """`practice`, or a fingerprint of the course secret; never the secret."""
    options: Mapping[str, Any] = {}
    """How it was graded, as JSON values, for grading again in the same way."""
    layout: str = ""
    """What staff have said of how the sources are laid out; empty where it was recognised."""


class KeptItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item's record, and all that its points depend on."""

    key: str
    """Hash of the rubric's item and of what it was graded with."""
    baseline: str = ""
    """The baseline's content hash; empty where the item asked for none."""
    dataset: str = ""
    """As the record names it; empty likewise."""
    record: ItemRecord


class HandScore(msgspec.Struct, frozen=True, kw_only=True):
    """What a person gave for one item of one student."""

    student: str
    item: str
    points: float
    """Before the comments' effect."""
    criteria: Mapping[str, float] = {}
    """Position of the criterion in the item, from 0, as text, to the points given for it."""
    comment: str = ""
    """In the grader's own words."""
    comments: tuple[int, ...] = ()
    """Comments of the library, by number; each may move the points."""
    worth: float
    """The most that can be given by hand."""
    sha256: str = ""
    """Of the file that was judged."""
    slot: str = ""
    """Empty: the score that counts. A name: a second judgement, for comparison alone."""
    grader: str = ""
    """Who gave it."""
    version: int = 0
    """Raised with each change; a writer names the version that was read."""
    changed: str = ""
    """UTC, ISO 8601."""
    effect: float = 0.0
    """What the library's comments add, as they are now; not written."""
    remarks: tuple[str, ...] = ()
    """The library's comments in words, as they are now; not written."""

    @property
    def total(self) -> float:
        """What counts: the points and the comments' effect, between 0 and `worth`."""
        return round(min(max(self.points + self.effect, 0.0), self.worth), 2)


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A remark of the shared library."""

    id: int = 0
    """Given by the store; 0 for a new one."""
    item: str
    text: str
    points: float = 0.0
    """What it adds to the points of every score that uses it; mostly negative."""
    retired: bool = False
    """No longer offered; scores that use it keep it and its effect."""
    grader: str = ""
    """Who wrote this version."""
    version: int = 0
    changed: str = ""
    """UTC, ISO 8601."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and its record; None where it has not been graded or could not be read."""

    entry: Entry
    record: Record | None = None
    error: str = ""
    """Why the file can't be read as a submission."""
    hand: tuple[HandScore, ...] = ()
    """What persons gave, the scores that count alone."""

    @property
    def open_items(self) -> tuple[str, ...]:
        """Items that a person has yet to judge."""
        given = {score.item for score in self.hand}
        items = self.record.items if self.record is not None else ()
        return tuple(item.id for item in items if item.hand_points and item.id not in given)

    @property
    def score(self) -> float:
        """Points by the grader and by hand together; 0 without a record."""
        if self.record is None:
            return 0.0
        judged = {item.id for item in self.record.items if item.hand_points}
        by_hand = sum(score.total for score in self.hand if score.item in judged)
        return round(self.record.score + by_hand, 2)
