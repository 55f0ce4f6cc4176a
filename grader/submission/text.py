"""Bytes and words of a stranger, made fit to be decoded, shown and stored."""

import codecs
import re

from grader.errors import SubmissionError
from grader.names import LONGEST_NAME, clean_name, shortened

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and what they say."""
CODING = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]{1,40})")
"""The comment of PEP 263, in a line of its own; `MAX_CODING_LINE` bounds it."""
MAX_CODING_LINE = 200
SLOW_CODINGS = frozenset({"idna", "punycode"})
"""They take time in the square of a text's length, and no file is written in them."""


def decode(name: str, raw: bytes) -> str:
    """The text of a file, with its line ends as Python counts them.

    Raises:
        SubmissionError: the bytes are no UTF-8, nor what their byte order mark says.
    """
    return _decoded(name, raw, _marked(raw) or "utf-8")


def decode_module(name: str, raw: bytes) -> tuple[str, str]:
    """The text of a module, in the encoding that its coding line names, and a note on it.

    Raises:
        SubmissionError: as `decode`.
    """
    marked = _marked(raw)
    declared = "" if marked else _declared(raw)
    if not declared or _is_known(declared):
        return _decoded(name, raw, marked or declared or "utf-8"), ""
    note = f"the coding line names {shown(declared)!r}, which is not the file's encoding"
    try:
        return _decoded(name, raw, "utf-8"), f"{note}; the file is read as UTF-8"
    except SubmissionError as exc:
        raise SubmissionError(f"{exc}; {note}") from exc


def _is_known(coding: str) -> bool:
    """Whether Python has such an encoding, and a coding line can be read in it."""
    try:
        return codecs.lookup(coding).name not in SLOW_CODINGS and b"#".decode(coding) == "#"
    # `hex` is a codec that makes no text, and `undefined` one that always fails.
    except (LookupError, ValueError):
        return False


def _marked(raw: bytes) -> str:
    return next((coding for mark, coding in MARKS if raw.startswith(mark)), "")


def _declared(raw: bytes) -> str:
    """What the first or the second line says, as PEP 263 has it; empty where neither does."""
    for line in raw[: 2 * MAX_CODING_LINE].decode("latin-1").splitlines()[:2]:
        if found := CODING.match(line[:MAX_CODING_LINE]):
            return found[1]
        if line.strip() and not line.lstrip().startswith("#"):
            break
    return ""


def _decoded(name: str, raw: bytes, coding: str) -> str:
    shown_coding = coding.removesuffix("-sig").upper()
    try:
        text = raw.decode(coding)
    except UnicodeDecodeError as exc:
        byte = raw[exc.start : exc.start + 1]
        raise SubmissionError(
            f"{name}: the file must be {shown_coding} text, got the byte 0x{byte.hex()} at "
            f"position {exc.start}; save it as UTF-8 and submit it again"
        ) from exc
    if "\0" in text:
        raise SubmissionError(
            f"{name}: the file must be {shown_coding} text, got NUL bytes; save it as UTF-8 and "
            "submit it again"
        )
    return plain_lines(text)


def plain_lines(text: str) -> str:
    """`text` with line feeds alone for line ends, as Python counts lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown(text: str) -> str:
    """An untrusted text for a message: one line, printable, cut."""
    return clean_name(shortened(text, LONGEST_NAME))
