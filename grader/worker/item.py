"""One item's fork: load the submission's slice, then answer the grader's requests one by one."""

import importlib
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from grader.worker.interface import ProbeContext
from grader.worker.namespace import describe_failure, find, load
from grader.worker.plain import UnsupportedResultError, to_plain
from grader.worker.protocol import (
    HEADER,
    Header,
    Kind,
    ProtocolError,
    decode,
    pack_frame,
    unpack_header,
)

MAX_REQUEST = 1 << 31
"""The grader is trusted; this only keeps a broken stream from taking all memory."""


class Channel:
    """The item's end of its private channel to the grader."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link

    def send(self, kind: Kind, request: int, value: Any) -> None:
        """Write one frame."""
        for part in pack_frame(kind, request, value):
            self._link.sendall(part)

    def receive(self) -> tuple[Header, Any]:
        """Wait for one frame.

        Raises:
            EOFError: the grader closed the channel.
        """
        header = unpack_header(self._exactly(HEADER.size), MAX_REQUEST)
        return header, decode(self._exactly(header.length))

    def _exactly(self, count: int) -> bytearray:
        raw = bytearray(count)
        view = memoryview(raw)
        done = 0
        while done < count:
            received = self._link.recv_into(view[done:])
            if received == 0:
                raise EOFError
            done += received
        return raw


class Item:
    """Serves the requests of one item in its own process."""

    def __init__(self, link: socket.socket, *, threads: int, device: str) -> None:
        self._channel = Channel(link)
        self._request = 0
        self._names: dict[str, str] = {}
        self._context = ProbeContext(namespace={}, ask=self._ask, threads=threads, device=device)

    def run(self) -> None:
        """Answer until the grader closes the channel."""
        self._channel.send(Kind.HELLO, 0, {"pid": os.getpid()})
        while True:
            try:
                header, body = self._channel.receive()
            except EOFError:
                return
            self._request = header.request
            self._answer(header.kind, body)

    def _answer(self, kind: Kind, body: dict[str, Any]) -> None:
        actions: dict[Kind, tuple[str, Callable[[dict[str, Any]], Any]]] = {
            Kind.LOAD: ("load", self._load),
            Kind.CALL: ("call", self._call),
            Kind.PROBE: ("call", self._probe),
        }
        stage, action = actions[kind]
        try:
            result = action(body)
            frame = pack_frame(Kind.RESULT, self._request, to_plain(result))
            _check_size(frame, body.get("answer_bytes"))
        except (UnsupportedResultError, ProtocolError) as exc:
            self._fail(describe_failure(exc, "result"))
        except BaseException as exc:  # noqa: BLE001 - SystemExit and KeyboardInterrupt are answers too
            self._fail(describe_failure(exc, stage))
        else:
            self._flush()
            for part in frame:
                self._channel._link.sendall(part)  # noqa: SLF001 - packed above, inside the try

    def _fail(self, failure: dict[str, Any]) -> None:
        self._flush()
        self._channel.send(Kind.FAILURE, self._request, failure)

    @staticmethod
    def _flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:  # noqa: BLE001, S112 - a submission may have replaced or closed it
                continue

    def _load(self, body: dict[str, Any]) -> None:
        self._names = self._context.names = body["names"]
        if body["gpu_as_cpu"]:
            from grader.worker.no_gpu import use_cpu  # noqa: PLC0415 - rarely needed

            use_cpu([chunk["source"] for chunk in body["chunks"]])
        self._context.namespace = load(body["chunks"])
        for asked, name in self._names.items():
            found = find(self._context.namespace, name)
            if "." not in name:
                self._context.namespace[asked] = found

    def _call(self, body: dict[str, Any]) -> Any:
        function = find(self._context.namespace, self._names.get(body["name"], body["name"]))
        if not callable(function):
            raise TypeError(f"{body['name']} is a {type(function).__name__}, not a function")
        args = body["args"]
        result = function(*args)
        return {"result": result, "inputs": args} if body["watched"] else result

    def _probe(self, body: dict[str, Any]) -> Any:
        module = importlib.import_module(f"grader.worker.probes.{body['probe']}")
        method = getattr(module, body["method"])
        return method(self._context, *body["args"], **body["options"])

    def _ask(self, query: Any) -> Any:
        self._channel.send(Kind.QUERY, self._request, to_plain(query))
        header, answer = self._channel.receive()
        if header.kind is not Kind.ANSWER:
            raise ProtocolError("the grader must answer a query before it asks anything else")
        return answer


def _check_size(frame: list[bytes | memoryview], answer_bytes: int | None) -> None:
    """Refuse an answer that the grader would not receive, so that the process can go on."""
    size = sum(len(part) for part in frame) - HEADER.size
    if answer_bytes is not None and size > answer_bytes:
        raise UnsupportedResultError(
            f"an answer of {size / (1 << 20):.0f} MiB where at most {answer_bytes >> 20} fit"
        )
