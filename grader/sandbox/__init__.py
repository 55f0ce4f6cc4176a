"""Starts a worker inside limits, speaks with it, ends it, and says why it ended."""

from grader.errors import UsageError
from grader.sandbox.bare import Bare, closed_to_others
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.guards import GuardMaker, choose_guards
from grader.sandbox.host import Sandbox
from grader.sandbox.interface import Launcher, Limits
from grader.sandbox.verify import verify_sandbox

__all__ = [
    "KINDS",
    "GuardMaker",
    "Launcher",
    "Limits",
    "Sandbox",
    "choose_guards",
    "choose_launcher",
    "closed_to_others",
    "verify_sandbox",
]

KINDS = ("bubblewrap", "bare")


def choose_launcher(kind: str) -> Launcher:
    """The launcher of this name.

    Raises:
        UsageError: there is none.
    """
    launchers: dict[str, type[Launcher]] = {"bubblewrap": Bubblewrap, "bare": Bare}
    if kind not in launchers:
        raise UsageError(f"sandbox: must be one of {', '.join(KINDS)}, got {kind!r}")
    return launchers[kind]()
