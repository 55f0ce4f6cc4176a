"""Give up every privilege that a worker's child does not need, and check that it is gone."""

import contextlib
import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from typing import Any

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
LINUX_CAPABILITY_VERSION_3 = 0x20080522
KEPT_DESCRIPTORS = 4
"""0, 1, 2 and the channel."""


def set_limits(limits: Mapping[str, Any]) -> None:
    """Set this process's resource limits; a limit that the system does not know is left out.

    Args:
        limits: `cpu_seconds`, `data_bytes`, `processes`, `file_bytes`, each an int or None.
    """
    cpu = limits.get("cpu_seconds")
    _limit(resource.RLIMIT_CPU, cpu, None if cpu is None else cpu + 1)
    _limit(resource.RLIMIT_DATA, limits.get("data_bytes"))
    _limit(resource.RLIMIT_NPROC, limits.get("processes"))
    _limit(resource.RLIMIT_FSIZE, limits.get("file_bytes"))
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 256)


def _limit(which: int, soft: int | None, hard: int | None = None) -> None:
    if soft is None:
        return
    _, ceiling = resource.getrlimit(which)
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    # macOS refuses some limits outright; the wall clock and the memory poll remain.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (soft, hard))


def become(uid: int | None) -> None:
    """Become the real user `uid` for good, without any capability, and check it.

    Raises:
        PermissionError: some privilege is left; the caller must not run a submission.
    """
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    if uid is not None:
        header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
        nothing = (ctypes.c_uint32 * 6)()
        libc.capset(header, nothing)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    forbid_tracing()
    if uid is not None and (os.getresuid() != (uid, uid, uid) or _capabilities() != 0):
        raise PermissionError("a worker's child must not keep any privilege")


def install_filter(rules: bytes) -> None:
    """Have the kernel refuse the system calls that `rules`, an array of `sock_filter`, forbid.

    No privilege can be gained any more when this is called. A kernel without filters is left as it
    is: where this is called there is no other isolation either.
    """
    buffer = ctypes.create_string_buffer(rules, len(rules))
    program = _Program(len(rules) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def forbid_tracing() -> None:
    """Keep processes of the same user from reading this one's memory and descriptors."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that none is out of reach."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _capabilities() -> int:
    held = 0
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - no pathlib needed this early
        for line in status:
            if line.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb")):
                held |= int(line.split()[1], 16)
    return held
