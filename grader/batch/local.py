"""Worker processes on this machine: each grades one file at a time; one that dies is replaced."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

import grader
from grader.batch.interface import Content, Tell
from grader.batch.messages import (
    Event,
    Result,
    Setup,
    Task,
    decode,
    encode,
    failed,
    set_up,
)
from grader.batch.process import UNUSABLE
from grader.environment import resolve_device
from grader.errors import GraderError
from grader.model import Environment
from grader.options import Options, describe_environment, thread_count
from grader.sandbox import choose_guards, choose_launcher, verify_sandbox

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

END_SECONDS = 5.0
"""How long a worker may take to clean up before it is killed."""
START_SECONDS = 180.0
"""How long a worker may take to import what it needs, from a cold disk on a busy machine."""
LOOK_SECONDS = 1.0
"""How often workers that say nothing are looked at."""
TRIES = 2
"""A file whose worker dies is graded once more, by a fresh one."""
MOST_FAULTS = 4
"""Files one after another that no worker survived: then it is not the files."""
WORD_BYTES = 2000
Waiting = deque[tuple[Task, int]]
"""Tasks that nobody grades yet, and how often each will have been tried."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class LocalExecutor:
    """Grades with `jobs` processes."""

    def __init__(
        self,
        options: Options,
        jobs: int,
        *,
        quiet_seconds: float,
        module: str = "grader.batch.process",
    ) -> None:
        """Nothing is started yet.

        Args:
            options: How to grade.
            jobs: Processes at most.
            quiet_seconds: A worker that says nothing for so long is taken for dead.
            module: What the processes run.
        """
        self._module = module
        self._setup = set_up(options, ())
        self._options = options
        self._jobs = jobs
        self._quiet_seconds = quiet_seconds
        self._workers: list[_Worker] = []
        self._started = 0
        self._faults = 0

    def environment(self) -> Environment:
        """This machine's."""
        options = self._options
        device = resolve_device(options.device)
        return describe_environment(options, device, choose_guards().name, thread_count(options))

    def grade(
        self,
        tasks: Sequence[Task],
        content: Content,
        tell: Tell,
        *,
        modules: tuple[str, ...] = (),
        baseline: "Baseline | None" = None,  # noqa: ARG002 - workers find it in the cache
    ) -> Iterator[Result]:
        """The result of each task; see `Executor`."""
        waiting = deque((task, 1) for task in tasks)
        self._setup = set_up(self._options, modules)
        while len(self._workers) < min(self._jobs, len(waiting)):
            self._start()
        if self._options.sandbox != "bare":
            # Once for all of them, while they import.
            verify_sandbox(choose_launcher(self._options.sandbox), choose_guards())
        while waiting or any(worker.task for worker in self._workers):
            self._hand_out(waiting, content)
            yield from self._results(tell)
            yield from self._losses(waiting)

    def close(self) -> None:
        """End every worker, and with it its sandboxes."""
        workers, self._workers = self._workers, []
        _end(workers)
        for worker in workers:
            worker.close()

    def _hand_out(self, waiting: Waiting, content: Content) -> None:
        for worker in self._workers:
            if worker.task is None and waiting:
                task, tries = waiting.popleft()
                worker.give(task, tries, content(task.sha256), more=bool(waiting))

    def _results(self, tell: Tell) -> Iterator[Result]:
        """What workers have done since; waits a moment for the first word."""
        workers = {worker.link: worker for worker in self._workers}
        for link in wait(list(workers), LOOK_SECONDS):
            worker = workers[link]  # type: ignore[index]  # one of those that were waited for
            for message in worker.messages():
                if isinstance(message, Result):
                    self._faults = 0
                    yield message
                else:
                    tell(msgspec.structs.replace(message, worker=worker.name))

    def _losses(self, waiting: Waiting) -> Iterator[Result]:
        """Put fresh workers in the place of dead ones; the results of tasks that this settles."""
        for worker in [one for one in self._workers if one.ended(self._quiet_seconds)]:
            result = self._replaced(worker, waiting)
            if result is not None:
                yield result

    def _start(self) -> None:
        self._started += 1
        self._workers.append(_Worker(self._setup, self._module, str(self._started)))

    def _replaced(self, worker: "_Worker", waiting: Waiting) -> Result | None:
        self._workers.remove(worker)
        _end([worker])
        words = worker.last_words()
        worker.close()
        if not worker.ready:
            raise GraderError(f"a worker process could not start: {words}")
        task = worker.task
        if waiting or task is not None:
            # Named as the one before: to a person it is the same line.
            self._workers.append(_Worker(self._setup, self._module, worker.name))
        if task is None:
            return None
        if worker.tries < TRIES:
            waiting.appendleft((task, worker.tries + 1))
            return None
        self._faults += 1
        if self._faults >= MOST_FAULTS:
            raise GraderError(
                f"no worker process survived the last {self._faults} files: {words}; run `grader "
                "doctor`; what was graded stays"
            )
        return failed(task, fault=f"the worker process ended {TRIES} times: {words}")


class _Worker:
    """This end of one worker process."""

    def __init__(self, setup: Setup, module: str, name: str) -> None:
        self.name = name
        self.task: Task | None = None
        self.tries = 0
        self.ready = False
        self.closed = False
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
        quiet = self.task is not None and time.monotonic() - self._heard_at > allowed
        return self.closed or quiet

    def last_words(self) -> str:
        """What it wrote before it ended, or how it ended; call it once it has."""
        self._stderr.seek(0)
        words = self._stderr.read()[-WORD_BYTES:].decode("utf-8", "replace").strip()
        code = self.process.returncode
        if code == UNUSABLE and words:
            return words
        return f"it ended with code {code}{f': {words}' if words else ''}"

    def close(self) -> None:
        """Give everything back; the process has ended."""
        self.link.close()
        self._stderr.close()

    def _send(self, raw: bytes) -> None:
        # That it is gone shows when it is listened to.
        with contextlib.suppress(OSError):
            self.link.send_bytes(raw)


def _end(workers: "Sequence[_Worker]") -> None:
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
    return {
        **os.environ,
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root,
    }
