"""Lines of a module that are read together, as plain Python or with IPython's help."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from grader.submission.magics import Plain, plain_python
from grader.submission.python import BrokenSourceError, parse

CELL_MARK = re.compile(r"# ?(%%|In ?\[)")
"""A line that begins a cell in a module that was a notebook, or is run like one."""


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


def read_part(lines: list[str], start: int, end: int, *, magics: bool = True) -> Part:
    """Some lines as one part.

    Args:
        lines: Of the module, without line ends; magics are replaced, in place, by what they mean.
        start: The first line of the part, from 0.
        end: The line behind its last one.
        magics: Ask IPython where the lines are no plain Python.
    """
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
