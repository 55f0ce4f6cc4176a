"""Who may talk to the page: those who came by the address with the token, from the page itself.

Every request must name a host that is ours (so that no foreign name can be pointed here), and carry
the cookie that the address with the token gives. Every change must come from our own origin.
"""

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "nla_review"
DOOR = "/enter"
"""The path that takes the token."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
MAX_BODY = 256 << 10
"""Bytes of one request."""
MAX_DIGITS = 9
SESSION_SECONDS = 14 * 24 * 3600
MAX_SESSIONS = 1000
TRIES = 20
"""Wrong tokens of one client in a minute; further ones are refused without a look at them.

The right token is never refused: 192 random bits can't be guessed, so whoever has it may enter, and
nobody can keep them out by guessing.
"""
MAX_CLIENTS = 10_000
MINUTE = 60.0
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
ENTERED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Review</title>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url=/"><p><a href="/">Go on to the review</a></p></html>
"""


@dataclass
class Guard:
    """What is let in."""

    token: str
    hosts: frozenset[str]
    """Names by which the server is reached, without ports; `*`: any address of numbers too."""
    port: int
    _sessions: dict[str, float] = field(default_factory=dict)
    _wrong: dict[str, list[float]] = field(default_factory=dict)
    """Client -> when it sent wrong tokens, within the last minute."""

    @property
    def cookie(self) -> str:
        """The cookie's name: other servers on this machine share its cookies."""
        return f"{COOKIE}_{self.port}"

    def knows_host(self, host: str) -> bool:
        """Whether a request that names `host` is meant for us."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.path or parts.query or parts.username or name == "":
            return False
        if (port or 80) != self.port:
            return False
        return name in self.hosts or ("*" in self.hosts and _is_address(name))

    def knows_origin(self, origin: str, host: str) -> bool:
        """Whether a change that comes from `origin` comes from our own page."""
        return origin == f"http://{host}"

    def enter(self, token: str) -> str | None:
        """A new session for the right token, None for a wrong one."""
        now = time.monotonic()
        if not hmac.compare_digest(_digest(token), _digest(self.token)):
            return None
        session = secrets.token_urlsafe(32)
        while len(self._sessions) >= MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        self._sessions[session] = now
        return session

    def may_try(self, client: str) -> bool:
        """Whether a client that has sent a wrong token is told so, or asked to wait a minute."""
        now = time.monotonic()
        recent = [moment for moment in self._wrong.pop(client, ()) if now - moment < MINUTE]
        while len(self._wrong) >= MAX_CLIENTS:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong[client] = [*recent, now][-TRIES - 1 :]
        return len(recent) < TRIES

    def knows_session(self, session: str) -> bool:
        """Whether the cookie was given by this server, and not too long ago."""
        # A dictionary's look-up is not in constant time, but of 256 random bits nobody learns any.
        since = self._sessions.get(session)
        return since is not None and time.monotonic() - since < SESSION_SECONDS


class GuardMiddleware:
    """Lets a request through to the page, or answers it."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # No page of ours speaks anything else.
            return
        guarded = _with_headers(send)
        refusal = self._answer(scope, Headers(scope=scope))
        await (refusal if refusal is not None else self._app)(scope, receive, guarded)

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """What is answered in the page's place; None where the page may answer."""
        guard, host = self._guard, headers.get("host", "")
        if not guard.knows_host(host) or len(headers.getlist("host")) != 1:
            return PlainTextResponse("this server is not reached by that name\n", 421)
        if scope["path"] == DOOR and scope["method"] in SAFE_METHODS:
            return self._door(scope)
        if not guard.knows_session(_cookies(headers).get(guard.cookie, "")):
            return PlainTextResponse(
                "open the address with the token that the server printed\n", 401
            )
        return None if scope["method"] in SAFE_METHODS else self._refused_change(headers, host)

    def _refused_change(self, headers: Headers, host: str) -> Response | None:
        if not self._guard.knows_origin(headers.get("origin", ""), host):
            return PlainTextResponse("changes must come from the page itself\n", 403)
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return PlainTextResponse("changes must be JSON\n", 415)
        length = headers.get("content-length", "")
        if not length.isdecimal() or len(length) > MAX_DIGITS or int(length) > MAX_BODY:
            return PlainTextResponse("the request is too large\n", 413)
        return None

    def _door(self, scope: Scope) -> Response:
        told = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        session = self._guard.enter(told[0])
        if session is None:
            if self._guard.may_try(str((scope.get("client") or ("",))[0])):
                return PlainTextResponse("the token is wrong\n", 401)
            return PlainTextResponse("too many wrong tokens; wait for a minute\n", 429)
        # Not a redirect: after one that began elsewhere a strict cookie would not be sent.
        response = HTMLResponse(ENTERED)
        response.set_cookie(
            self._guard.cookie,
            session,
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
        )
        return response


def door_address(guard: Guard, host: str) -> str:
    """The address that a person opens."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{guard.port}{DOOR}?token={quote(guard.token)}"


def _digest(token: str) -> bytes:
    """Of equal length for all tokens, whatever characters they hold."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sent


def _cookies(headers: Headers) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
