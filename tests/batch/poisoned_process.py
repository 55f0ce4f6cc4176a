"""The real worker process and the real task of a cluster's worker; a poisonous file ends either."""

import os
import signal
from typing import TYPE_CHECKING

from grader.batch import process, remote, work
from grader.batch.messages import Task, decode
from grader.submission import Submission, submission_from_bytes

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

POISON = b"# poison"
grade_honestly = remote.grade


def load_or_die(name: str, raw: bytes) -> Submission:
    """Read a submission, as a loader with a fatal mistake does."""
    if raw.startswith(POISON):
        os.kill(os.getpid(), signal.SIGKILL)
    return submission_from_bytes(name, raw)


def grade(setup: bytes, task: bytes, topic: str, baseline: "Baseline | None") -> bytes:
    """Stands in for `grader.batch.remote.grade`."""
    asked = decode(task)
    if isinstance(asked, Task) and asked.content.startswith(POISON):
        os.kill(os.getpid(), signal.SIGKILL)
    return grade_honestly(setup, task, topic, baseline)


if __name__ == "__main__":
    vars(work)["submission_from_bytes"] = load_or_die
    process.main()
