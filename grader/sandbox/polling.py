"""Limits where no control group can be made: the item's processes are looked at all the time.

The whole tree of the sandbox is counted, orphans included, and what its temporary folders hold.
A limit may be overrun by what is taken between two looks.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.sandbox.interface import Limits, Reason
from grader.sandbox.processes import PROC, ItemProcesses, Stat, descendants

POLL_SECONDS = 0.05
_BUSY_SHARE = 4
"""After a look that took long, this many times as long passes before the next."""
_RESIDENT = ("RssAnon:", "RssShmem:", "VmSwap:")
_PROPORTIONAL = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")
_TEMPORARY = ("tmp", "dev/shm")
_FILE_BYTES = 1024
"""What the kernel spends on an empty file."""
_FORKS_EXCUSED = 4
"""Where shares of memory can't be read, so many processes may hold what the worker had imported."""


@dataclass(frozen=True)
class Polling:
    """Counts memory, CPU time and processes every few hundredths of a second."""

    name: str = "poll"
    shares_cpu: bool = False

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """What the kernel does not enforce here."""
        why = "no control group can be made here"
        return (
            f"memory: counted {1 / POLL_SECONDS:.0f} times a second, sockets and pipes not ({why})",
            f"CPU time of all processes together: counted, not limited by the kernel ({why})",
            f"CPU share: submissions graded at once are kept on processors of their own ({why})",
        )

    def make(self, limits: Limits, keeper: int = 0) -> "_Watch":
        """A guard for one item."""
        return _Watch(limits, keeper)


@dataclass
class _Watch:
    limits: Limits
    keeper: int
    _processes: ItemProcesses | None = None
    _inherited: int = 0
    """Memory of the worker that every fork shares with it."""
    _before: int = 0
    """Memory of the whole sandbox before the item ran anything."""
    _folders: list[int] = field(default_factory=list)
    """Descriptors of the sandbox's own temporary file systems."""
    _peak: int = 0
    _over: Reason | None = None
    _next: float = 0.0

    def admit(self, pid: int) -> None:
        self._processes = ItemProcesses.admit(self.keeper, pid)
        self._inherited = _kib(pid, "status", _RESIDENT) or 0
        self._before = self._exact(descendants(self._processes.keeper))
        self._folders = list(_temporary_folders(pid))

    def exceeded(self) -> Reason | None:
        now = time.monotonic()
        if self._processes is None or self._over or now < self._next:
            return self._over
        self._over = self._look(self._processes)
        took = time.monotonic() - now
        self._next = now + max(POLL_SECONDS, _BUSY_SHARE * took)
        return self._over

    def peak_bytes(self) -> int:
        return self._peak

    def cpu_seconds(self) -> float:
        return 0.0 if self._processes is None else self._processes.cpu_seconds()

    def close(self) -> None:
        self._processes = None
        while self._folders:
            os.close(self._folders.pop())

    def _look(self, processes: ItemProcesses) -> Reason | None:
        tree = descendants(processes.keeper)
        items = processes.items(tree)
        if sum(one.threads for one in items) > self.limits.processes:
            return Reason.PROCESSES
        if processes.cpu_seconds(tree, precise=False) > self.limits.cpu_seconds:
            return Reason.CPU_TIME
        resident = [_kib(one.pid, "status", _RESIDENT) or 0 for one in items]
        files = self._file_bytes()
        used = sum(max(0, one - self._inherited) for one in resident) + files
        # What forks share is counted for each of them in the one sum and for none in the other; the
        # exact one takes milliseconds a process.
        if sum(resident) + files > self.limits.memory_bytes:
            used = self._exact(tree) - self._before + files
        self._peak = max(self._peak, used)
        return Reason.MEMORY if used > self.limits.memory_bytes else None

    def _exact(self, tree: list[Stat]) -> int:
        """Memory of all processes of the sandbox, what they share counted once."""
        total, excused = 0, _FORKS_EXCUSED
        for stat in tree:
            share = _kib(stat.pid, "smaps_rollup", _PROPORTIONAL)
            if share is None:
                # Not ours to read: with a real user of its own, or a plain process of this user.
                share = _kib(stat.pid, "status", _RESIDENT) or 0
                if excused:
                    excused -= 1
                    share = max(0, share - self._inherited)
            total += share
        return total

    def _file_bytes(self) -> int:
        total = 0
        for folder in self._folders:
            with contextlib.suppress(OSError):
                found = os.fstatvfs(folder)
                total += (found.f_blocks - found.f_bfree) * found.f_frsize
                total += (found.f_files - found.f_ffree) * _FILE_BYTES
        return total


def _temporary_folders(pid: int) -> Iterator[int]:
    for name in _TEMPORARY:
        with contextlib.suppress(OSError):
            inside = PROC / str(pid) / "root" / name
            # Without a sandbox these are the machine's, and others write there too.
            if inside.stat().st_dev != (Path("/") / name).stat().st_dev:
                yield os.open(inside, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _kib(pid: int, name: str, keys: tuple[str, ...]) -> int | None:
    """The sum, in bytes, of lines such as `RssAnon:  12 kB`; None where it can't be read."""
    try:
        text = (PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace")
    except PermissionError:
        return None
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(keys))
