"""Read a module that is no valid Python as a whole: what is broken is left out, the rest counts.

The module is cut at its cell marks, and each cell is read by itself, with IPython's magics if need
be. A cell that is broken all the same is read block by block. Parts keep their line numbers.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from grader.submission.cut_off import without_beginnings
from grader.submission.extents import CONTINUING, Extents, block_starts
from grader.submission.parts import CELL_MARK, Part, read_part
from grader.submission.python import DEFINITIONS, BrokenSourceError, parse

MAX_TRANSFORMED = 100_000
"""Characters of all cells and blocks that IPython is asked about, a module without marks apart."""
CALL = 200
"""What asking it costs besides, in characters."""
ESCAPE = re.compile(r"\\(?:[xuUN]|(.))", re.DOTALL)
"""A backslash with what it escapes, in a group unless that may be an incomplete escape."""


def read_parts(lines: list[str]) -> Iterator[Part]:
    """The parts of a module, in order.

    Args:
        lines: Of the module, without line ends; magics are replaced, in place, by what they mean.
    """
    # A valid module is never changed.
    whole = read_part(lines, 0, len(lines), magics=False)
    if whole.error:
        yield from _BrokenModule(lines).parts()
    else:
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
            cell = read_part(self._lines, start, end, magics=False)
            if cell.error and (not self._marks or self._take(start, end)):
                cell = read_part(self._lines, start, end)
            # Without marks, a cell magic at the top does not take the whole module.
            if cell.error or (cell.magic and not self._marks):
                yield from without_beginnings(self._blocks(start, end), self._lines)
            else:
                yield cell

    def _blocks(self, start: int, end: int) -> Iterator[Part]:
        while start < end:
            part = self._block(start)
            yield part
            start = part.end

    def _block(self, start: int) -> Part:
        narrow = self._next(start + 1)
        first = wider = read_part(self._lines, start, narrow, magics=False)
        if not first.error:
            return first
        extent = self._extents.find(start, narrow)
        wide = self._next(extent.whole)
        if wide > narrow:
            # The next start lies within a string or brackets.
            wider = read_part(self._lines, start, wide, magics=False)
            if not wider.error:
                return wider
        # IPython would take an indented line as if it stood at the margin.
        if not self._lines[start].startswith((" ", "\t")):
            for end in sorted({narrow, wide}):
                if self._take(start, end):
                    part = read_part(self._lines, start, end)
                    if not part.error:
                        return part
        if before := self._before(start, first.error):
            return before
        if _is_valid_but_for_escapes("\n".join(self._lines[start:wide])):
            return wider
        return Part(start, self._next(extent.broken), error=first.error)

    def _take(self, start: int, end: int) -> bool:
        """Whether there is room to ask IPython about these lines; then it is used up."""
        if self._room > 0:
            self._room -= CALL + sum(map(len, self._lines[start:end]))
        return self._room > 0

    def _before(self, start: int, error: BrokenSourceError) -> Part | None:
        """What stands before a stray line, where it is whole by itself.

        Such as an indented line below a plain statement, or a bracket below a function.
        """
        end = start + error.line - 1
        if end <= start or end >= len(self._lines):
            return None
        part = read_part(self._lines, start, end, magics=False)
        if part.error:
            return None
        # The beginning of a function would parse too, and be another function.
        line, last = self._lines[end], part.nodes[-1] if part.nodes else None
        is_whole = not hasattr(last, "body") or (
            not line.startswith((" ", "\t"))
            and (isinstance(last, DEFINITIONS) or not CONTINUING.match(line))
        )
        return part if is_whole else None

    def _next(self, at: int) -> int:
        """The first line from `at` on that begins a block."""
        return self._starts[bisect_left(self._starts, at)]


def _is_valid_but_for_escapes(source: str) -> bool:
    r"""Whether all strings end where they seem to, and only what stands in them is wrong.

    As in `\underline` or `\xi`: Colab writes Markdown cells as strings.
    """
    if "\\" not in source:
        return False
    try:
        parse(ESCAPE.sub(lambda found: found[0] if found[1] else "__", source))
    except BrokenSourceError:
        return False
    return True
