"""The source of each statement, and the statements that one stands for."""

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from grader.submission.magics import TRANSPARENT
from grader.submission.python import BrokenSourceError, parse
from grader.submission.text import plain_lines

PYLAB = "import numpy as np\nimport matplotlib.pyplot as plt\nfrom numpy import *"
"""What the grading of numbers needs of `%pylab`."""


def unwrapped(node: ast.stmt, text: str) -> Iterator[tuple[ast.stmt, str]]:
    """A statement, or those that it stands for."""
    match node:
        case ast.ImportFrom(module="__future__"):
            return
        case ast.Import(names=[_, _, *_]) | ast.ImportFrom(names=[_, _, *_]):
            for alias in node.names:
                fresh = (
                    ast.Import([alias])
                    if isinstance(node, ast.Import)
                    else ast.ImportFrom(node.module, [alias], node.level)
                )
                yield ast.copy_location(fresh, node), ast.unparse(fresh)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=method), args=arguments)):
            # An escaped `\r` in the string ends a line for the parser.
            inner = plain_lines(_magic_source(method, arguments))
            try:
                parts = parse(inner)
            except BrokenSourceError:
                parts = []
            for part in parts:
                yield part, segment(inner.split("\n"), part)
            if not parts:
                yield node, text
        case _:
            yield node, text


def _magic_source(method: str, arguments: Sequence[ast.expr]) -> str:
    """The source inside of a magic that binds names as without it, such as `%time x = f()`."""
    match method, arguments:
        case "run_line_magic", [ast.Constant(value="time"), ast.Constant(value=str(inner))]:
            return inner
        case "run_line_magic", [ast.Constant(value="pylab"), *_]:
            return PYLAB
        case "run_cell_magic", [ast.Constant(value=str(name)), _, ast.Constant(value=str(inner))]:
            return inner if name in TRANSPARENT else ""
    return ""


def first_line(lines: Sequence[str], node: ast.stmt) -> int:
    """The line in which a statement begins, with its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    if not decorators:
        return node.lineno
    line = decorators[0].lineno
    # The parser does not tell where the `@` is: brackets or a backslash may stand between.
    while line > 1 and not lines[line - 1].lstrip().startswith("@"):
        line -= 1
    return line


def segment(lines: Sequence[str], node: ast.stmt) -> str:
    """The source of a statement, without what stands beside it in its lines."""
    first, last = first_line(lines, node) - 1, (node.end_lineno or node.lineno) - 1
    # Decorators begin their line, and so does what they decorate.
    start = node.col_offset if first == node.lineno - 1 else 0
    end = node.end_col_offset
    if first == last:
        return _columns(lines[first], start, end)
    middle = lines[first + 1 : last]
    return "\n".join([_columns(lines[first], start), *middle, _columns(lines[last], 0, end)])


def _columns(line: str, start: int, end: int | None = None) -> str:
    """A part of a line by columns as the parser counts them, in bytes of UTF-8."""
    return line[start:end] if line.isascii() else _encoded(line)[start:end].decode()


@lru_cache(maxsize=4)
def _encoded(line: str) -> bytes:
    """Many statements may stand in one long line."""
    return line.encode()
