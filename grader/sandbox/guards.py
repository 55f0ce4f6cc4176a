"""What enforces an item's limits on memory, CPU time and processes, and the best of it here."""

import os
from typing import Protocol

from grader.sandbox.cgroups import CgroupV1, CgroupV2
from grader.sandbox.interface import Limits, Reason
from grader.sandbox.polling import Polling


class Guard(Protocol):
    """Watches one item's processes."""

    def admit(self, pid: int) -> None:
        """Put the process, and everything that it starts from now on, under the limits."""
        ...

    def exceeded(self) -> Reason | None:
        """The limit that has been overrun, if any; the caller then ends the item."""
        ...

    def peak_bytes(self) -> int:
        """The most memory that was in use at one time, 0 where not known."""
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

    @property
    def shares_cpu(self) -> bool:
        """Whether the kernel gives every item an equal share of the processors."""
        ...

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """What the kernel does not enforce on this machine, a sentence for each limit."""
        ...

    def make(self, limits: Limits, keeper: int = 0) -> Guard:
        """A guard for one item.

        Args:
            limits: The item's.
            keeper: The process that everything in the item's sandbox descends from; 0: only what
                descends from the item's own process is found.
        """
        ...


def choose_guards() -> GuardMaker:
    """The strongest that this process may use here: cgroup v2, cgroup v1, or polling.

    `NLA_GRADER_CGROUPS=0` in the environment chooses polling, to try what other machines have.
    """
    if os.environ.get("NLA_GRADER_CGROUPS") == "0":
        return Polling()
    return CgroupV2.here() or CgroupV1.here() or Polling()
