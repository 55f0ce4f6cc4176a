"""The versions that a course grades with: the lock that comes with the grader."""

import re

from grader.assets import asset
from grader.environment import PACKAGES, package_versions

FILES = ("requirements/lock.txt", "requirements/torch-cuda.txt")
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;+\\]+)", re.MULTILINE)


def locked_versions() -> dict[str, str]:
    """Name -> locked version of the packages that may change a number.

    Raises:
        UsageError: this installation lacks the lock.
    """
    text = "\n".join(asset(name).read_text(encoding="utf-8") for name in FILES)
    locked = dict(_LOCKED.findall(text))
    return {name: locked[name] for name in PACKAGES if name in locked}


def differences() -> dict[str, str]:
    """Name -> what is installed in place of the locked version, such as `torch 2.12.0`."""
    installed, found = package_versions(), {}
    for name, locked in locked_versions().items():
        version = installed.get(name)
        # A build of the same release for another device, 2.13.0+cpu, is as good.
        if version is None or version.partition("+")[0] != locked:
            found[name] = f"{name} {version or 'missing'} (locked: {locked})"
    return found


def lock_warning() -> str:
    """What a class run says about differences from the lock; empty where there are none."""
    found = differences()
    if not found:
        return ""
    return (
        f"packages: {', '.join(found.values())}; points may differ from those of other machines, "
        "run `grader doctor`"
    )
