"""Names and texts of strangers: made printable, cut to a sane length, and compared."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

LONGEST_NAME = 120
"""Characters of a student's, a file's or an attribute's name."""
LONGEST_TEXT = 4000
"""Characters of feedback, a hint or a note for the student."""
LONGEST_STAFF_NOTE = 20_000
LONGEST_OUTPUT = 300_000
"""Characters of what an item printed; the sandbox keeps 64 KiB, and escapes take more room."""
MOST_NOTES = 50
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
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"
"""Unseen too, but Persian and Indic names and emoji are written with them."""
_ESCAPED = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_MARK = re.compile(r"~[0-9a-f]{8}(?=\.\w+$|$)")
_COMMAND = re.compile(r"::(?=[a-z][a-z-]{2,30}(?:\s|::))|##(?=\[)", re.IGNORECASE)
"""What GitHub Actions would obey where a line begins with it, or anywhere."""


def visible(text: str) -> str:
    r"""`text` with control characters and bidirectional overrides as escapes such as `\u202e`.

    Tabs and newlines stay. The result can be encoded as UTF-8 and put into XML 1.0.
    """
    return text.replace("\r\n", "\n").translate(_ESCAPES)


def one_line(text: str) -> str:
    """`visible(text)` with every run of white space as one space."""
    return " ".join(visible(text).split())


def printable(text: str) -> str:
    """`text` for a terminal or a CI log: no control characters, no workflow command of GitHub."""
    return _COMMAND.sub(_defused, visible(text))


def shortened(text: str, most: int) -> str:
    """`text`, cut to `most` characters, an ellipsis in place of the rest."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def middle_cut(text: str, most: int) -> str:
    """`text`, cut to `most` characters; of a traceback both ends matter."""
    if len(text) <= most:
        return text
    gap = f"\n[... {len(text) - most} characters and more left out ...]\n"
    head = most // 3
    return text[:head] + gap + text[head + len(gap) - most :]


def clean_name(raw: str) -> str:
    r"""`raw` as one printable line in NFC, however long; cleaning it again changes nothing.

    Whatever can't be seen becomes an escape such as `\x1b`, a byte that is no UTF-8 likewise.
    """
    text = unicodedata.normalize("NFC", raw)
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_seen, text)).translate(_ESCAPES)
    return _COMMAND.sub(_defused, text)


def short_name(name: str, most: int = LONGEST_NAME) -> str:
    """`name`, cut in the middle to `most` characters; two different names stay different."""
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    tail = name[-10:]
    return f"{name[: most - len(digest) - len(tail) - 2]}…{digest}…{tail}"


def first_few(texts: Iterable[str], most: int) -> str:
    """The first `most` of these texts in one line, and how many more there are."""
    every = list(texts)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def distinct_names(raw: Sequence[str], origins: Sequence[str] | None = None) -> list[str]:
    """The names of one folder, cleaned; those that would become equal are marked by a hash.

    Args:
        raw: The names.
        origins: What the hash is made of, where two of the names may be equal already.
    """
    clean = [clean_name(name) for name in raw]
    uses = Counter(clean)
    return [
        name if uses[name] == 1 else _marked(name, origin)
        for name, origin in zip(clean, raw if origins is None else origins, strict=True)
    ]


def unmarked(name: str) -> str:
    """`name` without a mark of `distinct_names`."""
    return _MARK.sub("", name)


def same_name_key(name: str) -> str:
    """Equal for names that a person or another system may take for the same.

    Capitals, compatibility forms, spaces, unseen characters and marks of `distinct_names` are
    left out; letters of two scripts that look alike stay different.
    """
    text = _ESCAPED.sub("", unmarked(name))
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = (char for char in text if char.isspace() or unicodedata.category(char) not in _UNSEEN)
    return " ".join("".join(seen).split())


def _seen(char: str) -> str:
    if char in _JOINERS or unicodedata.category(char) not in _UNSEEN:
        return char
    code = ord(char)
    if code < 0x100:  # noqa: PLR2004 - one byte
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - two bytes


def _marked(name: str, raw: str) -> str:
    digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    suffix = PurePosixPath(name).suffix
    return f"{name.removesuffix(suffix)}~{digest}{suffix}"


def _defused(match: re.Match[str]) -> str:
    first = match[0][0]
    return f"{first}\\x{ord(first):02x}"
