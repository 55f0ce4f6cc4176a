"""Which slow modules a worker imports before its first item."""

from collections.abc import Iterable

from grader.checks.interface import CHECKS
from grader.rubric import Item

SLOW_MODULES = ("numpy", "torch", "jax")
"""Each takes up to a second and a half."""


def modules_for(items: Iterable[Item], contents: Iterable[bytes]) -> tuple[str, ...]:
    """The slow modules that some file names, and those that the checks' probes are bound to.

    Torch is imported ahead wherever networks are judged, whatever the files say: what counts there
    must be bound before a submission is loaded.

    Args:
        items: That are graded.
        contents: The files' bytes; read only until all modules are named.
    """
    rows = [row for item in items for row in item.checks]
    found = {"torch"} if any(CHECKS[row.use].needs_baseline for row in rows) else set()
    for content in contents:
        found |= {name for name in SLOW_MODULES if name.encode() in content}
        if len(found) == len(SLOW_MODULES):
            break
    return tuple(name for name in SLOW_MODULES if name in found)
