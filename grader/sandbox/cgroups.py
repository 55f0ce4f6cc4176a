"""An item's limits on memory, processes and CPU time as control groups of the kernel."""

import contextlib
import itertools
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from grader.sandbox.interface import Limits, Reason
from grader.sandbox.processes import ItemProcesses

GROUPS = Path("/sys/fs/cgroup")
REMOVE_SECONDS = 2.0
_PREFIX = "nla-grader-"
_NAMES = itertools.count(1)
_V1_FILES = {
    "memory": "memory.limit_in_bytes",
    "pids": "pids.max",
    "cpu": "cpu.shares",
    "cpuacct": "cpuacct.usage",
}
"""Controller -> a file that a group of it has."""
_V2_CONTROLLERS = frozenset({"memory", "pids", "cpu"})


def _sweep(folder: Path) -> None:
    """Remove the groups that a grader left which was killed: empty, and nobody's any more."""
    for group in folder.glob(f"{_PREFIX}*-*"):
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
    return f"{_PREFIX}{os.getpid()}-{next(_NAMES)}"


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
    limits: Limits
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

    def exceeded(self) -> Reason | None:
        if _read_counter(self.events, "oom_kill") > 0:
            return Reason.MEMORY
        # The kernel limits the time of each process, not of all that a submission starts.
        if self.cpu_seconds() > self.limits.cpu_seconds:
            return Reason.CPU_TIME
        return None

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
class CgroupV1:
    """Groups of version 1, a folder for each controller that can be used."""

    parents: Mapping[str, Path]
    """Controller -> the folder in which its groups are made."""
    name: str = "cgroup v1"

    @classmethod
    def here(cls) -> "CgroupV1 | None":
        """What this process may use; None where memory can't be limited."""
        own = _own_groups()
        found = {name: _first_writable(name, own, file) for name, file in _V1_FILES.items()}
        parents = {name: folder for name, folder in found.items() if folder is not None}
        if "memory" not in parents:
            return None
        for folder in parents.values():
            _sweep(folder)
        return cls(parents)

    @property
    def shares_cpu(self) -> bool:
        """Groups of one parent have equal shares of the processors, however many processes."""
        return "cpu" in self.parents

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """What the kernel does not enforce here."""
        return _missing({"pids", "cpu"} - self.parents.keys(), self.name)

    def make(self, limits: Limits, keeper: int = 0) -> _Group:
        """A group for one item."""
        name = _fresh_name()
        groups = {controller: folder / name for controller, folder in self.parents.items()}
        for group in groups.values():
            # The same folder where controllers are mounted together.
            group.mkdir(exist_ok=True)
        memory = groups["memory"]
        _write(memory / "memory.limit_in_bytes", limits.memory_bytes)
        # Without it, what does not fit in memory goes to swap; not every kernel counts swap.
        with contextlib.suppress(OSError):
            _write(memory / "memory.memsw.limit_in_bytes", limits.memory_bytes)
        if "pids" in groups:
            _write(groups["pids"] / "pids.max", limits.processes)
        return _Group(
            folders=tuple(dict.fromkeys(groups.values())),
            limits=limits,
            events=memory / "memory.oom_control",
            peak=memory / "memory.max_usage_in_bytes",
            usage=groups["cpuacct"] / "cpuacct.usage" if "cpuacct" in groups else None,
            keeper=keeper,
        )


def _first_writable(controller: str, own: Mapping[str, str], limit_file: str) -> Path | None:
    if controller not in own:
        return None
    root = GROUPS / controller
    # Seen from inside a container, the path of the own group may not exist below the mount.
    for folder in (root / own[controller].lstrip("/"), root):
        if _probe(folder, limit_file):
            return folder
    return None


@dataclass(frozen=True)
class CgroupV2:
    """Groups of version 2, all below one folder."""

    parent: Path
    controllers: frozenset[str]
    name: str = "cgroup v2"

    @classmethod
    def here(cls) -> "CgroupV2 | None":
        """What this process may use; None where memory can't be limited."""
        own = _own_groups().get("")
        if own is None:
            return None
        for root in (GROUPS, GROUPS / "unified"):
            here = root / own.lstrip("/")
            _hand_down(here)
            # A group that holds processes may not limit its children; the one above may.
            for folder in (here, here.parent):
                if folder.is_relative_to(root) and _probe(folder, "memory.max"):
                    _sweep(folder)
                    return cls(folder, _words(folder / "cgroup.subtree_control"))
        return None

    @property
    def shares_cpu(self) -> bool:
        """Groups of one parent have equal shares of the processors, however many processes."""
        return "cpu" in self.controllers

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """What the kernel does not enforce here."""
        return _missing({"pids", "cpu"} - self.controllers, self.name)

    def make(self, limits: Limits, keeper: int = 0) -> _Group:
        """A group for one item."""
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
            folders=(group,),
            limits=limits,
            events=group / "memory.events",
            peak=group / "memory.peak",
            usage=group / "cpu.stat",
            keeper=keeper,
        )


def _hand_down(own: Path) -> None:
    """Let groups below `own`, this process's group, have limits, where it has been delegated to us.

    Only a group without processes may do so: this one moves into a group below, if it is alone, as
    in `systemd-run --user --scope -p Delegate=yes`.
    """
    if own.name.startswith(_PREFIX):
        return  # moved here before
    missing = _V2_CONTROLLERS & _words(own / "cgroup.controllers")
    missing -= _words(own / "cgroup.subtree_control")
    if not missing or not os.access(own / "cgroup.subtree_control", os.W_OK):
        return
    order = " ".join(f"+{name}" for name in sorted(missing))
    with contextlib.suppress(OSError):
        if _words(own / "cgroup.procs") == {str(os.getpid())}:
            leaf = own / _fresh_name()
            leaf.mkdir()
            _write(leaf / "cgroup.procs", os.getpid())
        (own / "cgroup.subtree_control").write_text(order, encoding="ascii")


def _words(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except OSError:
        return frozenset()


def _missing(controllers: set[str], version: str) -> tuple[str, ...]:
    consequences = {
        "pids": "processes: limited by the kernel's limit for a user alone",
        "cpu": "CPU share: submissions graded at once are kept on processors of their own",
    }
    return tuple(
        f"{consequences[name]} (no controller `{name}` of {version} here)"
        for name in sorted(controllers)
    )
