"""The review page on a real port of this machine, in a thread of the test's own."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from grader.review.app import make_app
from grader.review.desk import Desk
from grader.review.guard import Guard, door_address

TOKEN = "a-token-of-many-characters"
START_SECONDS = 10


@dataclass(frozen=True)
class Served:
    """A page that can be opened."""

    guard: Guard
    origin: str
    door: str
    """The address with the token."""

    def client(self) -> httpx.Client:
        """A browser without scripts, that has not been let in."""
        return httpx.Client(base_url=self.origin, timeout=20)


@contextmanager
def served(desk: Desk, *, person: str = "Ada") -> Iterator[Served]:
    """Serve the page of a run until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        guard = Guard(TOKEN, frozenset({"127.0.0.1", "localhost"}), port)
        app = make_app(desk, guard, person=person)
        config = uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until = time.monotonic() + START_SECONDS
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        try:
            door = door_address(guard, "127.0.0.1")
            yield Served(guard, f"http://127.0.0.1:{port}", door)
        finally:
            server.should_exit = True
            thread.join()
