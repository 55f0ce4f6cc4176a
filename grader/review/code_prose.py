"""Prose in the code cells of notebooks, cut out so that it is found, shown and counted as text."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from grader.review.module import prose_lines
from grader.review.notebook import Cell
from grader.submission.text import plain_lines

MOST_PARTS = 60
"""Pieces of prose in one cell; what follows stays code."""
STRING_CHARACTERS = 20
"""From which on a free-standing string counts as prose."""
COMMENT_WORDS = 8
"""Likewise for comments, so that notes about code stay with it."""
WORD = re.compile(r"(?<!\S)[^\W\d_]{2,40}[.,;:!?)]{0,3}(?!\S)")
"""A word of a sentence; names in code that is commented out are mostly none."""


def cut_prose(cell: Cell, is_named: Callable[[str], bool], *, plain: bool = False) -> list[Cell]:
    """A code cell as code and text, in order; others, and cells without prose, as they are.

    Args:
        cell: Of a notebook.
        is_named: Whether a text names an item that is graded by hand: short ones count then.
        plain: Do not parse it: free-standing strings stay code.
    """
    lines = plain_lines(cell.source).split("\n")
    if cell.kind != "code" or not any(line.startswith(("#", '"', "'", "r")) for line in lines):
        return [cell]
    parts = _parts(lines, prose_lines(lines, plain=plain), is_named)
    cut = [replace(cell, kind=kind, source=source, outputs=()) for kind, source in parts]
    if all(part.kind == "code" for part in cut):
        return [cell]
    # The mark of the template is that of the cell's beginning; outputs stand at its end.
    cut = [cut[0], *(replace(part, item="", role="") for part in cut[1:])]
    if cell.outputs and cut[-1].kind != "code":
        cut.append(replace(cell, source="", item="", role=""))
    elif cell.outputs:
        cut[-1] = replace(cut[-1], outputs=cell.outputs)
    return cut


def _parts(
    lines: Sequence[str], prose: Mapping[int, str], is_named: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    """Kind and source of each part."""
    code: list[str] = []
    cut = 0
    for is_text, run in _runs(lines, prose):
        told = "\n".join(prose.get(number, "") for number in run).strip("\n")
        source = [lines[number - 1] for number in run]
        if not is_text or cut == MOST_PARTS or not (_is_prose(told, source) or is_named(told)):
            code += source
            continue
        if any(line.strip() for line in code):
            yield "code", "\n".join(code).strip("\n")
        yield "text", told
        code, cut = [], cut + 1
    if any(line.strip() for line in code):
        yield "code", "\n".join(code).strip("\n")


def _runs(lines: Sequence[str], prose: Mapping[int, str]) -> Iterator[tuple[bool, list[int]]]:
    """Line numbers, those of prose apart from those of code; blank lines go with what is before."""
    is_text = False
    kinds = []
    for number, line in enumerate(lines, 1):
        if number in prose or line.strip():
            is_text = number in prose
        kinds.append((is_text, number))
    for kind, run in groupby(kinds, key=lambda pair: pair[0]):
        yield kind, [number for _, number in run]


def _is_prose(text: str, source: Sequence[str]) -> bool:
    if all(line.startswith("#") for line in source if line.strip()):
        return len(WORD.findall(text)) >= COMMENT_WORDS
    return len(text.strip()) >= STRING_CHARACTERS
