"""The grader's end of one item's process: send a request, wait for its one answer, watch limits."""

import selectors
import signal
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from grader.sandbox.guards import Guard
from grader.sandbox.interface import (
    ANSWER_BYTES,
    FAILURE_BYTES,
    Ending,
    ItemEndedError,
    Limits,
    Reason,
)
from grader.sandbox.output import Capture
from grader.sandbox.polling import POLL_SECONDS
from grader.sandbox.processes import queued_seconds
from grader.worker.protocol import (
    HEADER,
    Header,
    Kind,
    ProtocolError,
    decode,
    pack_frame,
    unpack_header,
)

EndOf = Callable[[float], dict[str, Any] | None]
"""Waits so many seconds for the worker's word on how the item ended."""
GRACE_SECONDS = 5.0
"""How long the worker's word may take once the item's channel has closed."""
_STARVED_SHARE = 0.9
"""Of a wall time: with as much CPU time a process had what it was promised."""
_QUEUED_SHARE = 0.1
"""Of a wall time: who waited less for a processor slept, or computed."""
_CREDENTIALS = struct.Struct("iII")


class ItemProcess:
    """One item's process, from its first word to its end.

    Every method raises `ItemEndedError` when the process ends, overruns a limit or breaks the
    protocol; after that only `close` may be called.
    """

    def __init__(
        self,
        link: socket.socket,
        outputs: tuple[Capture, Capture],
        guard: Guard,
        limits: Limits,
        end_of: EndOf,
    ) -> None:
        self._link = link
        self._outputs = outputs
        self._guard = guard
        self._limits = limits
        self._end_of = end_of
        self._request = 0
        self._pid: int | None = None
        self.waited = 0.0
        """Seconds that the submission's code has had."""
        self._look_at = 0.0
        """When the limits are to be looked at again."""
        link.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(link, selectors.EVENT_READ)
        for output in outputs:
            self._selector.register(output.descriptor, selectors.EVENT_READ, output)

    def start(self, pid: int | None, seconds: float) -> None:
        """Wait for the process's first word and put it under its memory limit.

        Args:
            pid: The process, where the worker's word on it holds here; else the kernel's is taken.
            seconds: How long that may take.
        """
        deadline = time.monotonic() + seconds
        while True:
            self._wait(deadline)
            try:
                raw, ancillary, _, _ = self._link.recvmsg(
                    HEADER.size, socket.CMSG_SPACE(_CREDENTIALS.size)
                )
                break
            except BlockingIOError:
                continue
        for _, kind, data in ancillary:
            if kind == getattr(socket, "SCM_CREDENTIALS", 2) and pid is None:
                pid, _, _ = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])
        if not raw or pid is None:
            raise ItemEndedError(Ending(Reason.EXITED, None, "no first word"))
        header = unpack_header(raw.ljust(HEADER.size, b"\0"), 1 << 10)
        self._exactly(header.length, deadline)
        self._guard.admit(pid)
        self._pid = pid

    def exchange(
        self,
        kind: Kind,
        body: Any,
        seconds: float,
        answer: Callable[[Any], Any] | None = None,
        *,
        answer_bytes: int = ANSWER_BYTES,
    ) -> tuple[Kind, Any]:
        """Send one request and wait for its one answer.

        Args:
            kind: What is asked.
            body: The request's value.
            seconds: Wall time that the submission's code may take; `answer`'s is not counted.
            answer: Answers the queries that the worker asks meanwhile; None where it may not ask.
            answer_bytes: The largest answer, or query, that is received.

        Returns:
            RESULT or FAILURE, and its value.
        """
        try:
            return self._exchange(kind, body, seconds, answer, answer_bytes)
        except ItemEndedError as exc:
            if exc.ending.reason is not Reason.WALL_TIME or self._pid is None:
                raise
            raise ItemEndedError(self._out_of_time(self._pid)) from exc

    def _exchange(
        self,
        kind: Kind,
        body: Any,
        seconds: float,
        answer: Callable[[Any], Any] | None,
        answer_bytes: int,
    ) -> tuple[Kind, Any]:
        self._request += 1
        budget = seconds
        self._refuse_early_words()
        while True:
            began = time.monotonic()
            try:
                self._send(kind, body, began + budget)
                header = self._header(began + budget, answer_bytes)
                value = self._body(header, began + budget)
            finally:
                spent = time.monotonic() - began
                budget -= spent
                self.waited += spent
            if header.kind is not Kind.QUERY:
                return header.kind, value
            if answer is None:
                raise self._abuse("a query where none is allowed")
            kind, body = Kind.ANSWER, answer(value)

    def finish(self) -> None:
        """Close the channel; anything that was said after the last answer breaks the protocol."""
        self._refuse_early_words()

    def output(self) -> str:
        """What has been printed, capped and with control characters made visible."""
        for output in self._outputs:
            output.drain()
        return "\n".join(filter(None, (output.text() for output in self._outputs)))

    def close(self) -> None:
        """Give everything back; the process must have ended."""
        self._selector.close()
        self._link.close()
        for output in self._outputs:
            output.close()
        self._guard.close()

    @property
    def peak_bytes(self) -> int:
        """The most memory that was in use at one time, 0 where not known."""
        return self._guard.peak_bytes()

    def cpu_seconds(self) -> float:
        """CPU time, user and system, of the process, its threads and all of its descendants so far.

        Ended ones are included. It is read from outside and never falls; where a control group
        counts it, it is exact to microseconds.
        """
        return self._guard.cpu_seconds()

    def _out_of_time(self, pid: int) -> Ending:
        """That the wall time is over, and whether that is because others had the processors."""
        used, queued = self.cpu_seconds(), queued_seconds(pid)
        return Ending(
            Reason.WALL_TIME,
            detail=f"{used:.1f} s of CPU time in {self.waited:.1f} s, {queued:.1f} s in the queue",
            starved=used < _STARVED_SHARE * self.waited * self._limits.threads
            and queued > _QUEUED_SHARE * self.waited,
        )

    def _refuse_early_words(self) -> None:
        try:
            early = self._link.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            early = b""
        if early:
            raise self._abuse("bytes that nobody asked for")
        raise ItemEndedError(self._ending())

    def _send(self, kind: Kind, body: Any, deadline: float) -> None:
        for part in pack_frame(kind, self._request, body):
            view = memoryview(part).cast("B")
            while view:
                try:
                    view = view[self._link.send(view) :]
                except BlockingIOError:
                    self._selector.modify(self._link, selectors.EVENT_READ | selectors.EVENT_WRITE)
                    self._wait(deadline, for_writing=True)
                    self._selector.modify(self._link, selectors.EVENT_READ)
                except OSError as exc:
                    raise ItemEndedError(self._ending()) from exc

    def _header(self, deadline: float, answer_bytes: int) -> Header:
        raw = self._exactly(HEADER.size, deadline)
        try:
            header = unpack_header(raw, answer_bytes)
        except ProtocolError as exc:
            raise self._abuse(str(exc)) from exc
        if header.request != self._request:
            raise self._abuse(f"an answer to request {header.request} instead of {self._request}")
        if header.kind not in {Kind.RESULT, Kind.FAILURE, Kind.QUERY}:
            raise self._abuse(f"a frame of kind {header.kind.name}")
        if header.kind is Kind.FAILURE and header.length > FAILURE_BYTES:
            raise self._abuse(f"an account of a failure of {header.length} bytes")
        return header

    def _body(self, header: Header, deadline: float) -> Any:
        try:
            return decode(self._exactly(header.length, deadline), cut_texts=True)
        except ProtocolError as exc:
            raise self._abuse(str(exc)) from exc

    def _exactly(self, count: int, deadline: float) -> bytearray:
        # Grown as bytes come: a header may name far more than will ever be sent.
        raw = bytearray()
        while len(raw) < count:
            try:
                chunk = self._link.recv(min(count - len(raw), 1 << 20))
            except BlockingIOError:
                self._wait(deadline)
                continue
            except OSError:
                chunk = b""
            if not chunk:
                raise ItemEndedError(self._ending(broken_off=bool(raw)))
            raw += chunk
        return raw

    def _wait(self, deadline: float, *, for_writing: bool = False) -> None:
        """Until the channel is ready; meanwhile drain the outputs and watch the limits."""
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise ItemEndedError(Ending(Reason.WALL_TIME))
            ready = False
            for key, events in self._selector.select(min(deadline - now, POLL_SECONDS)):
                if isinstance(key.data, Capture):
                    if not key.data.drain():
                        self._selector.unregister(key.fd)
                else:
                    wanted = selectors.EVENT_WRITE if for_writing else selectors.EVENT_READ
                    ready = ready or bool(events & wanted)
            if sum(output.total for output in self._outputs) > self._limits.output_bytes:
                raise ItemEndedError(Ending(Reason.OUTPUT))
            # A group's limit kills by itself; a poll's has to be acted on. Thousands of short calls
            # need not be looked at one by one.
            if now >= self._look_at:
                self._look_at = now + POLL_SECONDS
                if (reason := self._guard.exceeded()) is not None:
                    raise ItemEndedError(Ending(reason))
            if ready:
                return

    def _abuse(self, detail: str) -> ItemEndedError:
        return ItemEndedError(Ending(Reason.PROTOCOL, None, detail))

    def _ending(self, *, broken_off: bool = False) -> Ending:
        """Why the channel closed, by the worker's word and the memory group's.

        Args:
            broken_off: Whether that was in the middle of a frame: our own side never leaves it so.
        """
        ended = self._end_of(GRACE_SECONDS)
        if (reason := self._guard.exceeded()) is not None:
            return Ending(reason)
        if ended is None:
            # It closed its channel and lives on.
            return Ending(Reason.PROTOCOL, None, "the channel was closed")
        code, cpu_seconds = int(ended["code"]), float(ended["cpu_seconds"])
        over = cpu_seconds >= self._limits.cpu_seconds - 1
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and over):
            return Ending(Reason.CPU_TIME, code)
        if code < 0:
            return Ending(Reason.SIGNAL, code)
        return Ending(Reason.PROTOCOL if broken_off else Reason.EXITED, code)
