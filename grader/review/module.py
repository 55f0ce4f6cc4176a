"""A module as it reads: whole-line comments and free-standing strings as text, code between."""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.submission.python import BrokenSourceError, parse

MARK = "# %%"
"""Begins a cell in a module that was written as cells."""
PROSE_CELL = "# %% [markdown]"
SETTING = re.compile(r'(item|role)="([^"]{1,20})"')


@dataclass(frozen=True)
class Stretch:
    """Lines of a module that belong together."""

    kind: str
    """`code`, `text`, or `markdown` where the module itself calls a cell so."""
    source: str
    item: str = ""
    role: str = ""
    """By the template's mark, `# %% [markdown] item="1.1b" role="answer"`."""


def module_stretches(text: str, *, plain: bool = False) -> Iterator[Stretch]:
    """Every stretch of a module, in order.

    Nothing is run; a module that the loader refuses to parse is still shown by its lines.

    Args:
        text: Of the module.
        plain: Do not parse it: free-standing strings count as code.
    """
    lines = text.splitlines()
    prose = _comment_lines(lines) if plain else _prose_lines(text, lines)
    words = "text"
    marks: dict[str, str] = {}
    kind, block = "code", list[str]()
    for number, line in enumerate(lines, 1):
        told = prose.get(number)
        starts_cell = line.startswith(MARK)
        if starts_cell:
            yield from _block(kind, block, marks)
            block, marks = [], dict(SETTING.findall(line))
            words = "markdown" if line.startswith(PROSE_CELL) else "text"
        now = "code" if told is None else words
        if told is None and not line.strip():
            now = kind
        if now != kind:
            yield from _block(kind, block, marks)
            kind, block = now, []
        if not starts_cell:
            block.append(line if told is None else told)
    yield from _block(kind, block, marks)


def _block(kind: str, lines: Sequence[str], marks: Mapping[str, str]) -> Iterator[Stretch]:
    if any(line.strip() for line in lines):
        yield Stretch(kind, "\n".join(lines).strip("\n"), **marks)


def _prose_lines(text: str, lines: Sequence[str]) -> dict[int, str]:
    """Line number -> its words, for every line that is a comment or a free-standing string."""
    prose = _comment_lines(lines)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = parse(text)
    except BrokenSourceError:
        return prose
    for number in _lines_in_strings(body):
        prose.pop(number, None)
    for node in body:
        match node:
            case ast.Expr(value=ast.Constant(value=str(words)), end_lineno=int(end)):
                told = words.strip("\n").splitlines()
                span = end - node.lineno + 1
                # Escaped line breaks make more lines than the source has: the last one takes them.
                told[span - 1 :] = ["\n".join(told[span - 1 :])]
                for offset in range(span):
                    prose[node.lineno + offset] = told[offset] if offset < len(told) else ""
            case _:
                pass
    return prose


def _comment_lines(lines: Sequence[str]) -> dict[int, str]:
    """Line number -> its words, for every line that looks like a comment."""
    return {
        number: line.removeprefix("#").removeprefix(" ")
        for number, line in enumerate(lines, 1)
        if line.startswith("#") and not line.startswith("#!")
    }


def _lines_in_strings(body: Sequence[ast.stmt]) -> set[int]:
    """Lines that begin inside a string, where `#` is no comment."""
    inside: set[int] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            inside.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return inside
