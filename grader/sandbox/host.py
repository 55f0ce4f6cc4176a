"""One submission's sandbox: a warm worker, asked to fork a fresh process for each item."""

import contextlib
import os
import platform
import re
import select
import socket
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from grader.errors import SandboxError
from grader.sandbox.guards import GuardMaker
from grader.sandbox.interface import ItemEndedError, Launched, Launcher, Limits
from grader.sandbox.output import Capture, visible
from grader.sandbox.process import ItemProcess
from grader.worker.protocol import ProtocolError, decode, encode

WARM_SECONDS = 120.0
"""Importing torch and JAX from a cold disk takes half a minute."""
FORK_SECONDS = 20.0
END_SECONDS = 15.0
MAX_WORD = 1 << 16
FILE_BYTES = 1 << 30


class Sandbox:
    """Runs the items of one submission, one at a time, each in a fresh fork of a warm worker.

    The worker starts at once and warms up while the caller does something else. When it dies, or an
    item can't be cleaned up after, the next item gets a new one.
    """

    def __init__(
        self,
        launcher: Launcher,
        guards: GuardMaker,
        *,
        threads: int = 1,
        device: str = "cpu",
        modules: Sequence[str] = (),
        cores: Sequence[int] = (),
    ) -> None:
        """Start a worker.

        Args:
            launcher: How.
            guards: What enforces the limits of items.
            threads: Of the numeric libraries, at most.
            device: `cpu` or `cuda`.
            modules: What the worker imports before the first item.
            cores: The processors that everything in the sandbox keeps to; all where empty.
        """
        self._cores = tuple(cores)
        self._launcher = launcher
        self._guards = guards
        self._threads = threads
        self._device = device
        self._modules = list(modules)
        self._worker: _Worker | None = None
        self._item: ItemProcess | None = None
        self._warm()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def missing_modules(self) -> tuple[str, ...]:
        """Modules that were to be imported ahead and could not be."""
        return self._ready().missing

    def open_item(self, limits: Limits) -> ItemProcess:
        """A fresh process for one item, waiting for its first request.

        Raises:
            SandboxError: none can be had, tried twice.
        """
        self.close_item()
        for last in (False, True):
            try:
                self._item = self._ready().fork(self._guards, limits)
            except (SandboxError, ItemEndedError, OSError, ProtocolError) as exc:
                self._drop()
                if last:
                    raise SandboxError(
                        f"sandbox: no process for an item could be started: {exc}; run "
                        "`grader doctor`"
                    ) from exc
            else:
                return self._item
        raise AssertionError

    def close_item(self) -> None:
        """End the item's process and all that it started, and remove what it left lying."""
        item, self._item = self._item, None
        if item is None:
            return
        worker = self._worker
        clean = worker is not None and worker.end_item()
        if not clean:
            self._drop()
        item.close()

    def close(self) -> None:
        """End everything."""
        item, self._item = self._item, None
        self._drop()
        if item is not None:
            item.close()

    def _warm(self) -> None:
        with _on_cores(self._cores):
            launched = self._launcher.launch(threads=self._threads, device=self._device)
        self._worker = _Worker(launched, self._modules, self._threads, self._device)

    def _ready(self) -> "_Worker":
        if self._worker is None:
            self._warm()
        assert self._worker is not None  # noqa: S101 - narrows the type
        self._worker.wait_ready()
        return self._worker

    def _drop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()


@contextlib.contextmanager
def _on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Keep processes that are started meanwhile on these processors, this one excepted.

    They inherit it from this thread, and in the sandbox the system call that would change it is
    refused.
    """
    if not cores or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _kernel() -> tuple[int, ...]:
    """Linux's version, such as (6, 1)."""
    return tuple(int(word) for word in re.findall(r"\d+", platform.release())[:2])


class _Worker:
    """The grader's end of the worker's control socket."""

    def __init__(self, launched: Launched, modules: list[str], threads: int, device: str) -> None:
        self._launched = launched
        self._threads = threads
        self._device = device
        rules = launched.filter
        self._filter = None if rules is None else np.frombuffer(rules, dtype=np.uint8)
        self._ended: dict[str, Any] | None = None
        self._is_ready = False
        self.missing: tuple[str, ...] = ()
        with contextlib.suppress(OSError):  # what became of it shows when it is waited for
            self._order({"do": "warm", "modules": modules, "alone": launched.alone})

    def wait_ready(self) -> None:
        """Until the worker has imported what it was asked to.

        Raises:
            SandboxError: it ended, or took too long.
        """
        if self._is_ready:
            return
        word = self._word("ready", WARM_SECONDS)
        if word is None:
            raise SandboxError(f"sandbox: the worker did not start: {self._last_words()}")
        self.missing = tuple(word["missing"])
        self._is_ready = True

    def fork(self, guards: GuardMaker, limits: Limits) -> ItemProcess:
        """A fresh process for an item."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        if hasattr(socket, "SO_PASSCRED"):
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        captures = (Capture(out), Capture(err))
        self._ended = None
        order = {
            "do": "fork",
            "uid": self._launched.identity.item,
            "threads": min(self._threads, limits.threads),
            "device": self._device,
            "filter": self._filter,
            "limits": {
                "cpu_seconds": limits.cpu_seconds,
                # A little below the group's: a MemoryError tells a student more than a kill.
                "data_bytes": int(limits.memory_bytes * 0.95),
                "processes": limits.processes if self._counts_processes() else None,
                "file_bytes": FILE_BYTES,
            },
        }
        try:
            self._order(order, [theirs.fileno(), out_end, err_end])
        finally:
            theirs.close()
            os.close(out_end)
            os.close(err_end)
        guard = guards.make(limits, self._launched.process.pid)
        process = ItemProcess(ours, captures, guard, limits, self._end_of)
        try:
            pid = self._forked()
            # In a process namespace of its own, the worker's number for it means nothing here.
            process.start(None if self._launched.alone else pid, FORK_SECONDS)
        except BaseException:
            self.close()
            process.close()
            raise
        return process

    def _counts_processes(self) -> bool:
        """Whether the kernel counts this sandbox's processes alone against a limit for its user.

        It does where the sandbox has a real user of its own, and since Linux 5.14 where it has a
        user namespace of its own. Otherwise all that the grader's user runs would be counted.
        """
        if self._launched.identity.item is not None:
            return True
        return self._launched.alone and _kernel() >= (5, 14)

    def _forked(self) -> int:
        word = self._word("forked", FORK_SECONDS)
        if word is None:
            raise SandboxError(f"sandbox: the worker could not fork: {self._last_words()}")
        return int(word["pid"])

    def end_item(self) -> bool:
        """Whether the item, and everything that it left, is gone."""
        try:
            self._order({"do": "end", "uid": self._launched.identity.item})
        except OSError:
            return False
        word = self._word("clean", END_SECONDS)
        return word is not None and bool(word["clean"])

    def close(self) -> None:
        """Kill the worker; with it everything in its namespace ends."""
        process = self._launched.process
        if not self._launched.alone:
            # Outside a namespace, ask it to end its item first.
            with contextlib.suppress(OSError):
                self._order({"do": "end", "uid": self._launched.identity.item})
                self._word("clean", END_SECONDS)
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
        self._launched.control.close()
        self._launched.dispose()
        self._launched.identity.release()

    def _order(self, order: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        raw = b"".join(bytes(part) for part in encode(order))
        socket.send_fds(self._launched.control, [raw], list(descriptors))

    def _word(self, said: str, seconds: float) -> dict[str, Any] | None:
        """The worker's next word of this kind; None when it says nothing in time or is gone."""
        deadline = time.monotonic() + seconds
        control = self._launched.control
        while (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([control], [], [], left)
            if not readable:
                return None
            try:
                raw = control.recv(MAX_WORD)
                word = decode(raw) if raw else None
            except (OSError, ProtocolError):
                word = None
            if not isinstance(word, dict):
                return None
            if word.get("said") == "ended":
                self._ended = word
            if word.get("said") == said:
                return word
        return None

    def _end_of(self, seconds: float) -> dict[str, Any] | None:
        return self._ended or self._word("ended", seconds)

    def _last_words(self) -> str:
        """What the worker, or bubblewrap, wrote before it ended."""
        process = self._launched.process
        process.kill()
        process.wait()
        if process.stderr is None:
            return ""
        return visible(process.stderr.read()[-2000:].decode("utf-8", "replace")).strip() or (
            f"it ended with code {process.returncode}"
        )
