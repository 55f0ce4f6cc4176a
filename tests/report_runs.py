"""Runs as grading leaves them, for what reads them."""

import hashlib
from pathlib import Path

import msgspec

from grader.store import Comment, Entry, HandScore, open_store
from tests.report import samples


def make_run(folder: Path, size: int = 5) -> Path:
    """A run of a class, as grading leaves it: the second student's 1.1b is judged."""
    with open_store(folder, create=True) as store:
        for number, graded in enumerate(samples.class_of(size)):
            content = f"hand-in {number}".encode()
            sha256 = hashlib.sha256(content).hexdigest()
            entry = Entry(student=graded.student, name=graded.name, file=graded.file, sha256=sha256)
            store.put_entries([(entry, content)])
            if graded.record is None:
                store.put_unreadable(sha256, entry.kind, "key", graded.error)
                continue
            submission = msgspec.structs.replace(graded.record.submission, sha256=sha256)
            store.put_record(msgspec.structs.replace(graded.record, submission=submission), "key")
        remark = store.put_comment(Comment(item="1.1b", text="U need not be real.", points=-1.0))
        store.put_hand_score(
            HandScore(
                student="u1001",
                item="1.1b",
                points=5.0,
                criteria={"0": 2.0, "2": 2.0},
                comment="AU is missing.",
                comments=(remark.id,),
                worth=5.0,
            ),
            0,
        )
    return folder
