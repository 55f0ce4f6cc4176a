"""Says what this machine can do, and what to do about what is missing."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from grader.environment import (
    PACKAGES,
    grader_version,
    package_versions,
    python_version,
    resolve_device,
    usable_cores,
)
from grader.errors import GraderError, SandboxError
from grader.exit_codes import ExitCode
from grader.lock import differences, locked_versions
from grader.remedies import install_command, namespace_restriction
from grader.sandbox import choose_guards, choose_launcher, verify_sandbox
from grader.terminal import plain_text

OPTIONAL = frozenset({"torchvision"})
"""Packages without which everything but `--data cifar10` works."""


class Level(StrEnum):
    """What a finding means for grading."""

    FINE = "ok"
    NOTE = "~~"
    """Grading works; points may differ from another machine's."""
    FAULT = "!!"
    """Other people's submissions can't be graded."""


_STYLES = {Level.FINE: "green", Level.NOTE: "yellow", Level.FAULT: "bold red"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    text: str
    """What is there, or what is wrong."""
    level: Level = Level.FINE
    command: str = ""
    """What mends it, to be pasted into a shell."""


def examine(console: Console, *, data: str, device: str, cache: Path | None) -> ExitCode:
    """Print every finding; `UNUSABLE` where others' submissions can't be graded here.

    Nothing is fetched and nothing is trained.

    Args:
        console: Where to print.
        data: The dataset to look for, as `--data` takes it.
        device: The device to look for: `auto`, `cpu` or `cuda`.
        cache: Folder of the cache; the user's cache folder where None.
    """
    findings = list(_findings(data=data, device=device, cache=cache))
    table = Table("", "", Column(overflow="fold"), show_header=False, box=None)
    for finding in findings:
        mark = Text(finding.level, _STYLES[finding.level])
        table.add_row(mark, finding.what, plain_text(finding.text))
    console.print(table)
    for finding in findings:
        if finding.command:
            # Unwrapped, so that it can be pasted.
            console.print(Text(f"{finding.what}, run: {finding.command}"), soft_wrap=True)
    faulty = any(finding.level is Level.FAULT for finding in findings)
    return ExitCode.UNUSABLE if faulty else ExitCode.ALL_POINTS


def _findings(*, data: str, device: str, cache: Path | None) -> Iterator[Finding]:
    yield Finding("grader", f"{grader_version()}, Python {python_version()}")
    yield _packages()
    yield _sandbox()
    yield _try("device", lambda: resolve_device(device))
    cores = usable_cores()
    yield Finding("threads", f"{cores} core{'s' * (cores > 1)} for this process")
    yield _try("cache", lambda: _cache(cache))
    yield _try("data", lambda: _baseline(data, cache))


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look())
    except GraderError as exc:
        return Finding(what, str(exc), Level.FAULT)


def _packages() -> Finding:
    """A missing package is a fault; another version than the locked one is worth knowing."""
    found, locked, other = package_versions(), locked_versions(), differences()
    if not other:
        text = ", ".join(f"{name} {version}" for name, version in found.items())
        return Finding("packages", text)
    missing = [name for name in PACKAGES if name not in found and name not in OPTIONAL]
    wanted = " ".join(f"{name}=={locked[name]}" for name in other)
    return Finding(
        "packages",
        f"{', '.join(other.values())}; points may differ from those of other machines",
        Level.FAULT if missing else Level.NOTE,
        f"{sys.executable} -m pip install {wanted}",
    )


def _sandbox() -> Finding:
    guards = choose_guards()
    try:
        launcher = choose_launcher("bubblewrap")
        verify_sandbox(launcher, guards)
    except SandboxError as exc:
        text, command = str(exc), ""
        restriction = namespace_restriction()
        if shutil.which("bwrap") is None:
            command = install_command("bubblewrap")
        elif shutil.which("setpriv") is None:
            command = install_command("util-linux")
        elif restriction is not None:
            meaning, command = restriction
            text = f"{text}: {meaning}"
        return Finding("sandbox", text, Level.FAULT, command)
    text = f"{launcher.name} holds; memory is limited by {guards.name}"
    return Finding("sandbox", "; not enforced: ".join([text, *guards.not_enforced]))


def _cache(cache: Path | None) -> str:
    from grader.data.cache import cache_folder, check_writable  # noqa: PLC0415 - as below

    folder = cache_folder(cache)
    check_writable(folder)
    return str(folder)


def _baseline(data: str, cache: Path | None) -> str:
    from grader.data.baseline import BaselineSpec, find_baseline  # noqa: PLC0415 - only asked here

    found = find_baseline(BaselineSpec(data=data), cache=cache)
    if found is None:
        return f"{data}: no baseline yet; the first grading trains it, or run `grader baseline`"
    accuracy = f"right on {found.accuracy:.1%} of {len(found.dataset.hidden)} hidden images"
    return f"{data}: baseline {found.key[:12]} is cached, {accuracy}"
