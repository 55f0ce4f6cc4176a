"""A sandbox's processes as the kernel shows them from outside: their descent and CPU time."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

PROC = Path("/proc")
_LISTS_CHILDREN = (PROC / "self" / "task" / str(os.getpid()) / "children").exists()
_TICKS = os.sysconf("SC_CLK_TCK")
_MOST_THREADS_READ = 64
"""The precise times are read thread by thread; past this many, the kernel's sums must do."""


@dataclass(frozen=True)
class Stat:
    """What `/proc/PID/stat` says of a process."""

    pid: int
    parent: int
    started: int
    """In clock ticks since boot; with the pid it names a process once and for all."""
    seconds: float
    """CPU time of all of its threads, those that have ended included."""
    children_seconds: float
    """CPU time of the children that have ended and that it waited for, and of theirs."""
    threads: int


def read_stat(pid: int) -> Stat | None:
    """The process's line; None where there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        # The name may hold blanks and brackets; what follows the last bracket does not.
        words = text[text.rindex(")") + 2 :].split()
        times = [int(word) / _TICKS for word in words[11:15]]
        return Stat(
            pid=pid,
            parent=int(words[1]),
            started=int(words[19]),
            seconds=times[0] + times[1],
            children_seconds=times[2] + times[3],
            threads=int(words[17]),
        )
    except (OSError, ValueError, IndexError):
        return None


def descendants(root: int) -> list[Stat]:
    """The process `root` and everything that descends from it, the nearest first.

    Orphans descend from their namespace's first process or from the nearest process that adopts
    them, so that nothing of a sandbox gets out of the tree below the process that holds it.
    """
    first = read_stat(root)
    found = [] if first is None else [first]
    children = _named_children if _LISTS_CHILDREN else _children_of_all()
    for stat in found:
        found += children(stat)
    return found


def _named_children(parent: Stat) -> list[Stat]:
    """As the kernel lists them, thread by thread."""
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(PROC / str(parent.pid) / "task"):  # noqa: PTH208 - the names alone
            with contextlib.suppress(OSError):
                path = PROC / str(parent.pid) / "task" / task / "children"
                found += [int(word) for word in path.read_text(encoding="ascii").split()]
    return [stat for stat in map(read_stat, found) if stat is not None]


def _children_of_all() -> Callable[[Stat], list[Stat]]:
    """By looking at every process of the machine, where the kernel has no such list."""
    children: dict[int, list[Stat]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir(PROC):  # noqa: PTH208 - the names alone
            if name.isdecimal() and (stat := read_stat(int(name))) is not None:
                children.setdefault(stat.parent, []).append(stat)
    return lambda parent: children.get(parent.pid, [])


def precise_seconds(stat: Stat) -> float:
    """The process's own CPU time, in nanoseconds' resolution where the kernel keeps it.

    `stat` counts in ticks of 10 ms; the scheduler's own count leaves out threads that have ended.
    """
    if stat.threads > _MOST_THREADS_READ:
        return stat.seconds
    nanoseconds = 0
    with contextlib.suppress(OSError, ValueError):
        for task in (PROC / str(stat.pid) / "task").iterdir():
            nanoseconds += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return max(stat.seconds, nanoseconds / 1e9)


def queued_seconds(pid: int) -> float:
    """How long the threads of a process have been ready to run while others ran; 0 if unknown."""
    nanoseconds = 0
    with contextlib.suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                nanoseconds += int((task / "schedstat").read_text(encoding="ascii").split()[1])
    return nanoseconds / 1e9


@dataclass
class ItemProcesses:
    """The processes of one item, told apart from those that keep its sandbox."""

    keeper: int
    """The process that everything in the sandbox descends from."""
    item: int
    _keepers: dict[int, float] = field(default_factory=dict)
    """Processes of the sandbox itself -> the CPU time of children that they had waited for before.
    An orphan of the item adds its own to one of these when it ends."""
    _seen: dict[tuple[int, int], float] = field(default_factory=dict)
    _most: float = 0.0

    @classmethod
    def admit(cls, keeper: int, item: int) -> Self:
        """The processes of the item that has just started and runs nothing of a submission yet."""
        found = cls(keeper or item, item)
        tree = descendants(found.keeper)
        found._keepers = {one.pid: one.children_seconds for one in tree if one.pid != item}
        return found

    def items(self, tree: list[Stat]) -> list[Stat]:
        """Those of `tree`, the sandbox's `descendants`, that are the item's."""
        return [one for one in tree if one.pid not in self._keepers]

    def cpu_seconds(self, tree: list[Stat] | None = None, *, precise: bool = True) -> float:
        """Their CPU time and that of those that have ended; never less than at the call before.

        Only what came and went between two looks, and was waited for by nobody, is left out.

        Args:
            tree: The sandbox's `descendants` where the caller has just looked.
            precise: Whether to read the time thread by thread.
        """
        waited_for = 0.0
        for stat in descendants(self.keeper) if tree is None else tree:
            if stat.pid in self._keepers:
                waited_for += stat.children_seconds - self._keepers[stat.pid]
                continue
            own = precise_seconds(stat) if precise else stat.seconds
            name = stat.pid, stat.started
            self._seen[name] = max(own, self._seen.get(name, 0.0))
            waited_for += own + stat.children_seconds
        # What nobody waited for is in the first sum alone, what was not seen in the second alone.
        self._most = max(self._most, sum(self._seen.values()), waited_for)
        return self._most
