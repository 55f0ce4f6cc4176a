"""Texts of strangers, made harmless for the place where they are written."""

import re
import unicodedata

from grader.names import one_line as one_line  # noqa: PLC0414 - part of this module
from grader.names import shortened as shortened  # noqa: PLC0414 - likewise
from grader.names import visible as visible  # noqa: PLC0414 - likewise

_MARKDOWN = re.compile(r"([\\`*_\[\]~$])")
_MARKDOWN_START = re.compile(r"^(#|[-+=]|\d+(?=[.)](?:\s|$)))")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms start one too
_TICKS = re.compile(r"`+")


def markdown(text: str) -> str:
    """`text` for one line of Markdown, shown as it is: no markup, no HTML, no link."""
    escaped = _MARKDOWN.sub(r"\\\1", one_line(text))
    escaped = _MARKDOWN_START.sub(_escaped_start, escaped)
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A bare address or a mention would become a link.
    return escaped.replace("://", "&#58;//").replace("@", "&#64;").replace("www.", "www&#46;")


def markdown_code(text: str) -> str:
    """`text` as inline code; delimited by more backticks than it holds."""
    line = one_line(text)
    ticks = "`" * (max(map(len, _TICKS.findall(line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def markdown_block(text: str, language: str = "text") -> str:
    """`text` as a fenced block that nothing in it can end."""
    shown = visible(text).rstrip("\n")
    ticks = "`" * max(3, max(map(len, _TICKS.findall(shown)), default=0) + 1)
    return f"{ticks}{language}\n{shown}\n{ticks}"


def csv_text(text: str) -> str:
    """`text` for a cell of our own that a spreadsheet must not take for a formula."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown


def file_stem(name: str) -> str:
    """`name` in characters that every file system takes, at most 40 of them; may be empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def _escaped_start(match: re.Match[str]) -> str:
    """What would start a heading or a list; a number is followed by its escaped point."""
    return f"{match[0]}\\" if match[0].isdecimal() else f"\\{match[0]}"
