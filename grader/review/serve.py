"""Starts the page's server, on this machine alone unless told otherwise."""

import ipaddress
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import uvicorn

from grader.errors import UsageError
from grader.review.app import make_app
from grader.review.desk import Desk
from grader.review.guard import Guard, door_address

LOOPBACK = "127.0.0.1"
TOKEN_BYTES = 24
GRACE_SECONDS = 2
"""For requests that are being answered when the server ends."""


@dataclass(frozen=True)
class Where:
    """At which address the page is served."""

    host: str = LOOPBACK
    port: int = 0
    """0: one that is free."""
    names: Sequence[str] = ()
    """By which people reach it, where it is not for this machine alone."""


def serve(desk: Desk, where: Where, *, person: str, started: Callable[[str], None]) -> None:
    """Serve the page until it is interrupted.

    Args:
        desk: Of the run.
        where: Address.
        person: Who judges where a browser has not said otherwise.
        started: Told the address that people open, once it can be opened.

    Raises:
        UsageError: the address can't be had.
    """
    with _listening(where) as listening:
        port = int(listening.getsockname()[1])
        guard = Guard(secrets.token_urlsafe(TOKEN_BYTES), _names(where), port)
        config = uvicorn.Config(
            make_app(desk, guard, person=person),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ws="none",
        )
        threading.Thread(target=desk.read_all, name="read hand-ins", daemon=True).start()
        started(door_address(guard, _reached(where)))
        # Ctrl-C is how people end it, not a failure.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _listening(where: Where) -> socket.socket:
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((where.host, where.port))
        listening.listen()
    except (OSError, OverflowError) as exc:
        listening.close()
        raise UsageError(
            f"review: {where.host} port {where.port} must be free on this machine: {exc}; choose "
            "another --port or --host"
        ) from exc
    return listening


def _names(where: Where) -> frozenset[str]:
    if where.names:
        return frozenset(name.lower() for name in where.names)
    if _is_loopback(where.host):
        return frozenset({"127.0.0.1", "localhost", "::1", where.host.lower()})
    # A stranger's name that points here brings no cookie of ours, but is refused all the same.
    return frozenset({"*", "localhost", socket.gethostname().lower(), socket.getfqdn().lower()})


def _reached(where: Where) -> str:
    if where.names:
        return where.names[0]
    return socket.getfqdn() if where.host in {"0.0.0.0", "::"} else where.host  # noqa: S104 - compared, not bound


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
