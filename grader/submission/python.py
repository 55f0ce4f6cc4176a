"""Parse a stranger's source: bounded in size and time, never compiled for execution.

CPython's parser limits nesting by itself (200 brackets, 100 indents, a few thousand operators) and
says so with an error; only its time has to be bounded here.
"""

import ast
import re
import symtable
import sys
import unicodedata
from functools import lru_cache

from grader.submission.text import shown

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
MAX_SOURCE = 1 << 18
"""Characters of one cell, or of a module."""
MAX_FIELDS = 2_000_000_000
"""Braces times characters of one cell: the time of a long f-string grows with this product."""
MAX_COMBINING = 30
"""Combining characters in a row, as in Unicode's stream-safe text: the parser normalises names,
which takes time in the square of such a run."""
PYTHON = f"Python {sys.version_info.major}.{sys.version_info.minor}"
NEWER = (
    *("invalid syntax", "expected '('", "f-string", "multiple exception types"),
    "unexpected character after line continuation",
)
"""How an error begins that a newer Python may not have, as for `def f[T]` or `type X = int`."""
LINE = re.compile(r"\bline (\d{1,7})\b")
NON_ASCII = re.compile(rf"[^\x00-\x7f]{{{MAX_COMBINING + 1},}}")


class BrokenSourceError(Exception):
    """Source that can't be parsed.

    Args:
        reason: What is wrong with it, such as `has a syntax error`.
        detail: In Python's words, may be empty.
        line: From 1 within the source; 0 where no line is to blame.
    """

    def __init__(self, reason: str, detail: str = "", line: int = 0) -> None:
        super().__init__(reason)
        self._reason = reason
        self._detail = detail
        self.line = line

    def told(self, above: int = 0) -> str:
        """What is wrong, and in which line of a source with `above` more lines above this one."""
        where = f" in line {self.line + above}" if self.line else ""
        # Python names other lines, such as where a bracket was opened.
        detail = LINE.sub(lambda found: f"line {int(found[1]) + above}", self._detail)
        return f"{self._reason}{where}{': ' if detail else ''}{detail}"


def check_length(source: str) -> None:
    """Refuse source that would take long to parse.

    Raises:
        BrokenSourceError: it is too long.
    """
    if len(source) > MAX_SOURCE:
        raise BrokenSourceError(f"has more than {MAX_SOURCE} characters")
    if source.count("{") * len(source) > MAX_FIELDS:
        raise BrokenSourceError("has too many braces for its length")
    if has_long_combining_run(source):
        raise BrokenSourceError(f"has more than {MAX_COMBINING} combining characters in a row")


def has_long_combining_run(text: str) -> bool:
    """Whether `text` has more than `MAX_COMBINING` combining characters in a row."""
    for found in NON_ASCII.finditer(text):
        run = 0
        for character in found.group():
            run = run + 1 if _is_combining(character) else 0
            if run > MAX_COMBINING:
                return True
    return False


@lru_cache(maxsize=1 << 12)
def _is_combining(character: str) -> bool:
    # Some characters become combining ones only when they are normalised.
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))


def parse(source: str) -> list[ast.stmt]:
    """The top-level statements of `source`.

    Raises:
        BrokenSourceError: it is no Python, or nested too deep.
    """
    check_length(source)
    try:
        return ast.parse(source).body
    except (SyntaxError, RecursionError, MemoryError, ValueError) as exc:
        raise _broken(exc) from exc


def scopes(source: str) -> symtable.SymbolTable:
    """What the compiler knows of the names in `source`, by its first pass alone.

    Raises:
        BrokenSourceError: it breaks a rule of scopes, such as two parameters of one name.
    """
    try:
        return symtable.symtable(source, "submission", "exec")
    except (SyntaxError, RecursionError, MemoryError, ValueError) as exc:
        raise _broken(exc) from exc


def _broken(exc: Exception) -> BrokenSourceError:
    match exc:
        case SyntaxError():
            kind = "an indentation error" if isinstance(exc, IndentationError) else "a syntax error"
            detail = shown(exc.msg or "")
            if detail.startswith(NEWER):
                detail = f"{detail} (read as {PYTHON})"
            return BrokenSourceError(f"has {kind}", detail, exc.lineno or 0)
        case UnicodeError():
            return BrokenSourceError("holds characters that are no text")
        case ValueError():
            return BrokenSourceError("can't be parsed", shown(str(exc)))
        case _:
            return BrokenSourceError("is nested too deep to be parsed")
