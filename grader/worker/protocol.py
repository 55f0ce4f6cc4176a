"""The channel's language: length-prefixed frames that carry plain values, and nothing else.

A frame is a fixed header and a body. The body is one value: None, bool, int, float, complex, str,
ndarray of a whitelisted dtype, or a list or str-keyed dict of these. No pickle, no eval: a decoder
that meets anything else raises `ProtocolError`. Every size is checked before memory is taken.
"""

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

MAGIC = b"NLAG"
VERSION = 1
HEADER = struct.Struct("<4sBBHIQ")
"""magic, version, kind, zero, request number, body length in bytes."""
MAX_DIMENSIONS = 8
MAX_DEPTH = 16
MAX_NODES = 500_000
"""A part of one byte may become an object of 200, so this bounds what an answer grows to."""
MAX_TEXT = 1 << 16
"""Bytes of one text in an answer that are read."""
MAX_TEXTS = 1 << 22
"""Bytes of all texts in an answer that are read."""
MAX_EMPTY_SIDE = 1 << 20
"""An array without elements may still name absurd sides; this is the largest believed."""

DTYPES: dict[int, np.dtype[Any]] = {
    code: np.dtype(name)
    for code, name in enumerate(
        (
            *("|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8"),
            *("<f2", "<f4", "<f8", "<c8", "<c16"),
        ),
        start=1,
    )
}
"""dtype code on the wire -> dtype."""
CODES = {dtype: code for code, dtype in DTYPES.items()}


class ProtocolError(Exception):
    """Bytes on the channel are not what the protocol allows."""


class Kind(IntEnum):
    """What a frame is for."""

    LOAD = 1
    CALL = 2
    PROBE = 3
    ANSWER = 4
    HELLO = 16
    RESULT = 17
    FAILURE = 18
    QUERY = 19


@dataclass(frozen=True)
class Header:
    """A frame's header, checked."""

    kind: Kind
    request: int
    length: int


def pack_frame(kind: Kind, request: int, value: Any) -> list[bytes | memoryview]:
    """The buffers to write, in order, for one frame.

    Raises:
        ProtocolError: `value` holds something that can't cross the channel.
    """
    body = encode(value)
    length = sum(len(part) for part in body)
    return [HEADER.pack(MAGIC, VERSION, kind, 0, request, length), *body]


def unpack_header(raw: bytes | bytearray | memoryview, max_length: int) -> Header:
    """Read a header.

    Raises:
        ProtocolError: another magic, version or kind, or a body longer than `max_length` bytes.
    """
    magic, version, kind, zero, request, length = HEADER.unpack(raw)
    if magic != MAGIC or version != VERSION or zero != 0:
        raise ProtocolError("a frame must start with the protocol's own header")
    if kind not in Kind.__members__.values():
        raise ProtocolError(f"frame kind must be a known one, got {kind}")
    if length > max_length:
        raise ProtocolError(f"a frame's body must be at most {max_length} bytes, got {length}")
    return Header(Kind(kind), request, length)


def encode(value: Any) -> list[bytes | memoryview]:
    """One plain value as a list of buffers.

    Raises:
        ProtocolError: a type, dtype, depth or size that the protocol does not carry.
    """
    parts: list[bytes | memoryview] = []
    _encode(value, parts, 0)
    return parts


def _encode(  # noqa: C901, PLR0912 - one branch a type
    value: Any, parts: list[bytes | memoryview], depth: int
) -> None:
    if depth > MAX_DEPTH:
        raise ProtocolError(f"values must be nested at most {MAX_DEPTH} deep")
    kind = type(value)
    if value is None:
        parts.append(b"N")
    elif kind is bool:
        parts.append(b"T" if value else b"F")
    elif kind is int:
        if not -(1 << 63) <= value < 1 << 63:
            raise ProtocolError("an integer must fit in 64 bits")
        parts.append(struct.pack("<cq", b"i", value))
    elif kind is float:
        parts.append(struct.pack("<cd", b"f", value))
    elif kind is complex:
        parts.append(struct.pack("<cdd", b"c", value.real, value.imag))
    elif kind is str:
        raw = value.encode("utf-8", "backslashreplace")
        parts.append(struct.pack("<cI", b"s", len(raw)) + raw)
    elif kind is np.ndarray:
        _encode_array(value, parts)
    elif kind is list or kind is tuple:
        parts.append(struct.pack("<cI", b"l", len(value)))
        for entry in value:
            _encode(entry, parts, depth + 1)
    elif kind is dict:
        parts.append(struct.pack("<cI", b"d", len(value)))
        for key, entry in value.items():
            if type(key) is not str:
                raise ProtocolError(f"dict keys must be str, got {type(key).__name__}")
            _encode(key, parts, depth + 1)
            _encode(entry, parts, depth + 1)
    else:
        raise ProtocolError(f"a {kind.__name__} can't cross the channel")


def _encode_array(array: np.ndarray[Any, Any], parts: list[bytes | memoryview]) -> None:
    array = np.ascontiguousarray(array).reshape(array.shape)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    code = CODES.get(array.dtype)
    if code is None:
        raise ProtocolError(f"dtype {array.dtype} can't cross the channel")
    if array.ndim > MAX_DIMENSIONS:
        raise ProtocolError(f"an array must have at most {MAX_DIMENSIONS} dimensions")
    head = struct.pack(f"<cBB{array.ndim}QQ", b"a", code, array.ndim, *array.shape, array.nbytes)
    parts.append(head)
    if array.nbytes:
        parts.append(array.reshape(-1).view(np.uint8).data)


def decode(raw: bytes | bytearray | memoryview, *, cut_texts: bool = False) -> Any:
    """The value that `encode` wrote; arrays are fresh, writable and in native byte order.

    Args:
        raw: A frame's body.
        cut_texts: Whether texts are cut at `MAX_TEXT` bytes, and all together at `MAX_TEXTS`.

    Raises:
        ProtocolError: anything that `encode` could not have written.
    """
    reader = _Reader(memoryview(raw).toreadonly(), cut_texts=cut_texts)
    value = reader.value(0)
    if reader.position != len(reader.raw):
        raise ProtocolError("a frame's body must hold one value, got surplus bytes")
    return value


class _Reader:
    def __init__(self, raw: memoryview, *, cut_texts: bool) -> None:
        self.raw = raw
        self.position = 0
        self.nodes = 0
        self.cut_texts = cut_texts
        self.text_left = MAX_TEXTS
        """Bytes of text that are still read, where texts are cut."""

    def take(self, count: int) -> memoryview:
        end = self.position + count
        if end > len(self.raw):
            raise ProtocolError("a frame's body ends in the middle of a value")
        part = self.raw[self.position : end]
        self.position = end
        return part

    def unpack(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def value(self, depth: int) -> Any:  # noqa: C901, PLR0911 - one branch a tag
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ProtocolError("a value is nested too deep or has too many parts")
        match bytes(self.take(1)):
            case b"N":
                return None
            case b"T":
                return True
            case b"F":
                return False
            case b"i":
                return self.unpack("<q")[0]
            case b"f":
                return self.unpack("<d")[0]
            case b"c":
                return complex(*self.unpack("<dd"))
            case b"s":
                return self.text()
            case b"a":
                return self.array()
            case b"l":
                return [self.value(depth + 1) for _ in range(self.count())]
            case b"d":
                return self.mapping(depth)
            case tag:
                raise ProtocolError(f"unknown tag {tag!r}")

    def count(self) -> int:
        (count,) = self.unpack("<I")
        # Every part takes at least a byte, so an honest count never exceeds what is left.
        if count > len(self.raw) - self.position:
            raise ProtocolError("a list or dict names more parts than the frame holds")
        return int(count)

    def text(self) -> str:
        (length,) = self.unpack("<I")
        part = self.take(length)
        if self.cut_texts:
            read = min(length, MAX_TEXT, self.text_left)
            self.text_left -= read
            if read < length:
                # The cut may fall within a character.
                return str(part[:read], "utf-8", "ignore")
        try:
            return str(part, "utf-8")
        except UnicodeDecodeError as exc:
            raise ProtocolError("text must be UTF-8") from exc

    def mapping(self, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for _ in range(self.count()):
            key = self.value(depth + 1)
            if type(key) is not str or key in entries:
                raise ProtocolError("dict keys must be str, each once")
            entries[key] = self.value(depth + 1)
        return entries

    def array(self) -> np.ndarray[Any, Any]:
        code, ndim = self.unpack("<BB")
        dtype = DTYPES.get(code)
        if dtype is None or ndim > MAX_DIMENSIONS:
            raise ProtocolError("an array must have a known dtype and at most 8 dimensions")
        shape = self.unpack(f"<{ndim}Q")
        (nbytes,) = self.unpack("<Q")
        if math.prod(shape) * dtype.itemsize != nbytes:
            raise ProtocolError("an array's byte count must match its shape and dtype")
        if nbytes == 0 and any(side > MAX_EMPTY_SIDE for side in shape):
            raise ProtocolError("an empty array must have sides of believable length")
        return np.frombuffer(self.take(nbytes), dtype=dtype).reshape(shape).copy()
