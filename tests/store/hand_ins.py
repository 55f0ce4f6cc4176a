"""Hand-ins and records for the store's tests."""

import hashlib

import msgspec

from grader.model import Record, SubmissionInfo
from grader.store import Entry, HandScore, KeptItem, RunInfo
from tests.records import record


def entry(student: str, content: bytes = b"x = 1", file: str = "ps1.ipynb") -> Entry:
    sha256 = hashlib.sha256(content).hexdigest()
    return Entry(student=student, name=f"Name of {student}", file=file, sha256=sha256)


def record_of(hand_in: Entry) -> Record:
    info = SubmissionInfo(name=hand_in.file, sha256=hand_in.sha256, kind=hand_in.kind)
    return msgspec.structs.replace(record(), submission=info)


def kept(made: Record, prefix: str = "key") -> list[KeptItem]:
    return [KeptItem(key=f"{prefix} {item.id}", record=item) for item in made.items]


def info(assignment: str = "ps1") -> RunInfo:
    return RunInfo(
        assignment=assignment, title="Problem Set 1", rubric_sha256="cd", rubric="{}", seed="ab"
    )


def score(student: str = "anna", item: str = "1.1b", points: float = 3.0) -> HandScore:
    return HandScore(student=student, item=item, points=points, worth=5.0, grader="ta")
