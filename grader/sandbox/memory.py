"""How much memory an item may use: a control group where one can be made, a poll otherwise."""

import contextlib
import itertools
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil

from grader.sandbox.interface import Limits
from grader.sandbox.processes import ItemProcesses

GROUPS = Path("/sys/fs/cgroup")
POLL_SECONDS = 0.05
REMOVE_SECONDS = 2.0
_NAMES = itertools.count(1)


class MemoryGuard(Protocol):
    """Watches one item's processes."""

    def admit(self, pid: int) -> None:
        """Put the process, and everything that it starts from now on, under the limit."""
        ...

    def exceeded(self) -> bool:
        """Whether the limit has been overrun; where this only watches, the caller kills."""
        ...

    def peak_bytes(self) -> int:
        """The most that was in use at one time, 0 where not known."""
        ...

    def cpu_seconds(self) -> float:
        """CPU time of the process and of all that it started, ended ones included."""
        ...

    def close(self) -> None:
        """Remove what was made; every admitted process must have ended."""
        ...


class GuardMaker(Protocol):
    """Makes a guard for each item."""

    @property
    def name(self) -> str:
        """As the record names it, e.g. `cgroup v1`."""
        ...

    def make(self, limits: Limits, keeper: int = 0) -> MemoryGuard:
        """A guard for one item.

        Args:
            limits: The item's.
            keeper: The process that everything in the item's sandbox descends from; 0: only what
                descends from the item's own process is found.
        """
        ...


def choose_guards() -> GuardMaker:
    """The strongest that this process may use here: cgroup v2, cgroup v1, or polling."""
    for maker in (_CgroupV2.here(), _CgroupV1.here()):
        if maker is not None:
            for folder in maker.parents:
                _sweep(folder)
            return maker
    return Polling()


def _sweep(folder: Path) -> None:
    """Remove the groups that a grader left which was killed: empty, and nobody's any more."""
    for group in folder.glob("nla-grader-*-*"):
        number = group.name.split("-")[2]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            with contextlib.suppress(OSError):  # a group with a process in it is not removed
                group.rmdir()


def _own_groups() -> dict[str, str]:
    """Controller -> this process's group; the empty name is cgroup v2's."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    groups = {}
    for line in lines:
        _, controllers, group = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = group
    return groups


def _probe(folder: Path, limit_file: str) -> bool:
    """Whether a group with this limit can be made in `folder`."""
    trial = folder / _fresh_name()
    try:
        trial.mkdir()
    except OSError:
        return False
    try:
        return os.access(trial / limit_file, os.W_OK)
    finally:
        with contextlib.suppress(OSError):
            trial.rmdir()


def _fresh_name() -> str:
    return f"nla-grader-{os.getpid()}-{next(_NAMES)}"


def _write(path: Path, value: int) -> None:
    path.write_text(str(value), encoding="ascii")


def _read_counter(path: Path, key: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0


@dataclass
class _Group:
    """One item's control groups, of either version."""

    folders: tuple[Path, ...]
    events: Path
    peak: Path
    usage: Path | None
    """Where the kernel counts the group's CPU time; None: it is summed over the processes."""
    keeper: int
    _processes: ItemProcesses | None = None

    def admit(self, pid: int) -> None:
        for folder in self.folders:
            _write(folder / "cgroup.procs", pid)
        if self.usage is None:
            self._processes = ItemProcesses.admit(self.keeper, pid)

    def exceeded(self) -> bool:
        return _read_counter(self.events, "oom_kill") > 0

    def peak_bytes(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int(self.peak.read_text(encoding="ascii"))
        return 0

    def cpu_seconds(self) -> float:
        if self.usage is None:
            return self._processes.cpu_seconds() if self._processes else 0.0
        if self.usage.name == "cpu.stat":
            return _read_counter(self.usage, "usage_usec") / 1e6
        with contextlib.suppress(OSError, ValueError):
            return int(self.usage.read_text(encoding="ascii")) / 1e9
        return 0.0

    def close(self) -> None:
        deadline = time.monotonic() + REMOVE_SECONDS
        for folder in self.folders:
            while True:
                # A group is busy for a moment after its last process has ended.
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.005)
                else:
                    break


@dataclass(frozen=True)
class _CgroupV1:
    memory: Path
    pids: Path | None
    accounts: Path | None
    name: str = "cgroup v1"

    @property
    def parents(self) -> tuple[Path, ...]:
        """Folders in which groups are made."""
        folders = (self.memory, self.pids, self.accounts)
        return tuple(folder for folder in folders if folder is not None)

    @classmethod
    def here(cls) -> "_CgroupV1 | None":
        own = _own_groups()
        memory = _first_writable("memory", own, "memory.limit_in_bytes")
        if memory is None:
            return None
        return cls(
            memory,
            _first_writable("pids", own, "pids.max"),
            _first_writable("cpuacct", own, "cpuacct.usage"),
        )

    def make(self, limits: Limits, keeper: int = 0) -> MemoryGuard:
        memory = self.memory / _fresh_name()
        memory.mkdir()
        _write(memory / "memory.limit_in_bytes", limits.memory_bytes)
        # Without it, what does not fit in memory goes to swap; not every kernel counts swap.
        with contextlib.suppress(OSError):
            _write(memory / "memory.memsw.limit_in_bytes", limits.memory_bytes)
        folders = [memory]
        if self.pids is not None:
            pids = self.pids / memory.name
            pids.mkdir()
            _write(pids / "pids.max", limits.processes)
            folders.append(pids)
        accounts = None
        if self.accounts is not None:
            accounts = self.accounts / memory.name
            # The same folder where the controllers are mounted together.
            accounts.mkdir(exist_ok=True)
            folders.append(accounts)
        return _Group(
            tuple(dict.fromkeys(folders)),
            memory / "memory.oom_control",
            memory / "memory.max_usage_in_bytes",
            None if accounts is None else accounts / "cpuacct.usage",
            keeper,
        )


def _first_writable(controller: str, own: dict[str, str], limit_file: str) -> Path | None:
    if controller not in own:
        return None
    root = GROUPS / controller
    # Seen from inside a container, the path of the own group may not exist below the mount.
    for folder in (root / own[controller].lstrip("/"), root):
        if _probe(folder, limit_file):
            return folder
    return None


@dataclass(frozen=True)
class _CgroupV2:
    parent: Path
    name: str = "cgroup v2"

    @property
    def parents(self) -> tuple[Path, ...]:
        """Folders in which groups are made."""
        return (self.parent,)

    @classmethod
    def here(cls) -> "_CgroupV2 | None":
        own = _own_groups().get("")
        if own is None:
            return None
        for root in (GROUPS, GROUPS / "unified"):
            here = root / own.lstrip("/")
            # A group that holds processes may not limit its children; the one above may.
            for folder in (here, here.parent):
                if folder.is_relative_to(root) and _probe(folder, "memory.max"):
                    return cls(folder)
        return None

    def make(self, limits: Limits, keeper: int = 0) -> MemoryGuard:
        group = self.parent / _fresh_name()
        group.mkdir()
        _write(group / "memory.max", limits.memory_bytes)
        with contextlib.suppress(OSError):
            _write(group / "memory.swap.max", 0)
        with contextlib.suppress(OSError):
            _write(group / "memory.oom.group", 1)
        with contextlib.suppress(OSError):
            _write(group / "pids.max", limits.processes)
        return _Group(
            (group,), group / "memory.events", group / "memory.peak", group / "cpu.stat", keeper
        )


@dataclass(frozen=True)
class Polling:
    """Sums the resident memory of the item's processes every few hundredths of a second."""

    name: str = "poll"

    def make(self, limits: Limits, keeper: int = 0) -> MemoryGuard:
        """A guard for one item."""
        return _Watch(limits.memory_bytes, keeper)


@dataclass
class _Watch:
    limit_bytes: int
    keeper: int = 0
    _processes: ItemProcesses | None = None
    _root: psutil.Process | None = None
    _inherited: int = 0
    _peak: int = 0
    _over: bool = False
    _next: float = field(default=0.0)

    def admit(self, pid: int) -> None:
        self._processes = ItemProcesses.admit(self.keeper, pid)
        with contextlib.suppress(psutil.Error):
            self._root = psutil.Process(pid)
            # What the worker had imported is shared with every fork.
            self._inherited = _private_bytes(self._root)

    def exceeded(self) -> bool:
        now = time.monotonic()
        if self._root is None or self._over or now < self._next:
            return self._over
        self._next = now + POLL_SECONDS
        used = 0
        with contextlib.suppress(psutil.Error):
            for process in (self._root, *self._root.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    used += max(0, _private_bytes(process) - self._inherited)
        self._peak = max(self._peak, used)
        self._over = used > self.limit_bytes
        return self._over

    def peak_bytes(self) -> int:
        return self._peak

    def cpu_seconds(self) -> float:
        return 0.0 if self._processes is None else self._processes.cpu_seconds()

    def close(self) -> None:
        self._root = None


def _private_bytes(process: psutil.Process) -> int:
    """Anonymous and shared memory of the process, without the files that it maps."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return int(process.memory_info().rss)
    kib = 0
    for line in text.splitlines():
        if line.startswith(("RssAnon:", "RssShmem:")):
            kib += int(line.split()[1])
    return kib * 1024
