"""Where the top-level blocks of a module begin and end, found without parsing it.

A broken module can't be parsed as a whole, so its lines are judged by how they begin, and by the
brackets and triple quotes that are open before them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_LOOKAHEAD = 1 << 20
"""Characters read beyond the next start, over all blocks of a module: no quadratic time."""
NOT_A_START = (" ", "\t", "#", ")", "]", "}")
CONTINUING = re.compile(r"(else|elif|except|finally)\b")
"""Clauses of the statement above."""
DEFINING = re.compile(r"(?:async )?def \w|class \w++ *+[(:]|import \w|from [\w.]++ import |@\w")
"""What hardly ever begins a line at the left margin within brackets or of prose."""
DECORATED = ("@", "def ", "class ", "async def ")
TOKEN = re.compile(
    r"""(?P<open>[\[({])|(?P<close>[\])}])|(?P<comment>\#)|(?P<triple>"{3}|'{3})"""
    r"""|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\\."""
)
"""What matters for where a statement ends; each of them can match in one way only."""
CLOSING = {
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*+"""'),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*+'''"),
}
"""The rest of a line up to the end of a string that began before."""


def block_starts(lines: Sequence[str]) -> Iterator[int]:
    """The lines, from 0, that begin a block unless a string or brackets are open before them."""
    is_decorated, depth, quote = False, 0, ""
    for at, text in enumerate(line.lstrip("\f") for line in lines):
        is_continued = at > 0 and _is_continued(lines[at - 1])
        if is_decorated:
            # A decorator, in brackets or not, belongs to the next definition.
            if text.startswith(DECORATED):
                is_decorated = text.startswith("@")
                depth, quote = _scan(text, 0, "")
                continue
            if is_continued or ((depth > 0 or quote) and not DEFINING.match(text)):
                depth, quote = _scan(text, depth, quote)
                continue
            if not text.strip() or text.startswith("#"):
                continue
            is_decorated = False
        if at == 0 or not (
            not text.strip()
            or text.startswith(NOT_A_START)
            or CONTINUING.match(text)
            or is_continued
        ):
            yield at
            if text.startswith("@"):
                is_decorated = True
                depth, quote = _scan(text, 0, "")


def _is_continued(line: str) -> bool:
    if not line.endswith("\\"):
        return False
    return all(found.lastgroup != "comment" for found in TOKEN.finditer(line))


@dataclass(frozen=True)
class Extent:
    """How far a block may reach beyond the next start."""

    whole: int
    """The line behind it where all its strings and brackets are closed."""
    broken: int
    """The line behind it where it is broken, so that its neighbours are not lost with it."""


class Extents:
    """Finds how far blocks reach, with one limit on the work for all blocks of a module.

    Args:
        lines: Of the module.
        starts: The lines that begin a block unless a string or brackets are open before them.
        stops: The lines that end a block in any case.
    """

    def __init__(self, lines: Sequence[str], starts: Sequence[int], stops: Sequence[int]) -> None:
        self._lines = lines
        self._starts, self._stops = frozenset(starts), frozenset(stops)
        self._room = MAX_LOOKAHEAD

    def find(self, start: int, narrow: int) -> Extent:
        """The extent of the block that begins at `start`; the next start is `narrow`."""
        depth, quote = 0, ""
        for line in self._lines[start:narrow]:
            depth, quote = _scan(line, depth, quote)
        # A string that began in the broken block belongs to it, unless it takes definitions along:
        # then its end is what is missing.
        broken, in_first_string = narrow, bool(quote)
        for at in range(narrow, len(self._lines)):
            line = self._lines[at]
            self._room -= len(line) + 1
            if self._room < 0:
                return Extent(narrow, broken)
            if at in self._stops:
                return Extent(at, broken)
            defining = DEFINING.match(line) is not None
            if not quote and at in self._starts and (depth <= 0 or defining):
                return Extent(at, broken)
            in_first_string &= not defining
            depth, quote = _scan(line, depth, quote)
            if in_first_string and not quote:
                broken, in_first_string = at + 1, False
        return Extent(len(self._lines), broken)


def open_after(line: str) -> bool:
    """Whether brackets or triple quotes are open after a line."""
    depth, quote = _scan(line, 0, "")
    return depth > 0 or bool(quote)


def _scan(line: str, depth: int, quote: str) -> tuple[int, str]:
    """How many brackets, and which triple quotes, are open after a line."""
    at = 0
    while True:
        if quote:
            found = CLOSING[quote].match(line, at)
            if found is None:
                return depth, quote
            at, quote = found.end(), ""
        found = TOKEN.search(line, at)
        if found is None or found.lastgroup == "comment":
            return depth, quote
        at = found.end()
        match found.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "triple":
                quote = found.group()
