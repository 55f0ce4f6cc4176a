"""What a grading could leave on the machine, counted."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Leftovers:
    """A count of everything of ours that lives outside this process."""

    processes: frozenset[int]
    """Of sandboxes below this process; a browser that other tests opened comes and goes."""
    groups: frozenset[Path]
    """Control groups that carry this process's number."""
    files: frozenset[Path]
    """Of ours in the folder for temporary files."""
    mounts: int

    @classmethod
    def now(cls) -> Self:
        """What there is at this moment."""
        mounts = Path("/proc/self/mounts")
        return cls(
            processes=frozenset(_sandboxed()),
            groups=frozenset(GROUPS.rglob(f"nla-grader-{os.getpid()}-*")),
            files=frozenset(Path(tempfile.gettempdir()).glob("nla-grader*")),
            mounts=len(mounts.read_text(encoding="utf-8").splitlines()) if mounts.exists() else 0,
        )


def _sandboxed() -> Iterator[int]:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if {"bwrap", "grader.worker.main"} & {Path(word).name for word in child.cmdline()}:
                yield child.pid
