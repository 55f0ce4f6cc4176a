"""What a score may depend on besides the submission and the rubric: versions, device, threads."""

import os
import platform
from importlib import metadata
from pathlib import Path

from grader.data.device import DEVICES, resolve_device

__all__ = [
    "DEVICES",
    "PACKAGES",
    "grader_version",
    "package_versions",
    "python_version",
    "resolve_device",
    "usable_cores",
]

DISTRIBUTION = "nla-grader"
PACKAGES = ("numpy", "scipy", "torch", "torchvision", "jax", "jaxlib")
"""Packages whose version may change a number."""
_QUOTAS = (("cpu.max", None), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))
"""Files of cgroup v2 and v1 that hold microseconds of CPU time in each period, and the period."""


def grader_version() -> str:
    """The installed version, `0+source` where the grader runs from a bare checkout."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0+source"


def package_versions() -> dict[str, str]:
    """Name -> version of every package that may change a number and is installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def python_version() -> str:
    """Such as `3.11.7`."""
    return platform.python_version()


def usable_cores(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may keep busy: its affinity, and a container's share of CPU time.

    Args:
        groups: Where the control groups are mounted.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, min(cores, _quota(groups) or cores))


def _quota(groups: Path) -> int | None:
    """Whole cores that a control group grants; None where it sets no bound."""
    for quota, period in _QUOTAS:
        try:
            words = (groups / quota).read_text(encoding="ascii").split()
            if period is not None:
                words += (groups / period).read_text(encoding="ascii").split()
            granted, each = int(words[0]), int(words[1])
        # No such file, or "max": no bound.
        except (OSError, ValueError, IndexError):
            continue
        if granted > 0 and each > 0:
            return max(1, round(granted / each))
    return None
