"""What a run and those who grade for it tell each other: plain values, never pickles."""

from pathlib import Path
from typing import Any

import msgspec

from grader.assembly import GradedItem
from grader.model import Environment
from grader.options import Options, course_secret


class Task(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Items of one file to grade."""

    file: str
    """Its name as it was handed in."""
    sha256: str
    kind: str
    """`notebook` or `module`."""
    items: tuple[str, ...]
    content: bytes = b""
    more: bool = False
    """Whether other files follow, so that a sandbox for the next may warm up."""


class Result(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What became of a task."""

    file: str
    sha256: str
    kind: str
    items: tuple[str, ...]
    """As the task asked."""
    graded: tuple[GradedItem, ...] = ()
    """One for each item; none where something went wrong."""
    notes: tuple[str, ...] = ()
    """The loader's, on the file as a whole."""
    environment: Environment | None = None
    error: str = ""
    """Why the file can't be read as a submission."""
    fault: str = ""
    """What went wrong on our side, for staff."""
    fatal: bool = False
    """Whether the fault was the end of every worker process that graded the file."""
    started: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a worker is doing now."""

    worker: str = ""
    file: str = ""
    item: str = ""
    number: int = 0
    """Which of the file's items it is, from 1."""
    total: int = 0
    what: str = ""
    """A long preparation; empty while an item is graded."""
    done: int = 0
    of: int = 0
    """How far the check or the preparation is; 0 where nothing is known."""


class Setup(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How a worker is to grade."""

    options: dict[str, Any]
    """As `plain_options` gives them."""
    secret: str = ""
    modules: tuple[str, ...] = ()
    """What sandboxes import ahead: all that some file of the run mentions."""
    cores: tuple[int, ...] = ()
    """The processors that its sandboxes keep to; empty: all."""


Message = Task | Result | Event | Setup
_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """`message` as bytes."""
    return msgspec.msgpack.encode(message)


def decode(raw: bytes) -> Message:
    """What `encode` was given.

    Raises:
        msgspec.MsgspecError: it is something else.
    """
    return _DECODER.decode(raw)


def set_up(options: Options, modules: tuple[str, ...]) -> Setup:
    """How workers are to grade by `options`."""
    secret = course_secret(options).decode()
    return Setup(options=plain_options(options), secret=secret, modules=modules)


def plain_options(options: Options) -> dict[str, Any]:
    """`options` as JSON values, without the secret."""
    plain: dict[str, Any] = msgspec.to_builtins(options, enc_hook=_plain)
    del plain["secret"]
    return plain


def read_options(plain: dict[str, Any], secret: str = "") -> Options:
    """What `plain_options` was given.

    Raises:
        msgspec.ValidationError: another version wrote them.
    """
    return msgspec.convert(plain | {"secret": secret}, Options, dec_hook=_rich)


def failed(task: Task, *, error: str = "", fault: str = "", fatal: bool = False) -> Result:
    """The result of a task that gave no points to anything."""
    return Result(
        file=task.file,
        sha256=task.sha256,
        kind=task.kind,
        items=task.items,
        error=error,
        fault=fault,
        fatal=fatal,
    )


def _plain(value: Any) -> str:
    if isinstance(value, Path):
        # Another process may run in another folder.
        return str(value.absolute())
    raise NotImplementedError(type(value))


def _rich(kind: type, value: Any) -> Path:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
