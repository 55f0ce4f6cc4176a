"""An item's own process without a sandbox, so that a test can look into it from outside."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.sandbox.environment import worker_environment
from grader.worker.item import Channel
from grader.worker.protocol import Kind

ROOT = Path(__file__).parents[2]
CODE = """
import os, socket, sys
cpus = sys.argv[2]
if cpus:
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
from grader.worker.item import Item
Item(socket.socket(fileno=int(sys.argv[1])), threads=1, device="cpu").run()
"""


class Served:
    """A worker's item in a process of its own, with the environment of a sandbox's.

    Args:
        folder: its home.
        seconds: how long any one answer may take; then `TimeoutError` is raised.
        cpus: the processors it may use, empty for all.
        variables: changes of its environment.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 60.0,
        cpus: Sequence[int] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.settimeout(seconds)
        self._link, self._channel = ours, Channel(ours)
        places = [str(ROOT), *(place for place in sys.path if place.endswith("-packages"))]
        environment = worker_environment(1, home=str(folder), path=places)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", CODE, str(theirs.fileno()), ",".join(map(str, cpus))],
                env=environment | dict(variables or {}),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._request = 0
        self._channel.receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait(20)

    def hang_up(self) -> None:
        """Close this end of the channel."""
        self._link.close()

    def wait(self, seconds: float) -> None:
        """Until the process has ended.

        Raises:
            subprocess.TimeoutExpired: it has not.
        """
        self._process.wait(seconds)

    def load(self, source: str, names: Mapping[str, str]) -> None:
        """Execute `source` there."""
        chunk = {"source": source, "label": "cell 1", "first_line": 1}
        self._ask(Kind.LOAD, {"names": dict(names), "chunks": [chunk], "gpu_as_cpu": False})

    def play(self, answer: Callable[[Any], Any], form: str = "vector") -> Any:
        """One round of the game, its queries answered by `answer`.

        Raises:
            RuntimeError: the round raised; the text says what.
            TimeoutError: no word came in time.
        """
        body = {"probe": "reducio", "method": "play", "args": [form], "options": {}}
        return self._ask(Kind.PROBE, body, answer)

    def _ask(self, kind: Kind, body: Any, answer: Callable[[Any], Any] | None = None) -> Any:
        self._request += 1
        self._channel.send(kind, self._request, body)
        while True:
            header, value = self._channel.receive()
            if header.kind is Kind.RESULT:
                return value
            if header.kind is not Kind.QUERY or answer is None:
                raise RuntimeError(f"{value['type']}: {value['message']}")
            self._channel.send(Kind.ANSWER, self._request, answer(value))
