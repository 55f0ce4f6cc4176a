"""Find definitions of which only the beginning was read, because a stray line cuts them in two.

    def f(n):
        c = n ** 2
    <<<<<<< HEAD
        return c

The first two lines are a function too, but another one: nobody meant it.
"""

import ast
import re
from collections.abc import Iterable, Sequence

from grader.submission.extents import open_after
from grader.submission.parts import DEFINITIONS, Part
from grader.submission.python import BrokenSourceError

OWNER = re.compile(
    r"@|(?:async|class|case|def|elif|else|except|finally|for|if|match|try|while|with)\b"
)
"""Begins a statement that may have indented lines of its own."""
UNFINISHED = tuple(",+-*/%|&^=:\\.")
"""Ends a line that may go on in an indented one."""
METHOD = ("def ", "async def ", "@")


def without_beginnings(parts: Iterable[Part], lines: Sequence[str]) -> list[Part]:
    """The parts of a cell; those that are the beginning of a damaged definition are left out.

    Args:
        parts: In order, all of one cell.
        lines: Of the module.
    """
    kept = list[Part]()
    # Number of the definition that may go on, and whether anything stands between.
    above, is_followed = -1, False
    for part in parts:
        stray = _stray_line(part, lines) if part.error else -1
        if stray != part.start and is_followed and not lines[part.start - 1].strip():
            # Two paragraphs below a definition, an indented line has nothing to do with it.
            above = -1
        if stray >= 0 and above >= 0 and _may_go_on(kept[above].nodes[-1], lines[stray].strip()):
            kept[above] = _left_out(kept[above], stray, lines)
            above = -1
        kept.append(part)
        if part.nodes and isinstance(part.nodes[-1], DEFINITIONS):
            above, is_followed = len(kept) - 1, False
        elif part.error and stray < 0 and OWNER.match(lines[part.start]):
            # What follows belongs to this one.
            above = -1
        else:
            is_followed = True
    return kept


def _stray_line(part: Part, lines: Sequence[str]) -> int:
    """The indented line, from 0, that does not belong to the line above it; -1 for none."""
    code = (
        at
        for at in range(part.start, part.end)
        if lines[at].strip() and not lines[at].lstrip().startswith("#")
    )
    first, second = next(code, -1), next(code, -1)
    if first >= 0 and _is_indented(lines[first]):
        return first
    is_own = second < 0 or not _is_indented(lines[second]) or _may_own(lines[first])
    return -1 if is_own else second


def _is_indented(line: str) -> bool:
    return line.lstrip("\f").startswith((" ", "\t"))


def _may_own(line: str) -> bool:
    """Whether the indented lines below may belong to this one."""
    is_unfinished = line.rstrip().endswith(UNFINISHED) or open_after([line])
    return bool(OWNER.match(line) or is_unfinished)


def _may_go_on(node: ast.stmt, line: str) -> bool:
    """Whether an indented `line` may belong to the definition above it."""
    if isinstance(node, ast.ClassDef):
        if line.startswith(METHOD):
            return True
        node = node.body[-1]
    # What stands behind the `return` of a function would be of no use there.
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _ends(node.body)


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Whether nothing that follows these statements is ever run."""
    waiting = [body]
    while waiting:
        match waiting.pop():
            case [*_, ast.Return() | ast.Raise()]:
                pass
            case [*_, ast.If(body=one, orelse=other)]:
                waiting += [one, other]
            case [*_, ast.With(body=one)]:
                waiting.append(one)
            case _:
                return False
    return True


def _left_out(part: Part, stray: int, lines: Sequence[str]) -> Part:
    end = max(at for at in range(part.start, part.end) if lines[at].strip()) + 1
    error = BrokenSourceError(
        "has an indentation error",
        f"the block that ends in line {end - part.start} seems to go on there",
        stray - part.start + 1,
    )
    return Part(part.start, end, error=error)
