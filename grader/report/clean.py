"""Texts of strangers, made harmless for the place where they are written."""

import re
import unicodedata

_ESCAPES = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in {9, 10}
}
# Characters that reorder what a reader sees, that break lines unseen, or that XML forbids.
_ESCAPES |= {
    code: f"\\u{code:04x}"
    for code in (
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0x2028,
        0x2029,
        *range(0xD800, 0xE000),
        0xFEFF,
        0xFFFE,
        0xFFFF,
    )
}
_MARKDOWN = re.compile(r"([\\`*_\[\]~$])")
_MARKDOWN_START = re.compile(r"^(#|[-+=]|\d+(?=[.)](?:\s|$)))")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms start one too
_TICKS = re.compile(r"`+")


def visible(text: str) -> str:
    r"""`text` with control characters and bidirectional overrides as escapes such as `\u202e`.

    Tabs and newlines stay. The result can be encoded as UTF-8 and put into XML 1.0.
    """
    return text.replace("\r\n", "\n").translate(_ESCAPES)


def one_line(text: str) -> str:
    """`visible(text)` with every run of white space as one space."""
    return " ".join(visible(text).split())


def shortened(text: str, most: int) -> str:
    """`text`, cut to `most` characters, an ellipsis in place of the rest."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


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
