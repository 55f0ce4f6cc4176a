"""What only IPython understands: magics, `!shell`, `?help` and prompts become plain Python.

IPython's own transformer does it, one special line at a time. Lines keep their numbers, so that a
place in feedback is the place in the notebook.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grader.submission.python import BrokenSourceError, check_length, parse

TRANSPARENT = frozenset({"time", "capture", "prun"})
"""Cell magics below which names are bound as without them."""
MAX_MAGICS = 200
MAX_WORK = 1_000_000
"""Characters read to find magics: each one found has the whole cell read again."""
ESCAPES = 64
"""That many characters behind a backslash cost as much as one more character."""
WORD = re.compile(r"[\w*.\[\]\-]+")
MAX_WORD = 2000
"""IPython's search for `name?` takes time in the square of a word's length."""
CELL_MAGIC = re.compile(r"\s*%%(\w+)(.*)\n?")


@dataclass(frozen=True)
class Plain:
    """A cell's source in plain Python."""

    source: str = ""
    nodes: Sequence[ast.stmt] = ()
    """Its top-level statements."""
    magic: str = ""
    """The cell magic that takes the whole cell as its input, such as `bash`; then no source."""


def plain_python(source: str) -> Plain:
    """A code cell as plain Python, line for line.

    Raises:
        BrokenSourceError: it is none, with or without IPython's help.
    """
    try:
        return Plain(source, parse(source))
    except BrokenSourceError:
        check_length(source)
    for _ in range(MAX_MAGICS):
        found = CELL_MAGIC.match(source)
        if found is None:
            break
        if found[1] not in TRANSPARENT or found[2].startswith("?"):
            return Plain(magic=found[1])
        source = "\n" * found[0].count("\n") + source[found.end() :]
    plain = _transformed(source)
    return Plain(plain, parse(plain))


def _transformed(source: str) -> str:
    # Slow to import, and a plain module has no need of it.
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415

    if any(found.end() - found.start() >= MAX_WORD for found in WORD.finditer(source)):
        raise BrokenSourceError("has a word that is too long to look for magics")
    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    lines = _lines(source)
    blank = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    for clean in manager.cleanup_transforms:
        lines = clean(lines)
    lines = ["\n"] * blank + _lines("".join(lines))
    work = 0
    for _ in range(MAX_MAGICS):
        work += sum(map(_cost, lines))
        if work > MAX_WORK:
            break
        try:
            changed, fresh = manager.do_one_token_transform(lines)
        # Broken source meets assertions and index errors in there.
        except Exception as exc:
            raise BrokenSourceError("can't be read by IPython") from exc
        if not changed:
            return "".join(lines)
        lines = _padded(lines, _lines("".join(fresh)))
    raise BrokenSourceError("is too long to look for magics in it")


def _cost(line: str) -> int:
    """What it costs to split a line into tokens, in characters.

    Python reads on to the end of the line from every quote that an escape leaves open.
    """
    return len(line) + line.count("\\") * len(line) // ESCAPES


def _padded(before: list[str], after: list[str]) -> list[str]:
    """`after` with blank lines where a magic of several lines became one."""
    at = next(
        (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new),
        len(after) - 1,
    )
    return [*after[: at + 1], *["\n"] * (len(before) - len(after)), *after[at + 1 :]]


def _lines(text: str) -> list[str]:
    """Lines as Python counts them, each with its end."""
    if not text:
        return []
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
