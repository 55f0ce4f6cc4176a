"""One grading of a run at a time: two would do the same work twice."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import StoreError

NAME = ".grading"


@contextmanager
def grading_lock(folder: Path) -> Iterator[None]:
    """Hold the run in `folder` for grading; readers and graders by hand are not kept out.

    Raises:
        StoreError: another process is grading it, or the folder can't be written.
    """
    try:
        lock = (folder / NAME).open("wb")
    except OSError as exc:
        raise StoreError(f"{folder}: must be a folder that can be written to: {exc}") from exc
    with lock:
        try:
            # Given up by the system when this process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise StoreError(
                f"{folder}: another grading of this run is going on; wait until it has ended"
            ) from exc
        yield
