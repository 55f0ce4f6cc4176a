"""What a submission could try against its sandbox; every attempt ought to fail."""

import ctypes
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.worker.interface import ProbeContext

_NEW_USER_NAMESPACE = 0x10000000
_PTRACE_ATTACH = 16
_HARMLESS_SETTING = Path("/proc/sys/kernel/printk_ratelimit_burst")
_GRAVE_SETTING = Path("/proc/sys/kernel/core_pattern")
_READ_ONLY = ("/", "/usr", "/dev", "/nla", "/site/0", "/proc")


def attempts(context: ProbeContext, secrets: Sequence[str]) -> list[str]:
    """Try to get out.

    Args:
        context: The loaded submission; not used.
        secrets: Paths outside the sandbox that must not be seen.

    Returns:
        What succeeded, one line each; empty where the sandbox holds.
    """
    del context
    tries: dict[str, Callable[[], object]] = {
        "is the system's root": lambda: 0 in os.getresuid(),
        "holds capabilities": _capabilities,
        "may gain privileges by starting a program": lambda: _status("NoNewPrivs") != "1",
        "reads the environment of process 1": Path("/proc/1/environ").read_bytes,
        "changes a setting of the kernel": _change_setting,
        "opens the kernel's core pattern for writing": _open_grave_setting,
        "sees a network": _network,
        "makes a user namespace": lambda: _c_call("unshare", _NEW_USER_NAMESPACE),
        "traces another process": lambda: _c_call("ptrace", _PTRACE_ATTACH, os.getppid(), 0, 0),
        "writes outside its folders": _write_outside,
    }
    found = [name for name, action in tries.items() if _succeeds(action)]
    found += [f"sees {path}" for path in secrets if _succeeds(Path(path).stat)]
    return found


def _succeeds(action: Callable[[], object]) -> bool:
    try:
        return bool(action())
    except OSError:
        return False


def _status(key: str) -> str:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return value.strip()
    return ""


def _capabilities() -> bool:
    return any(int(_status(name), 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"))


def _change_setting() -> bool:
    same = _HARMLESS_SETTING.read_text(encoding="ascii")
    _HARMLESS_SETTING.write_text(same, encoding="ascii")
    return True


def _open_grave_setting() -> bool:
    with _GRAVE_SETTING.open("r+"):
        return True


def _network() -> bool:
    return any(name != "lo" for _, name in socket.if_nameindex())


def _c_call(name: str, *arguments: int) -> bool:
    return int(getattr(ctypes.CDLL(None), name)(*arguments)) == 0


def _write_outside() -> bool:
    for folder in _READ_ONLY:
        place = Path(folder) / f"probe-{os.getpid()}"
        try:
            place.touch()
        except OSError:
            continue
        place.unlink()
        return True
    return False
