"""What a grading could leave on the machine, counted."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Leftovers:
    """A count of everything of ours that lives outside this process."""

    processes: frozenset[int]
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
            processes=frozenset(child.pid for child in psutil.Process().children(recursive=True)),
            groups=frozenset(GROUPS.rglob(f"nla-grader-{os.getpid()}-*")),
            files=frozenset(Path(tempfile.gettempdir()).glob("nla-grader*")),
            mounts=len(mounts.read_text(encoding="utf-8").splitlines()) if mounts.exists() else 0,
        )
