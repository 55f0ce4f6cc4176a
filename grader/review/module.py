"""A module as it reads: whole-line comments and free-standing strings as text, code between."""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator, Sequence

MARK = "# %%"
"""Begins a cell in a module that was written as cells."""
PROSE_CELL = "# %% [markdown]"


def module_stretches(text: str) -> Iterator[tuple[str, str]]:
    """(kind, source) of every stretch of a module, in order.

    The kind is `code`, `text`, or `markdown` where the module itself calls a cell so. Nothing is
    run; a module with a syntax error is still shown by its lines.
    """
    lines = text.splitlines()
    prose = _prose_lines(text, lines)
    words = "text"
    kind, block = "code", list[str]()
    for number, line in enumerate(lines, 1):
        told = prose.get(number)
        starts_cell = line.startswith(MARK)
        if starts_cell:
            words = "markdown" if line.startswith(PROSE_CELL) else "text"
        now = "code" if told is None else words
        if told is None and not line.strip():
            now = kind
        if now != kind or starts_cell:
            yield from _block(kind, block)
            kind, block = now, []
        if not starts_cell:
            block.append(line if told is None else told)
    yield from _block(kind, block)


def _block(kind: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    if any(line.strip() for line in lines):
        yield kind, "\n".join(lines).strip("\n")


def _prose_lines(text: str, lines: Sequence[str]) -> dict[int, str]:
    """Line number -> its words, for every line that is a comment or a free-standing string."""
    prose: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        if line.startswith("#") and not line.startswith("#!"):
            prose[number] = line.removeprefix("#").removeprefix(" ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            hidden = _lines_in_strings(text)
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return prose
    for number in hidden:
        prose.pop(number, None)
    for node in tree.body:
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


def _lines_in_strings(text: str) -> set[int]:
    """Lines that begin inside a string, where `#` is no comment."""
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING and token.end[0] > token.start[0]:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    return inside
