"""Bytes and words of a stranger, made fit to be decoded, shown and stored."""

from grader.errors import SubmissionError
from grader.names import LONGEST_NAME, clean_name, shortened

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decode(name: str, raw: bytes) -> str:
    """The text of a file, with its line ends as Python counts them.

    Raises:
        SubmissionError: the bytes are no UTF-8 text.
    """
    if raw.startswith(UTF16_MARKS) or b"\0" in raw:
        kind = "UTF-16" if raw.startswith(UTF16_MARKS) else "NUL bytes"
        raise SubmissionError(
            f"{name}: the file must be UTF-8 text, got {kind}; save it as UTF-8 and hand it in anew"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SubmissionError(
            f"{name}: the file must be UTF-8 text, got the byte {raw[exc.start]:#04x} at position "
            f"{exc.start}; save it as UTF-8 and hand it in anew"
        ) from exc
    return plain_lines(text)


def plain_lines(text: str) -> str:
    """`text` with line feeds alone for line ends, as Python counts lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown(text: str) -> str:
    """An untrusted text for a message: one line, printable, cut."""
    return clean_name(shortened(text, LONGEST_NAME))
