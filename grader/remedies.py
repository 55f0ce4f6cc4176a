"""Commands that mend what grading needs from the system."""

import os
import shutil
from pathlib import Path

SYSCTL = Path("/proc/sys")
MANAGERS = {
    "apt-get": "apt-get install -y",
    "dnf": "dnf install -y",
    "pacman": "pacman -S --needed",
    "zypper": "zypper install -y",
    "apk": "apk add",
}
"""Package manager -> how it installs packages."""
_PROFILE = (
    r"printf 'abi <abi/4.0>,\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n  userns,\n}\n'"
    " | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)
RESTRICTIONS = (
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor restricts user namespaces (Ubuntu 23.10 and later); allow them for bubblewrap",
        _PROFILE,
    ),
    (
        "kernel/unprivileged_userns_clone",
        "0",
        "the kernel refuses user namespaces to ordinary users; allow them",
        "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    (
        "user/max_user_namespaces",
        "0",
        "the kernel allows no user namespaces; allow some",
        "sudo sysctl -w user.max_user_namespaces=15000",
    ),
)
"""Setting of the kernel, the value that restricts, what that means, the command."""


def install_command(package: str) -> str:
    """How a system package is installed here; empty where the package manager is unknown."""
    for manager, command in MANAGERS.items():
        if shutil.which(manager):
            return f"{_sudo()}{command} {package}"
    return ""


def namespace_restriction() -> tuple[str, str] | None:
    """Why this user may make no namespaces, and the command that allows it; None if unrestricted.

    Root, who grades without user namespaces, is not restricted.
    """
    if os.geteuid() == 0:
        return None
    for name, value, meaning, command in RESTRICTIONS:
        try:
            found = (SYSCTL / name).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if found == value:
            return meaning, command
    return None


def _sudo() -> str:
    return "" if os.geteuid() == 0 else "sudo "
