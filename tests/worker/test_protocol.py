"""grader/worker/protocol.py: what was sent arrives, and nothing else is believed."""

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from grader.worker.protocol import (
    DTYPES,
    HEADER,
    MAGIC,
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEXT,
    MAX_TEXTS,
    Kind,
    ProtocolError,
    decode,
    encode,
    pack_frame,
    unpack_header,
)

arrays = npst.arrays(
    dtype=st.sampled_from(sorted(DTYPES.values(), key=str)),
    shape=npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | arrays
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def wire(value: Any) -> bytes:
    return b"".join(bytes(part) for part in encode(value))


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return wire(a) == wire(b)  # so that NaN equals itself and 0.0 is not -0.0


@given(values)
def test_every_plain_value_survives(value: Any) -> None:
    """Types, shapes, dtypes and bits come back."""
    assert same(decode(wire(value)), value)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_a_plain_value(raw: bytes) -> None:
    """A decoder fed anything raises its own error and no other."""
    try:
        decode(raw)
    except ProtocolError:
        return


@settings(max_examples=300)
@given(values, st.data())
def test_damaged_frames_are_refused_or_a_plain_value(value: Any, data: st.DataObject) -> None:
    """A byte changed, dropped or added never gives another kind of error."""
    raw = bytearray(wire(value))
    at = data.draw(st.integers(0, len(raw) - 1))
    change = data.draw(st.sampled_from(["flip", "drop", "add"]))
    if change == "flip":
        raw[at] ^= data.draw(st.integers(1, 255))
    elif change == "drop":
        del raw[at]
    else:
        raw.insert(at, data.draw(st.integers(0, 255)))
    try:
        decode(raw)
    except ProtocolError:
        return


def array_bytes(code: int, shape: tuple[int, ...], nbytes: int, body: bytes = b"") -> bytes:
    return struct.pack(f"<cBB{len(shape)}QQ", b"a", code, len(shape), *shape, nbytes) + body


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"?",
        b"NN",
        array_bytes(0, (1,), 8, bytes(8)),  # no such dtype: objects have no code
        array_bytes(12, (1 << 40,), 8 << 40),  # 8 TiB promised, none sent
        array_bytes(12, (0, 10**9), 0),  # nothing, absurdly shaped
        array_bytes(12, (1 << 63, 2), 0),
        array_bytes(12, (2,), 8, bytes(8)),
        struct.pack("<cBB", b"a", 12, 65),
        struct.pack("<cI", b"l", 0xFFFFFFFF),
        struct.pack("<cI", b"s", 4) + b"\xff\xfe\xfd\xfc",
        struct.pack("<cI", b"d", 1) + b"N" + b"N",
        struct.pack("<cI", b"d", 2) + (struct.pack("<cI", b"s", 1) + b"k" + b"N") * 2,
        struct.pack("<cI", b"l", 1) * (MAX_DEPTH + 2) + b"N",
        b"\x80\x04\x95",  # the start of a pickle
        b"\x93NUMPY\x01\x00",
    ],
)
def test_absurd_values_are_refused_before_memory_is_taken(raw: bytes) -> None:
    """Sizes are checked against what is there."""
    with pytest.raises(ProtocolError):
        decode(raw)


@pytest.mark.parametrize(
    "value",
    [object(), 1 << 63, {1: 2}, np.array([None]), np.zeros((1,) * 9), np.array(["a"]), b"raw"],
)
def test_what_cannot_cross_is_refused_by_the_sender(value: Any) -> None:
    """The sender fails with a protocol error, not half way through a frame."""
    with pytest.raises(ProtocolError):
        encode(value)


def test_decoded_arrays_are_fresh() -> None:
    """They may be written to, and own their memory."""
    array = decode(wire(np.arange(3.0)))
    array[0] = 9
    assert array.flags.owndata


def test_strides_and_byte_order_do_not_matter() -> None:
    """Fortran order, reversed and big-endian arrays arrive by value."""
    base = np.arange(6, dtype=">f8").reshape(2, 3)
    for array in (base, base.T, base[::-1], np.asfortranarray(base)):
        np.testing.assert_array_equal(decode(wire(array)), array)


def test_a_header_is_believed_only_whole() -> None:
    """Another magic, version, kind or too long a body is refused."""
    good = pack_frame(Kind.RESULT, 7, None)[0]
    header = unpack_header(good, 10)
    assert (header.kind, header.request, header.length) == (Kind.RESULT, 7, 1)
    bad = [
        HEADER.pack(b"GALN", 1, Kind.RESULT, 0, 7, 1),
        HEADER.pack(MAGIC, 2, Kind.RESULT, 0, 7, 1),
        HEADER.pack(MAGIC, 1, 99, 0, 7, 1),
        HEADER.pack(MAGIC, 1, Kind.RESULT, 1, 7, 1),
        HEADER.pack(MAGIC, 1, Kind.RESULT, 0, 7, 11),
        HEADER.pack(MAGIC, 1, Kind.RESULT, 0, 7, (1 << 64) - 1),
    ]
    for raw in bad:
        with pytest.raises(ProtocolError):
            unpack_header(raw, 10)


def test_nan_survives_with_its_sign() -> None:
    """Floats are raw bits, not text."""
    assert math.copysign(1, decode(wire(-0.0))) == -1
    assert math.isnan(decode(wire(math.nan)))


def test_texts_are_cut_where_asked() -> None:
    """One long text and many shorter ones; a cut never falls within a character."""
    whole = "é" * MAX_TEXT
    assert decode(wire(whole)) == whole
    assert decode(wire(whole), cut_texts=True) == "é" * (MAX_TEXT // 2)
    assert decode(wire("x" + whole), cut_texts=True) == "x" + "é" * (MAX_TEXT // 2 - 1)
    many = decode(wire(["y" * MAX_TEXT] * 100), cut_texts=True)
    assert sum(map(len, many)) == MAX_TEXTS


def test_an_answer_of_too_many_parts_is_refused() -> None:
    """A part of five bytes would become a list of its own."""
    with pytest.raises(ProtocolError, match="too many parts"):
        decode(wire([[]] * MAX_NODES))
