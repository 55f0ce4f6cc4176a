"""The warm worker: imports the heavy packages once, then forks one child an item.

It runs no line of a submission itself. Its orders come over descriptor 3, a socket of sequenced
packets; each order to fork brings the child's channel, stdout and stderr as descriptors.
"""

import contextlib
import importlib
import os
import selectors
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from threadpoolctl import ThreadpoolController

from grader.worker.identity import (
    KEPT_DESCRIPTORS,
    adopt_orphans,
    become,
    forbid_tracing,
    install_filter,
    set_limits,
)
from grader.worker.item import Item
from grader.worker.protocol import decode, encode

CONTROL = 3
MAX_ORDER = 1 << 16
CLEAN_SECONDS = 5
TORCH_PROBES = ("compression", "operations", "training")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PRIVATE_FOLDERS = ("/tmp", "/dev/shm", "/var/tmp")  # noqa: S108 - the sandbox's own tmpfs


SHARED_FOLDERS = (*PRIVATE_FOLDERS, "/run/lock", "/var/lock", "/var/crash", "/dev/mqueue")
"""Where every user may write, on a machine without a sandbox."""


class Worker:
    """The parent of the forks."""

    _pools: ThreadpoolController
    """The libraries' thread pools; the order to warm, which comes first, looks for them."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._child: int | None = None
        self._scratch = Path(os.environ["HOME"])
        self._alone = False

    def run(self) -> None:
        """Obey orders until the grader closes the socket."""
        woken, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj == woken:
                        os.read(woken, 64)
                        self._reap()
                    elif not self._obey():
                        return

    def _tell(self, **message: Any) -> None:
        self._control.send(b"".join(bytes(part) for part in encode(message)))

    def _obey(self) -> bool:
        raw, descriptors, _, _ = socket.recv_fds(self._control, MAX_ORDER, 3)
        if not raw:
            return False
        order = decode(raw)
        match order["do"]:
            case "warm":
                self._alone = order["alone"]
                self._warm(order["modules"])
            case "fork":
                self._fork(order, descriptors)
            case "end":
                self._end(order)
        return True

    def _warm(self, modules: list[str]) -> None:
        missing = []
        for name in modules:
            try:
                importlib.import_module(name)
            except ImportError:
                missing.append(name)
        if "torch" in modules:
            from grader.worker.torchvision_ops import define_missing_ops  # noqa: PLC0415 - needs torch

            define_missing_ops()
            # These hold torch's own functions before a submission can put others in their place.
            for probe in TORCH_PROBES:
                importlib.import_module(f"grader.worker.probes.{probe}")
        # Looking for the libraries' thread pools takes longer than a fork does.
        self._pools = ThreadpoolController()
        self._tell(said="ready", pid=os.getpid(), missing=missing)

    def _fork(self, order: dict[str, Any], descriptors: list[int]) -> None:
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                _become_item(order, descriptors, self._pools)
                code = 0
            finally:
                os._exit(code)
        for descriptor in descriptors:
            os.close(descriptor)
        self._child = pid
        self._tell(said="forked", pid=pid)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._child:
                self._child = None
                self._tell(
                    said="ended",
                    code=os.waitstatus_to_exitcode(status),
                    cpu_seconds=usage.ru_utime + usage.ru_stime,
                    peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
                )

    def _end(self, order: dict[str, Any]) -> None:
        """Kill whatever the item left running, then remove whatever it left lying."""
        if self._alone:
            # In our own process namespace that is everything but this process and the init.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        else:
            if self._child is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._child, signal.SIGKILL)
            if order["uid"] is not None:
                _as_user(order["uid"], lambda: os.kill(-1, signal.SIGKILL))
            _kill_children()
        self._reap_all()
        self._tell(said="clean", clean=self._clean(order["uid"]))

    def _reap_all(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, 0)
            except ChildProcessError:
                break
            if pid == self._child:
                self._child = None

    def _clean(self, uid: int | None) -> bool:
        def clean() -> bool:
            if uid is not None and not self._alone:
                _remove_own(uid)
            return _empty(self._scratch, alone=self._alone)

        return _as_user(uid, clean)


def _as_user(uid: int | None, action: Callable[[], object]) -> bool:
    """Run `action` in a fork that has become the user; whether it returned anything but False."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(CLEAN_SECONDS)
            become(uid)
            code = 1 if action() is False else 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return status == 0


def _remove_own(uid: int) -> None:
    """Remove what the user left in the folders that all users of the machine may write to."""
    for folder in SHARED_FOLDERS:
        for place, folders, files in os.walk(folder):
            for name in [*folders, *files]:
                entry = Path(place) / name
                with contextlib.suppress(OSError):
                    if entry.lstat().st_uid != uid:
                        continue
                    if entry.is_dir() and not entry.is_symlink():
                        _unlock(entry)
                        shutil.rmtree(entry, ignore_errors=True)
                    else:
                        entry.unlink()


def _kill_children() -> None:
    """Kill this process's children until there are none: orphans of theirs become children too."""
    deadline = time.monotonic() + CLEAN_SECONDS
    while time.monotonic() < deadline:
        children = _children()
        if not children:
            return
        for pid in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in task.read_text(encoding="ascii").split()]
    return found


def _empty(scratch: Path, *, alone: bool) -> bool:
    folders = [Path(folder) for folder in PRIVATE_FOLDERS] if alone else [scratch]
    left = False
    for folder in folders:
        if not folder.is_dir():
            continue
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                _unlock(entry)
                shutil.rmtree(entry, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    entry.unlink()
        _forget_attributes(folder)
        left = left or any(folder.iterdir())
    return not left


def _forget_attributes(folder: Path) -> None:
    """Reset what a folder itself can hold: extended attributes and times.

    Only its owner can set them, who is the item's user where the worker has no other one.
    """
    with contextlib.suppress(OSError, AttributeError):  # not every system has them
        for name in os.listxattr(folder):
            with contextlib.suppress(OSError):
                os.removexattr(folder, name)
    with contextlib.suppress(OSError):
        os.utime(folder, (0, 0))


def _unlock(folder: Path) -> None:
    """Give ourselves back the right to empty folders that were made unreadable or unwritable."""
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    # Top down: a folder is opened up before it is looked into.
    for place, inside, _ in os.walk(folder):
        for entry in (Path(place) / name for name in inside):
            with contextlib.suppress(OSError):
                if not entry.is_symlink():
                    entry.chmod(0o700)


def _become_item(
    order: dict[str, Any], descriptors: list[int], pools: ThreadpoolController
) -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    channel, stdout, stderr = descriptors
    # The three arrive above 3, so none is overwritten before it is moved.
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.dup2(channel, CONTROL, inheritable=False)
    os.closerange(KEPT_DESCRIPTORS, 65536)
    set_limits(order["limits"])
    become(order["uid"])
    if order["filter"] is not None:
        install_filter(order["filter"].tobytes())
    scratch = Path(os.environ["HOME"])
    scratch.mkdir(exist_ok=True)
    os.chdir(scratch)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    threads = order["threads"]
    _set_threads(threads, pools)
    link = socket.socket(fileno=CONTROL)
    Item(link, threads=threads, device=order["device"]).run()


def _set_threads(threads: int, pools: ThreadpoolController) -> None:
    """Let numeric libraries use so many threads: those loaded ahead, and those still to come."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    pools.limit(limits=threads)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)


def main() -> None:
    """Start from the command line inside the sandbox; the argument is the socket's descriptor."""
    given = int(sys.argv[1])
    if given != CONTROL:
        os.dup2(given, CONTROL, inheritable=False)
        os.close(given)
    forbid_tracing()
    adopt_orphans()
    Worker(socket.socket(fileno=CONTROL)).run()


if __name__ == "__main__":
    main()
