"""What a sandbox is: limits, how an item's process ended, and who starts the worker."""

import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

MIB = 1 << 20
GIB = 1 << 30
ANSWER_BYTES = 16 * MIB
"""The largest answer that is received, where a request does not expect a larger one."""
FAILURE_BYTES = MIB
"""The largest account of a failure; the worker's own are some kilobytes."""


@dataclass(frozen=True)
class Limits:
    """What one item may use."""

    wall_seconds: float = 60.0
    """Time that the submission's code may run, the grader's own work not counted."""
    memory_bytes: int = 4 * GIB
    threads: int = 1
    processes: int = 256
    """Processes and threads together; JAX and torch start about 20."""
    output_bytes: int = 8 * MIB
    """Printed bytes past which the item is ended."""

    @property
    def cpu_seconds(self) -> int:
        """CPU time of all processes together: the wall time on every thread, and some slack."""
        return int(self.wall_seconds * max(self.threads, 4)) + 2


class Reason(StrEnum):
    """Why an item's process ended."""

    EXITED = "exited"
    WALL_TIME = "wall time"
    CPU_TIME = "cpu time"
    MEMORY = "memory"
    PROCESSES = "processes"
    SIGNAL = "signal"
    OUTPUT = "output"
    PROTOCOL = "protocol"


@dataclass(frozen=True)
class Ending:
    """How an item's process ended."""

    reason: Reason
    code: int | None = None
    """Exit code, or minus the signal's number; None where the grader ended it."""
    detail: str = ""
    """For staff."""
    starved: bool = False
    """Whether it ran out of time while other processes had the processors."""


class ItemEndedError(Exception):
    """The item's process is gone; `ending` says why."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"{ending.reason}: {ending.code} {ending.detail}")
        self.ending = ending


@dataclass(frozen=True)
class Identity:
    """Real users of the system that a sandbox's processes are; None: the grader's own user."""

    worker: int | None = None
    item: int | None = None
    release: Callable[[], None] = lambda: None
    """Hands the users back for the next sandbox."""


@dataclass
class Launched:
    """A worker that has been started and not yet spoken to."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    alone: bool
    """Whether the worker has a process namespace of its own."""
    identity: Identity = field(default_factory=Identity)
    dispose: Callable[[], None] = lambda: None
    """Removes what the launch left on disk."""
    filter: bytes | None = None
    """The system call filter that items install themselves, where the launch did not."""


class Launcher(Protocol):
    """A way to start a worker."""

    name: str
    """`bubblewrap` or `bare`."""

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """What it does not isolate submissions from, a sentence each."""
        ...

    def launch(self, *, threads: int, device: str) -> Launched:
        """Start a worker.

        Raises:
            SandboxError: it can't be started on this machine.
        """
        ...
