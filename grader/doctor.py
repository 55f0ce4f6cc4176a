"""Says what this machine can do, and what to do about what is missing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from grader.environment import (
    PACKAGES,
    grader_version,
    package_versions,
    pinned_versions,
    python_version,
    resolve_device,
    usable_cores,
)
from grader.errors import GraderError, UsageError
from grader.exit_codes import ExitCode
from grader.sandbox import choose_guards, choose_launcher, verify_sandbox
from grader.terminal import plain_text


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fine: bool
    text: str
    """What is there, or what to do."""


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
        mark = Text("ok", "green") if finding.fine else Text("!!", "bold red")
        table.add_row(mark, finding.what, plain_text(finding.text))
    console.print(table)
    fine = all(finding.fine for finding in findings)
    return ExitCode.ALL_POINTS if fine else ExitCode.UNUSABLE


def _findings(*, data: str, device: str, cache: Path | None) -> Iterator[Finding]:
    yield Finding("grader", fine=True, text=f"{grader_version()}, Python {python_version()}")
    yield _try("packages", _packages)
    yield _try("sandbox", _sandbox)
    yield _try("device", lambda: resolve_device(device))
    cores = usable_cores()
    yield Finding("threads", fine=True, text=f"{cores} core{'s' * (cores > 1)} for this process")
    yield _try("cache", lambda: _cache(cache))
    yield _try("data", lambda: _baseline(data, cache))


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, fine=True, text=look())
    except GraderError as exc:
        return Finding(what, fine=False, text=str(exc))


def _packages() -> str:
    found, pinned = package_versions(), pinned_versions()
    for name in PACKAGES:
        if name not in found:
            raise UsageError(f"{name}: must be installed, is missing; install the grader again")
        # A build of the same release for another device, 2.13.0+cpu, is as good.
        if name in pinned and found[name].partition("+")[0] != pinned[name]:
            raise UsageError(
                f"{name}: must be {pinned[name]}, so that grades can be reproduced, got "
                f"{found[name]}; install the grader again"
            )
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _sandbox() -> str:
    launcher, guards = choose_launcher("bubblewrap"), choose_guards()
    verify_sandbox(launcher, guards)
    text = f"{launcher.name} holds; memory is limited by {guards.name}"
    return "; not enforced: ".join([text, *guards.not_enforced])


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
