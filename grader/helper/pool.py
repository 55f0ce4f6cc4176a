"""The caller's side: helper processes are started when needed, reused, and killed past a limit.

A regular expression, a parser or an HTML cleaner may take very long on text that was made for it,
and no thread can interrupt it. So text from a submission is read by a helper process: it runs code
of the grader alone, has a limit on CPU time and on memory, and answers in plain data.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar, get_type_hints

import msgspec

CPU_SECONDS = 8
"""Processor time of one call; real notebooks need less than one second."""
WALL_SECONDS = 90.0
"""Of one call, start of the process included; only a very busy machine comes near it."""
MEMORY_BYTES = 1 << 30
"""Address space of a helper."""
MAX_REPLY = 256 << 20
MAX_HELPERS = 2
"""Helpers at work at the same time; other threads wait."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


Argument = TypeVar("Argument")
Result = TypeVar("Result")


class HelperError(Exception):
    """The call got no result. The text is a clause such as `takes more than 8 s of CPU time`."""


class LostHelperError(HelperError):
    """The process ended or was too slow for a reason that may lie outside of the call."""


class HelperFaultError(Exception):
    """The function raised an exception, a mistake in the grader; the text holds its traceback."""


class Request(msgspec.Struct, frozen=True):
    """One call."""

    module: str
    function: str
    cpu_seconds: int
    argument: msgspec.Raw


class Reply(msgspec.Struct, frozen=True):
    """The result of one call."""

    result: msgspec.Raw = msgspec.Raw(b"\xc0")
    out_of_memory: bool = False
    is_large: bool = False
    """The process has used much memory and should not be used again."""
    traceback: str = ""
    """Of an exception in the function: a mistake in the grader."""


def call(
    function: Callable[[Argument], Result], argument: Argument, *, cpu_seconds: int = CPU_SECONDS
) -> Result:
    """Call a function in a helper process.

    Args:
        function: Of a module of the grader, with annotations that msgspec can encode and decode.
        argument: Its only argument.
        cpu_seconds: Limit on the processor time of this call.

    Raises:
        HelperError: the call exceeded a limit or ended the process.
        HelperFaultError: the function raised an exception.
    """
    request = Request(
        function.__module__,
        function.__qualname__,
        cpu_seconds,
        msgspec.Raw(msgspec.msgpack.encode(argument)),
    )
    raw = msgspec.msgpack.encode(request)
    try:
        reply = _pool.exchange(raw, cpu_seconds)
    except LostHelperError:
        # The system may have ended it for want of memory: nobody's file is blamed at once.
        reply = _pool.exchange(raw, cpu_seconds)
    if reply.out_of_memory:
        raise HelperError(_TOO_MUCH_MEMORY)
    if reply.traceback:
        raise HelperFaultError(f"{function.__qualname__} failed in a helper:\n{reply.traceback}")
    result: Result = msgspec.msgpack.decode(reply.result, type=get_type_hints(function)["return"])
    return result


def prepare() -> None:
    """Start a helper, so that it imports what it needs while the caller does something else."""
    _pool.prepare()


class _Helper:
    """One helper process."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                # Never from the current folder: submissions may lie there.
                [sys.executable, "-P", "-m", "grader.helper.process", str(theirs.fileno())],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Ctrl-C in the terminal is for the caller; without it the helper ends by itself.
                start_new_session=True,
            )
        self._link = Connection(ours.detach())

    def exchange(self, request: bytes, cpu_seconds: int) -> Reply:
        """Send a request and wait for its reply.

        Raises:
            HelperError: a limit was exceeded, or the process ended.
        """
        try:
            self._link.send_bytes(request)
            if not self._link.poll(WALL_SECONDS):
                raise LostHelperError(f"takes more than {WALL_SECONDS:g} s")
            return msgspec.msgpack.decode(self._link.recv_bytes(MAX_REPLY), type=Reply)
        except (EOFError, OSError) as exc:
            raise self._ending(cpu_seconds) from exc

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Kill the process and wait for it."""
        self._link.close()
        self._process.kill()
        self._process.wait()

    def _ending(self, cpu_seconds: int) -> HelperError:
        """Why the process has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        match self._process.returncode:
            case None:
                return HelperError("gives a result that is too large")
            case code if code == -signal.SIGXCPU:
                return HelperError(f"takes more than {cpu_seconds} s of CPU time")
            case code if code == -signal.SIGKILL:
                return LostHelperError("was ended by the system, perhaps for want of memory")
            # Rust and C abort where Python raises MemoryError.
            case code if code == -signal.SIGABRT:
                return HelperError(_TOO_MUCH_MEMORY)
            case code:
                return LostHelperError(f"ended the process that reads it (code {code})")


_TOO_MUCH_MEMORY = f"needs more than {MEMORY_BYTES >> 30} GiB of memory"


class _Pool:
    """Idle helpers of this process."""

    def __init__(self) -> None:
        self._idle: list[_Helper] = []
        self._room = threading.BoundedSemaphore(MAX_HELPERS)

    def exchange(self, request: bytes, cpu_seconds: int) -> Reply:
        """Have a helper answer; one that fails or has grown is not used again."""
        with self._room:
            helper = self._idle_one() or _Helper()
            kept = False
            try:
                reply = helper.exchange(request, cpu_seconds)
                kept = not reply.is_large
            finally:
                if kept:
                    self._idle.append(helper)
                else:
                    helper.close()
            return reply

    def prepare(self) -> None:
        """Have one helper ready."""
        if not self._idle:
            self._idle.append(_Helper())

    def _idle_one(self) -> _Helper | None:
        while self._idle:
            with suppress(IndexError):  # another thread was faster
                helper = self._idle.pop()
                if helper.is_alive():
                    return helper
                helper.close()
        return None

    def close(self) -> None:
        """End the idle helpers."""
        while self._idle:
            self._idle.pop().close()

    def forget(self) -> None:
        """In a process that was forked: the helpers are the parent's."""
        self.__init__()  # type: ignore[misc]


_pool = _Pool()
atexit.register(_pool.close)
os.register_at_fork(after_in_child=_pool.forget)


def _environment() -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    path = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        # Thread pools of numerical libraries reserve memory for every core.
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root,
    }
