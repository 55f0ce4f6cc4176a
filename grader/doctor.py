"""Says what this machine can do, and what to do about what is missing."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.environment import (
    grader_version,
    package_versions,
    python_version,
    resolve_device,
)
from grader.errors import GraderError
from grader.sandbox import choose_guards, choose_launcher, verify_sandbox


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fine: bool
    text: str
    """What is there, or what to do."""


def examine(console: Console, *, data: str, device: str, cache: Path | None) -> int:
    """Print every finding; 0 where others' submissions can be graded here, 1 otherwise."""
    findings = list(_findings(data=data, device=device, cache=cache))
    table = Table(show_header=False, box=None)
    for finding in findings:
        mark = Text("ok", "green") if finding.fine else Text("!!", "bold red")
        table.add_row(mark, finding.what, Text(finding.text, overflow="fold"))
    console.print(table)
    return 0 if all(finding.fine for finding in findings) else 1


def _findings(*, data: str, device: str, cache: Path | None) -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version}" for name, version in package_versions().items())
    yield Finding("grader", fine=True, text=f"{grader_version()}, Python {python_version()}")
    yield Finding("packages", fine=True, text=packages)
    yield _try("sandbox", _sandbox)
    yield _try("device", lambda: resolve_device(device))
    yield Finding("threads", fine=True, text=f"{_cores()} cores for this process")
    yield _try("data", lambda: _baseline(data, cache))


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, fine=True, text=look())
    except GraderError as exc:
        return Finding(what, fine=False, text=str(exc))


def _sandbox() -> str:
    launcher, guards = choose_launcher("bubblewrap"), choose_guards()
    verify_sandbox(launcher, guards)
    return f"{launcher.name} holds; memory is limited by {guards.name}"


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _baseline(data: str, cache: Path | None) -> str:
    from grader.data.baseline import BaselineSpec, find_baseline  # noqa: PLC0415

    found = find_baseline(BaselineSpec(data=data), cache=cache)
    if found is None:
        return f"{data}: no baseline yet; the first grading trains it, or run `grader baseline`"
    return f"{data}: baseline {found[:12]} is cached"
