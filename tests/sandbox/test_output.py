"""What a submission prints: bounded, safe to show, its beginning and end kept."""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox.output import KEPT_BYTES, Capture, visible

Write = Callable[[bytes], None]


@pytest.fixture
def pipe() -> Iterator[tuple[Capture, Write]]:
    """A capture, and what writes into it and has it read."""
    read_end, write_end = os.pipe()
    capture = Capture(read_end)

    def write(raw: bytes) -> None:
        for start in range(0, len(raw), 1 << 15):
            os.write(write_end, raw[start : start + (1 << 15)])
            assert capture.drain()

    yield capture, write
    capture.close()
    os.close(write_end)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("héllo Δ 好 🎓", "héllo Δ 好 🎓"),
        ("\x1b[2J\x1b[31mred", r"\x1b[2J\x1b[31mred"),
        ("a\x00b\x07", r"a\x00b\x07"),
        ("a\rb", r"a\x0db"),
        ("a\r\nb", "a\nb"),
        ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("a\u2028b", r"a\u2028b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_visible_leaves_nothing_that_a_terminal_obeys(text: str, shown: str) -> None:
    """Control characters and those that reorder text are shown as escapes; the rest as it is."""
    assert visible(text) == shown


@given(st.text())
def test_visible_text_stays_as_it_is(text: str) -> None:
    """What has been made visible has nothing left to escape, and can be encoded."""
    once = visible(text)
    assert visible(once) == once
    assert once.encode().decode() == once
    assert not {code for code in map(ord, once) if code < 32 or 127 <= code < 160} - {9, 10}


def test_capture_keeps_a_short_text_whole(pipe: tuple[Capture, Write]) -> None:
    """Nothing is lost of what fits."""
    capture, write = pipe
    write(b"one\n")
    write(b"two\n")
    assert capture.text() == "one\ntwo\n"
    assert capture.total == 8


@pytest.mark.parametrize("size", [KEPT_BYTES, KEPT_BYTES + 1, 2 * KEPT_BYTES])
def test_capture_keeps_all_up_to_its_bound(pipe: tuple[Capture, Write], size: int) -> None:
    """Beginning and end together are the whole until they no longer meet."""
    capture, write = pipe
    raw = bytes(ord("a") + at % 26 for at in range(size))
    write(raw)
    assert capture.text() == raw.decode()


def test_capture_leaves_out_the_middle_and_says_so(pipe: tuple[Capture, Write]) -> None:
    """Of a flood the first and the last bytes stay, and the number of those between is told."""
    capture, write = pipe
    write(b"start" + b"x" * (1 << 20) + b"end")
    text = capture.text()
    assert text.startswith("startxxx")
    assert text.endswith("xxxend")
    left_out = (1 << 20) + 8 - 2 * KEPT_BYTES
    assert f"\n[... {left_out} bytes left out ...]\n" in text
    assert len(text) < 2 * KEPT_BYTES + 100
    assert capture.total == (1 << 20) + 8


@pytest.mark.parametrize("before", [KEPT_BYTES - 1, KEPT_BYTES - 2, KEPT_BYTES - 3])
def test_capture_does_not_cut_a_character_in_two(pipe: tuple[Capture, Write], before: int) -> None:
    """A character across the border of beginning and end stays one."""
    capture, write = pipe
    write(b"x" * before + "好".encode() + b"y")
    assert capture.text() == "x" * before + "好y"


def test_capture_copes_with_bytes_that_are_no_text(pipe: tuple[Capture, Write]) -> None:
    """Broken UTF-8 is shown as replacement characters."""
    capture, write = pipe
    write(b"a\xff\xfeb")
    assert capture.text() == "a\ufffd\ufffdb"


def test_drain_tells_the_end_of_the_stream() -> None:
    """While the other side may write there may be more; once it is closed there is not."""
    read_end, write_end = os.pipe()
    capture = Capture(read_end)
    assert capture.drain()
    os.write(write_end, b"last")
    os.close(write_end)
    assert not capture.drain()
    assert capture.text() == "last"
    capture.close()


def test_drain_reads_no_more_than_it_is_asked_to(pipe: tuple[Capture, Write]) -> None:
    """A submission that never stops printing can't keep the grader reading for ever."""
    capture, _ = pipe
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    other = Capture(read_end)
    os.write(write_end, b"x" * 60_000)
    assert other.drain(at_most=1)
    assert other.total <= 1 << 16
    assert capture.total == 0
    other.close()
    os.close(write_end)
