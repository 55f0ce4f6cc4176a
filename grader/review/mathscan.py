r"""Finds the formulas in Markdown, as a notebook does: before Markdown sees the text.

Between dollars, `\(` and `\)`, `\[` and `\]` (also with two backslashes, as Jupyter asks), and in
bare environments. Code is left alone.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.review.texwords import ALIGNED, GATHERED, MATRICES

BARE = ALIGNED | GATHERED | MATRICES | {"array", "eqnarray", "eqnarray*", "dcases", "rcases"}
"""Environments that are formulas with no dollars around them."""
SPECIAL = re.compile(
    r"(?P<fence>^ {0,3}(?:`{3,}|~{3,}))|(?P<code>`+)|(?P<bracket>\\{1,2}[(\[])"
    r"|(?P<begin>\\begin\{(?P<name>[A-Za-z]+\*?)\})|(?P<escaped>\\.)|(?P<dollars>\$\$?)",
    re.MULTILINE | re.DOTALL,
)
INSIDE = re.compile(r"\\.|[{}]|\$\$?|\n[ \t]*\n", re.DOTALL)
DOLLARS = re.compile(r"\\.|\$\$", re.DOTALL)
TICKS = re.compile("`+")
MAX_BRACES = 30
"""Braces in each other in a formula between single dollars."""
MAX_UNPAIRED = 300
"""Single dollars of one text that begin no formula; the ones after them are taken for money."""
MAX_INLINE = 3000
"""Characters between two single dollars; beyond that they are money, not a formula."""


@dataclass(frozen=True)
class Formula:
    """A formula where it stands in a text."""

    start: int
    end: int
    source: str
    """Without what marks it as a formula."""
    display: bool


def find_formulas(text: str) -> Iterator[Formula]:
    """Every formula of a Markdown text, in order; they never overlap."""
    position = 0
    # What has no end before the text's: each is looked for once, so that no text takes long.
    unclosed: set[str] = set()
    ticks = _ticks(text)
    unpaired = 0
    while (found := SPECIAL.search(text, position)) is not None:
        position = found.end()
        if found["fence"]:
            position = _after_fence(text, found)
        elif found["code"]:
            position = _after_code(found, ticks)
        elif found["dollars"] == "$" and unpaired >= MAX_UNPAIRED:
            continue
        elif not found["escaped"]:
            formula = _formula(text, found, unclosed)
            if formula is not None:
                yield formula
                position = formula.end
            elif found["dollars"] == "$":
                unpaired += 1


def _formula(text: str, found: re.Match[str], unclosed: set[str]) -> Formula | None:
    opened = found.group()
    if opened == "$":
        return _inline(text, found)
    if opened in unclosed:
        return None
    if found["begin"]:
        name = found["name"]
        end = _environment_end(text, found.end(), name) if name in BARE else -1
        start = found.start()
    elif found["bracket"]:
        closing = opened[:-1] + {"(": ")", "[": "]"}[opened[-1]]
        end = text.find(closing, found.end())
        start = found.end()
    else:
        closing = "$$"
        end = _closing_dollars(text, found.end())
        start = found.end()
    if end < 0:
        unclosed.add(opened)
        return None
    if found["begin"]:
        return Formula(start, end, text[start:end], display=True)
    return Formula(found.start(), end + len(closing), text[start:end], display=opened[-1] in "$[")


def _inline(text: str, opened: re.Match[str]) -> Formula | None:
    """A formula between single dollars: in one paragraph, the last dollar outside of braces."""
    depth, start = 0, opened.end()
    for found in INSIDE.finditer(text, start, start + MAX_INLINE):
        sign = found.group()
        if sign == "{":
            depth += 1
            if depth > MAX_BRACES:
                return None
        elif sign == "}":
            depth = max(depth - 1, 0)
        elif sign[0] == "\n":
            return None
        elif sign[0] == "$" and depth == 0:
            source = text[start : found.start()]
            end = found.start() + 1
            return Formula(opened.start(), end, source, display=False) if source.strip() else None
    return None


def _closing_dollars(text: str, start: int) -> int:
    for found in DOLLARS.finditer(text, start):
        if found.group() == "$$":
            return found.start()
    return -1


def _environment_end(text: str, start: int, name: str) -> int:
    depth = 1
    marks = re.compile(rf"\\(begin|end)\{{{re.escape(name)}\}}")
    for found in marks.finditer(text, start):
        depth += 1 if found[1] == "begin" else -1
        if depth == 0:
            return found.end()
    return -1


def _after_fence(text: str, opened: re.Match[str]) -> int:
    mark = opened.group().strip()
    closing = re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
    line_end = text.find("\n", opened.end())
    closed = closing.search(text, line_end) if line_end >= 0 else None
    return closed.end() if closed is not None else len(text)


def _ticks(text: str) -> Mapping[int, Sequence[int]]:
    """Length of a run of backticks -> where such runs begin."""
    found: dict[int, list[int]] = {}
    for run in TICKS.finditer(text):
        found.setdefault(run.end() - run.start(), []).append(run.start())
    return found


def _after_code(opened: re.Match[str], ticks: Mapping[int, Sequence[int]]) -> int:
    """Where code ends: behind the next run of as many backticks; behind its start without one."""
    length = opened.end() - opened.start()
    runs = ticks.get(length, ())
    at = bisect_left(runs, opened.end())
    return runs[at] + length if at < len(runs) else opened.end()
