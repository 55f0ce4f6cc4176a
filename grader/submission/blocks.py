"""Read a module that is no valid Python as a whole: what is broken is left out, the rest counts.

IPython's magics are understood first, as in a notebook. If that is not enough, the module is cut
at its cell marks, or into its top-level blocks where it has none, and each part is read by itself.
Parts keep the numbers of their lines.
"""

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from grader.submission.extents import Extents, block_starts
from grader.submission.magics import Plain, plain_python
from grader.submission.python import MAX_SOURCE, BrokenSourceError, parse

CELL_MARK = re.compile(r"# (%%|In\s?\[)")
"""A line that begins a cell in a module that was a notebook, or is run like one."""
MAX_TRANSFORMED = 100_000
"""Characters of all cells and blocks that IPython is asked about."""
CALL = 200
"""What asking it costs besides, in characters."""


@dataclass(frozen=True)
class Part:
    """Lines of a module that were read together."""

    start: int
    """Its first line, from 0."""
    end: int
    """The line behind its last one."""
    nodes: Sequence[ast.stmt] = ()
    """Its statements; their lines are those of the module."""
    magic: str = ""
    """The cell magic that takes all of it as its input."""
    error: BrokenSourceError | None = None
    """Why it is left out; None where it is not."""


def read_parts(lines: list[str]) -> Iterator[Part]:
    """The parts of a module, in order.

    Args:
        lines: Of the module, without line ends; magics are replaced, in place, by what they mean.
    """
    # A valid module is never changed.
    whole = _read(lines, 0, len(lines), magics=False)
    if whole.error and sum(map(len, lines)) <= MAX_SOURCE:
        whole = _read(lines, 0, len(lines))
        if whole.error or whole.magic:
            yield from _BrokenModule(lines).parts()
            return
    yield whole


class _BrokenModule:
    """A module that has to be read cell by cell, and its broken cells block by block."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._marks = [at for at, line in enumerate(lines) if CELL_MARK.match(line)]
        self._starts = sorted({*block_starts(lines), *self._marks, len(lines)})
        self._extents = Extents(lines, self._starts, self._marks)
        self._room = MAX_TRANSFORMED

    def parts(self) -> Iterator[Part]:
        for start, end in pairwise(sorted({0, *self._marks, len(self._lines)})):
            cell = _read(self._lines, start, end, magics=False)
            if cell.error and self._take(start, end):
                cell = _read(self._lines, start, end)
            # Without marks, a cell magic at the top does not take the whole module.
            if cell.error or (cell.magic and not self._marks):
                yield from self._blocks(start, end)
            else:
                yield cell

    def _blocks(self, start: int, end: int) -> Iterator[Part]:
        while start < end:
            part = self._block(start)
            yield part
            start = part.end

    def _block(self, start: int) -> Part:
        narrow = self._next(start + 1)
        first = _read(self._lines, start, narrow, magics=False)
        if not first.error:
            return first
        extent = self._extents.find(start, narrow)
        parts = self._readings(start, narrow, self._next(extent.whole))
        if found := next((part for part in parts if not part.error), None):
            return found
        return self._before(start, first.error) or Part(
            start, self._next(extent.broken), error=first.error
        )

    def _readings(self, start: int, narrow: int, wide: int) -> Iterator[Part]:
        """A block as it may be meant where it is no Python up to the next start."""
        # That start may lie within a string or brackets.
        if wide > narrow:
            yield _read(self._lines, start, wide, magics=False)
        # IPython would take an indented line as if it stood at the margin.
        if not self._lines[start].startswith((" ", "\t")):
            for end in sorted({narrow, wide}):
                if self._take(start, end):
                    yield _read(self._lines, start, end)

    def _take(self, start: int, end: int) -> bool:
        """Whether there is room to ask IPython about these lines; then it is used up."""
        if self._room > 0:
            self._room -= CALL + sum(map(len, self._lines[start:end]))
        return self._room > 0

    def _before(self, start: int, error: BrokenSourceError) -> Part | None:
        """What stands before a stray line, such as an indented one, where it is whole by itself."""
        end = start + error.line - 1
        if end <= start:
            return None
        part = _read(self._lines, start, end, magics=False)
        # The beginning of a function would parse too, and be another function.
        whole = not part.error and not any(hasattr(node, "body") for node in part.nodes)
        return part if whole else None

    def _next(self, at: int) -> int:
        """The first line from `at` on that begins a block."""
        return self._starts[bisect_left(self._starts, at)]


def _read(lines: list[str], start: int, end: int, *, magics: bool = True) -> Part:
    """Some lines as one part."""
    text = lines[start:end]
    if CELL_MARK.match(text[0]):
        # A cell magic stands first in its cell.
        text[0] = ""
    source = "\n".join(text)
    try:
        plain = plain_python(source) if magics else Plain(source, parse(source))
    except BrokenSourceError as exc:
        return Part(start, end, error=exc)
    if plain.magic:
        return Part(start, end, magic=plain.magic)
    if plain.source != source:
        text = plain.source.removesuffix("\n").split("\n")
        missing = end - start - len(text)
        if missing < 0:
            return Part(start, end, error=BrokenSourceError("can't be read by IPython"))
        lines[start:end] = [*text, *[""] * missing]
    for node in plain.nodes if start else ():
        ast.increment_lineno(node, start)
    return Part(start, end, plain.nodes)
