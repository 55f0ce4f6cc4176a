"""Find definitions of which only the beginning was read, because a stray line cuts them in two.

    def f(n):
        c = n ** 2
    <<<<<<< HEAD
        return c

The first two lines are a function too, but another one: nobody meant it.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from grader.submission.extents import open_after
from grader.submission.parts import Part
from grader.submission.python import DEFINITIONS, BrokenSourceError

OWNER = re.compile(
    r"@|(?:async|class|case|def|elif|else|except|finally|for|if|match|try|while|with)\b"
)
"""Begins a statement that may have indented lines of its own, or its decorators."""
UNFINISHED = tuple(",+-*/%|&^=:\\.")
"""Ends a line that may go on in an indented one."""
MAX_BETWEEN = 50
"""Lines that may stand between the halves of a definition."""
METHOD = ("def ", "async def ", "@")


def without_beginnings(parts: Iterable[Part], lines: Sequence[str]) -> Iterator[Part]:
    """The parts of a cell; those that are the beginning of a damaged definition are left out.

    Args:
        parts: In order, all of one cell.
        lines: Of the module.
    """
    # A definition that may go on, with what stands below it.
    waiting = list[Part]()
    for part in parts:
        stray = _stray_line(part, lines) if part.error else -1
        is_definition = bool(part.nodes) and isinstance(part.nodes[-1], DEFINITIONS)
        if waiting and stray >= 0 and _may_go_on(waiting[0].nodes[-1], lines[stray].strip()):
            yield _left_out(waiting[0], stray, lines)
            yield from waiting[1:]
            waiting = []
        elif is_definition or _is_apart(part, stray, waiting, lines):
            yield from waiting
            waiting = []
        if waiting or is_definition:
            waiting.append(part)
        else:
            yield part
    yield from waiting


def _is_apart(part: Part, stray: int, above: Sequence[Part], lines: Sequence[str]) -> bool:
    """Whether indented lines from here on have nothing to do with the definition above."""
    if part.error and stray < 0 and OWNER.match(lines[part.start]):
        return True
    # One paragraph of stray lines may stand between.
    is_new = len(above) > 1 and not lines[part.start - 1].strip()
    return len(above) > MAX_BETWEEN or (is_new and stray != part.start)


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
    begins_block = OWNER.match(line) is not None and not line.startswith("@")
    return begins_block or line.rstrip().endswith(UNFINISHED) or open_after(line)


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
