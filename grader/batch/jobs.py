"""How many files to grade at once: as many as there are cores, and as fit into memory."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import psutil

from grader.environment import usable_cores
from grader.rubric import Item

GIB = 1 << 30
OWN_GIB = 1.5
"""A worker process, its warm sandbox and the next one's."""
USABLE = 0.9
"""Of the memory; the rest is for the system."""
_GROUPS = Path("/sys/fs/cgroup")


def default_jobs(items: Sequence[Item], threads: int) -> int:
    """Files to grade at once, so that each may use the cores and the memory that the rubric allows.

    More would let a file overrun its time because of others.

    Args:
        items: To be graded.
        threads: Of the numeric libraries, at most.
    """
    limits = [item.limits for item in items if item.checks]
    widest = min(max((limit.threads for limit in limits), default=1), threads)
    largest = max((limit.memory_gib for limit in limits), default=0.0)
    fit = int(USABLE * memory_bytes() / GIB / (largest + OWN_GIB))
    return max(1, min(usable_cores() // widest, fit))


def memory_bytes() -> int:
    """Memory that this process may use: the machine's, or its container's limit."""
    limit = psutil.virtual_memory().total
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            limit = min(limit, int((_GROUPS / name).read_text(encoding="ascii")))
    return limit
