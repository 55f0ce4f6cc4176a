"""Real unprivileged users for the sandboxes that root starts: one pair a sandbox at a time."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

from grader.errors import SandboxError
from grader.sandbox.interface import Identity

BASE = 1_900_000_000
"""First user id of the pairs: far from what systems hand out to people and services."""
SLOTS = 512
KEPT = "setuid,setgid,kill"
"""Capabilities that a worker keeps where root calls: to become the item's user, and to end it."""
RUN = Path("/run")
"""Where programs of this machine keep what must not outlive its uptime."""


def claim_identity() -> Identity:
    """A pair of user ids that no other sandbox of this machine uses now.

    The worker and the items that it forks are different users, so that no item can signal the
    worker; two sandboxes never share one, since the kernel counts processes by user.

    Raises:
        SandboxError: all pairs are taken, or this process may not use such ids.
    """
    folder = _lock_folder()
    for slot in range(SLOTS):
        descriptor = os.open(folder / f"slot-{slot}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        first = _first_uid(slot)
        return Identity(first, first + 1, _Closer(descriptor))
    raise SandboxError(
        f"sandbox: at most {SLOTS} can run at once on a machine; wait for some to end"
    )


def identity_command(identity: Identity) -> list[str]:
    """The beginning of a command line that starts the rest of it as the worker's user."""
    if identity.worker is None:
        return []
    uid = str(identity.worker)
    kept = ",".join(f"+{name}" for name in KEPT.split(","))
    return [
        find_setpriv(),
        *("--reuid", uid, "--regid", uid, "--clear-groups"),
        *("--inh-caps", f"-all,{kept}", "--ambient-caps", f"-all,{kept}"),
        *("--bounding-set", f"-all,{kept}", "--no-new-privs", "--"),
    ]


def find_setpriv() -> str:
    """The path of `setpriv`.

    Raises:
        SandboxError: it is not installed.
    """
    path = shutil.which("setpriv")
    if path is None:
        raise SandboxError("sandbox: root needs `setpriv`, found none; install util-linux")
    return os.path.realpath(path)


class _Closer:
    """Closes a descriptor once; closing gives the lock back."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def __call__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock_folder() -> Path:
    for parent in (RUN, Path(tempfile.gettempdir())):
        folder = parent / f"nla-grader-{os.geteuid()}"
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            # Another user may have put a folder or a link there first.
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
                return folder
    raise SandboxError(
        "sandbox: a folder for its locks must be writable under /run or the folder for temporary "
        "files; set TMPDIR to one that is"
    )


def _first_uid(slot: int) -> int:
    """The slot's first id, within what this process's user namespace maps."""
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        inside, _, count = (int(word) for word in line.split())
        if inside <= BASE and inside + count > BASE + 2 * SLOTS:
            return BASE + 2 * slot
        # A container maps a range of its own: take the end of it.
        if count > 4 * SLOTS:
            return inside + count - 2 * (slot + 1)
    raise SandboxError(
        "sandbox: root of a container must have a range of at least "
        f"{4 * SLOTS} user ids; run the container with one, or run the grader as a user"
    )
