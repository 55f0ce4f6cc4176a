"""A worker process of a run on this machine: `python -m grader.batch.process DESCRIPTOR`.

It takes tasks from a socket, one at a time, and writes events and results to it; its first event
says that it is ready. When the socket closes it ends, however the run ended, and its sandboxes with
it.
"""

import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection
from types import FrameType
from typing import Never

from grader.batch.messages import Event, Setup, Task, decode, encode
from grader.batch.work import Hands
from grader.errors import GraderError

UNUSABLE = 3
"""Exit code where a person must mend something; what, stands on stderr."""


def serve(link: Connection) -> None:
    """Grade until the other end closes."""
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(link, inbox), daemon=True).start()
    setup = decode(inbox.get())
    assert isinstance(setup, Setup)  # noqa: S101 - the first word

    def tell(event: Event) -> None:
        link.send_bytes(encode(event))

    with Hands(setup, tell, verify=False) as hands:
        hands.prepare()
        tell(Event())
        while True:
            task = decode(inbox.get())
            assert isinstance(task, Task)  # noqa: S101 - nothing else follows
            link.send_bytes(encode(hands.grade(task)))


def _receive(link: Connection, inbox: "queue.SimpleQueue[bytes]") -> None:
    """Pass messages on; when the run is gone, so is the reason to go on."""
    try:
        while True:
            inbox.put(link.recv_bytes())
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)


def _end(_number: int, _frame: FrameType | None) -> Never:
    # The way out closes the sandboxes; a second signal must not cut it short.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def main() -> None:
    """Start from the command line; the argument is the socket's descriptor."""
    # A person's Ctrl-C reaches every process of the terminal; the run decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    try:
        serve(Connection(int(sys.argv[1])))
    except GraderError as exc:
        sys.stderr.write(str(exc))
        sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
