"""One worker process, seen from the run: started, given files, listened to, ended."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

import msgspec

import grader
from grader.batch.messages import Event, Result, Setup, Task, decode, encode
from grader.batch.process import UNUSABLE
from grader.options import SEED_VARIABLE

END_SECONDS = 5.0
"""How long a worker may take to clean up before it is killed."""
START_SECONDS = 180.0
"""How long a worker may take to import what it needs, from a cold disk on a busy machine."""
WORD_BYTES = 2000
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerProcess:
    """This end of one worker process."""

    def __init__(self, setup: Setup, module: str, name: str) -> None:
        self.name = name
        self.task: Task | None = None
        self.tries = 0
        self.ready = False
        self.closed = False
        self.silent = 0.0
        """Seconds of silence for which it was taken for dead, 0 where it ended by itself."""
        self._heard_at = time.monotonic()
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                # Never from the folder that it is started in: hand-ins lie there.
                [sys.executable, "-P", "-m", module, str(theirs.fileno())],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._stderr,
                pass_fds=[theirs.fileno()],
                # Ctrl-C in the terminal is the run's to act on.
                start_new_session=True,
            )
        self.link = Connection(ours.detach())
        self._send(encode(setup))

    def give(self, task: Task, tries: int, content: bytes, *, more: bool) -> None:
        """Have it grade `task`."""
        self.task, self.tries, self._heard_at = task, tries, time.monotonic()
        self._send(encode(msgspec.structs.replace(task, content=content, more=more)))

    def messages(self) -> Iterator[Result | Event]:
        """What it has said."""
        try:
            while self.link.poll():
                message = decode(self.link.recv_bytes())
                self._heard_at, self.ready = time.monotonic(), True
                if isinstance(message, Result):
                    self.task = None
                if isinstance(message, Result | Event):
                    yield message
        except (EOFError, OSError):
            self.closed = True

    def ended(self, quiet_seconds: float) -> bool:
        """Whether it is gone, or has been silent for too long."""
        allowed = quiet_seconds if self.ready else max(quiet_seconds, START_SECONDS)
        quiet = time.monotonic() - self._heard_at
        if self.task is not None and quiet > allowed and not self.closed:
            self.silent = quiet
        return self.closed or self.silent > 0

    def await_exit(self) -> None:
        """Give it some seconds to end by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)

    @property
    def refused(self) -> bool:
        """Whether it ended by itself, for want of something that a person must mend."""
        return self.process.returncode == UNUSABLE

    def last_words(self) -> str:
        """What it wrote before it ended, or how it ended; call it once it has."""
        self._stderr.seek(0)
        words = self._stderr.read()[-WORD_BYTES:].decode("utf-8", "replace").strip()
        if self.refused and words:
            return words
        how = f"it ended with code {self.process.returncode}"
        if self.silent:
            how = f"it was ended after {self.silent:.0f} s of silence"
        return f"{how}{f': {words}' if words else ''}"

    def close(self) -> None:
        """Give everything back; the process has ended."""
        self.link.close()
        self._stderr.close()

    def _send(self, raw: bytes) -> None:
        # That it is gone shows when it is listened to.
        with contextlib.suppress(OSError):
            self.link.send_bytes(raw)


def end_workers(workers: Sequence[WorkerProcess]) -> None:
    """Ask them to end, with their sandboxes, and kill those that don't."""
    for worker in workers:
        worker.process.terminate()
    deadline = time.monotonic() + END_SECONDS
    for worker in workers:
        try:
            worker.process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def _environment() -> dict[str, str]:
    """Of a worker process: one thread for our own arithmetic, the sandboxes have theirs.

    More would give other last digits on other machines, and get into each other's way.
    """
    root = str(Path(grader.__file__).parent.parent)
    path = os.environ.get("PYTHONPATH")
    # The secret comes with the setup; nothing that this starts needs it.
    inherited = {name: value for name, value in os.environ.items() if name != SEED_VARIABLE}
    return {
        **inherited,
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root,
    }
