"""A module as it reads: whole-line comments and free-standing strings as text, code between."""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.submission.parts import CELL_MARK
from grader.submission.python import BrokenSourceError, parse
from grader.submission.text import plain_lines

PROSE = ("[markdown]", "[md]")
"""Of cells of text."""
STRING = re.compile(r"""(?P<quotes>\"{3}|'{3})(?P<text>.*)(?P=quotes)""", re.DOTALL)
COMMAND = re.compile(r"(?<!\\)\\[A-Za-z]")
"""A single backslash and a letter."""
QUOTES = re.compile(r'"""|\'\'\'')
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
    # Lines as the parser counts them: none may be taken for another.
    lines = plain_lines(text).split("\n")
    prose = prose_lines(lines, plain=plain)
    words = "text"
    marks: dict[str, str] = {}
    kind, block = "code", list[str]()
    for number, line in enumerate(lines, 1):
        told = prose.get(number)
        starts_cell = CELL_MARK.match(line) is not None
        if starts_cell:
            yield from _block(kind, block, marks)
            block, marks = [], dict(SETTING.findall(line))
            words = "markdown" if any(mark in line for mark in PROSE) else "text"
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


def prose_lines(lines: Sequence[str], *, plain: bool = False) -> dict[int, str]:
    """Line number -> its words, for every line that is a comment or a free-standing string.

    Args:
        lines: Of a module or a code cell, as the parser counts them.
        plain: Do not parse it: free-standing strings count as code.
    """
    prose = _comment_lines(lines)
    if plain:
        return prose
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = parse("\n".join(lines))
    except BrokenSourceError:
        # A line that is no Python, such as a magic, hides no proof.
        return prose | _quoted_lines(lines)
    for number in _lines_in_strings(body):
        prose.pop(number, None)
    for node in body:
        match node:
            case ast.Expr(value=ast.Constant(value=str(words)), end_lineno=int(end)) if _is_alone(
                node, lines
            ):
                told = _as_written(lines[node.lineno - 1 : end], words).strip("\n").splitlines()
                span = end - node.lineno + 1
                # Escaped line breaks make more lines than the source has: the last one takes them.
                told[span - 1 :] = ["\n".join(told[span - 1 :])]
                for offset in range(span):
                    prose[node.lineno + offset] = told[offset] if offset < len(told) else ""
            case _:
                pass
    return prose


def _is_alone(node: ast.stmt, lines: Sequence[str]) -> bool:
    """Whether nothing else stands in the lines of a statement; the parser counts bytes."""
    if node.col_offset:
        return False
    last = lines[(node.end_lineno or node.lineno) - 1].encode("utf-8", "replace")
    return not last[node.end_col_offset :].strip()


def _as_written(lines: Sequence[str], value: str) -> str:
    r"""The text of a string statement; as it stands where an escape was meant as `\frac`."""
    found = STRING.fullmatch("\n".join(lines).strip())
    if found is None or not COMMAND.search(found["text"]):
        return value
    return found["text"]


def _quoted_lines(lines: Sequence[str]) -> dict[int, str]:
    """What `prose_lines` gives for strings, by their quotes alone: at the start of a line."""
    found: dict[int, str] = {}
    quotes, first = "", 0
    for number, line in enumerate(lines, 1):
        if not quotes and line.startswith("#"):
            continue
        for mark in QUOTES.finditer(line):
            if not quotes:
                stands_free = not line[: mark.start()].strip("rR")
                quotes, first = mark[0], number if stands_free else 0
            elif quotes == mark[0]:
                if first and not line[mark.end() :].strip():
                    told = "\n".join(lines[first - 1 : number]).lstrip("rR").strip().strip(quotes)
                    found.update(enumerate(told.split("\n"), first))
                quotes = ""
    return found


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
