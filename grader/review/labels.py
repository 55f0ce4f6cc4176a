"""Reads which item a line of a hand-in is about: `### 1.1b Proof`, `**2.1 (c)**`, `b)` after it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from grader.review.leads import lead_end
from grader.review.mathscan import find_formulas

MAX_LABEL = 400
"""Characters at the start of a line in which a label is looked for."""
MAX_LINES = 50_000
"""Lines of one submission in which labels are looked for."""
MAX_RUN = 12
"""Labels in one line."""
MAX_LEVEL = 6
MAX_INDENT = 3
MARKS = ("**", "__")
AND = re.compile(r"\s?[)\]]?\s?(?:,|;|&|\+|/|and|und|и)\s?[(\[]?", re.IGNORECASE)
LETTER = re.compile(r"\(?(?P<letter>[a-h])[).:](?=\s|\*|_|$)")
SECTION = re.compile(r"\d+(?:\.\d+)*[.)]?(?:\s|$)")
"""A heading that ends an answer though it names no item; one such as `Problem 2` does too."""
PART = r"(?:,? ?(?:part|item|teil|punkt|пункт|п)\b\.? ?|\s*[.\-]?\s*)"
"""What may stand between a number and its letter."""
FENCES = ("```", "~~~")


@dataclass(frozen=True)
class Anchor:
    """A line at which something about these items begins; no item: at which an answer ends."""

    line: int
    """From 0, in its cell."""
    items: tuple[str, ...]
    heading: bool
    """Whether it is a heading and not a label that begins a paragraph."""


@dataclass
class Labels:
    """Finds the items of one assignment in lines of text.

    It remembers the number that was named last (`1.1`), so that `b)` below it means 1.1b: use one
    for each hand-in, on its cells in order.
    """

    items: Sequence[str]
    """Every item of the assignment, by hand or not."""
    formulas: bool = True
    """Skip lines inside of formulas, which takes longer."""
    _patterns: dict[str, re.Pattern[str]] = field(init=False)
    seen: set[str] = field(init=False, default_factory=set)
    """Items that were named before."""
    _number: str = field(init=False, default="")
    _lines: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._patterns = {item: _pattern(item) for item in self.items}

    def anchors(self, text: str) -> Iterator[Anchor]:
        """The anchors of one cell, by line."""
        # Without runs of spaces no pattern has more than one way to match them.
        lines = [_short(line) for line in text.split("\n")]
        self._lines += len(lines)
        if self._lines > MAX_LINES:
            return
        hidden = _hidden_lines(text, formulas=self.formulas)
        for number, line in enumerate(lines):
            if number in hidden or not line.strip():
                continue
            heading = _heading(lines, number)
            starts = heading is not None or number == 0 or not lines[number - 1].strip()
            items = self._named(heading if heading is not None else line, heading is not None)
            if items and (starts or line[lead_end(line) :][:1].isdigit()):
                self.seen.update(items)
                yield Anchor(number, items, heading is not None)
            elif heading is not None and _is_section(heading):
                yield Anchor(number, (), heading=True)

    def names_any(self, text: str) -> bool:
        """Whether any line of `text` is about an item."""
        return any(anchor.items for anchor in self.anchors(text))

    def _named(self, text: str, heading: bool) -> tuple[str, ...]:  # noqa: FBT001 - a pair with the text
        start = lead_end(text)
        found = list(self._run(text, start)) or self._bracketed(text, start, heading=heading)
        if found:
            self._number = _split(found[-1])[0]
            return tuple(found)
        letter = LETTER.match(text, start)
        if letter is not None and self._number + letter["letter"] in self._patterns:
            return (self._number + letter["letter"],)
        if heading:
            anywhere = [item for item in self.items if _inside(self._patterns[item], text)]
            if len(anywhere) == 1 and len(_split(anywhere[0])[0]) > 1:
                return tuple(anywhere)
            number = re.match(r"\d+(?:\.\d+)*", text[start:])
            if number is not None:
                self._number = number.group()
        return ()

    def _bracketed(self, text: str, start: int, *, heading: bool) -> list[str]:
        """Labels of `(1.1b) Proof`; equations have such numbers, and earlier items are cited so."""
        if not text.startswith(("(", "["), start):
            return []
        found = list(self._run(text, start + 1))
        if heading:
            return found
        behind = text[start:].partition(")")[2].lstrip(" *_")
        cited = behind[:1].islower() and self.seen.issuperset(found)
        return [] if cited or not all(_split(item)[1] for item in found) else found

    def _run(self, text: str, position: int) -> Iterator[str]:
        """Labels one after the other from `position` on: `1.3a, 1.3b`."""
        for _ in range(MAX_RUN):
            best = ""
            end = position
            for item, pattern in self._patterns.items():
                found = pattern.match(text, position)
                if found is not None and found.end() > end:
                    best, end = item, found.end()
            if not best:
                return
            yield best
            joint = AND.match(text, end)
            if joint is None:
                return
            position = joint.end()


def _is_section(heading: str) -> bool:
    start = lead_end(heading)
    return SECTION.match(heading, start) is not None or (
        start > 0 and heading[start : start + 1].isdigit()
    )


def _split(item: str) -> tuple[str, str]:
    """`1.1b` -> (`1.1`, `b`)."""
    found = re.fullmatch(r"(.*?\d)([a-z]?)", item)
    return (found[1], found[2]) if found is not None else (item, "")


def _pattern(item: str) -> re.Pattern[str]:
    number, letter = _split(item)
    digits = r"\s?\.\s?".join(re.escape(part) for part in number.split("."))
    if letter:
        upper = letter.upper()
        tail = rf"(?:{PART}[(\[]?{letter}[)\]]?|\s?\({upper}\)|{upper}\)?)(?![A-Za-z0-9])"
    elif "." in number:
        tail = r"(?!\s?\.?\s?\d)(?!\s*[.\-]?\s*\(?[a-h]\)?(?![A-Za-z0-9]))"
    else:
        # `4` alone is an item where a heading begins with it; `4.1` and `4 matrices` are not.
        tail = r"(?=\s*[.:)]?\s*(?:$|[^\W\d_a-z]|[-*_\u2013\u2014]))(?!\s?\.\s?\d)"
    return re.compile(digits + tail)


def _inside(pattern: re.Pattern[str], text: str) -> bool:
    found = pattern.search(text)
    return found is not None and (
        found.start() == 0 or text[found.start() - 1] not in ".0123456789"
    )


def _short(line: str) -> str:
    """The start of a line, its indentation kept and every other run of spaces made one space."""
    words = line[:MAX_LABEL].split()
    if len(line) > MAX_LABEL:
        # What goes on is no heading in bold, however it is cut.
        words.append("…")
    indent = len(line) - len(line.lstrip())
    return " " * min(indent, MAX_INDENT + 1) + " ".join(words)


def _heading(lines: Sequence[str], number: int) -> str | None:
    """The text of a heading, None where the line is none."""
    line = lines[number]
    text = _marked_heading(line) or _strong_line(line.strip())
    if text is not None:
        return text.strip("*_ ")
    below = lines[number + 1] if number + 1 < len(lines) else ""
    return line.strip("*_ ") if _is_underline(below) and line.strip() else None


def _marked_heading(line: str) -> str | None:
    """The text of `## Heading ##`."""
    marked = line.lstrip(" ")
    text = marked.lstrip("#")
    level, indent = len(marked) - len(text), len(line) - len(marked)
    if not 1 <= level <= MAX_LEVEL or indent > MAX_INDENT or not text[:1].isspace():
        return None
    return text.strip().rstrip("#").strip()


def _strong_line(line: str) -> str | None:
    """The text of a line that is bold as a whole, such as `**1.1b**:`."""
    mark, end = line[:2], line[-1:]
    line = line[:-1] if end in {".", ":"} else line
    text = line[2:-2]
    if mark not in MARKS or not line.endswith(mark) or not text or text[0] in "*_":
        return None
    return text


def _is_underline(line: str) -> bool:
    """Whether a line makes a heading of the one above it."""
    line, indent = line.strip(), len(line) - len(line.lstrip(" "))
    return indent <= MAX_INDENT and (
        (line != "" and set(line) == {"="}) or (len(line) > 1 and set(line) == {"-"})
    )


def _hidden_lines(text: str, *, formulas: bool) -> set[int]:
    """Lines in code and inside formulas of several lines, where nothing is a label."""
    hidden: set[int] = set()
    fenced = False
    for number, line in enumerate(text.split("\n")):
        if line[: MAX_INDENT + len(FENCES[0])].lstrip().startswith(FENCES):
            fenced = not fenced
            hidden.add(number)
        elif fenced:
            hidden.add(number)
    first, position = 0, 0
    for formula in find_formulas(text) if formulas else ():
        first += text.count("\n", position, formula.start)
        position = formula.start
        hidden.update(range(first + 1, first + formula.source.count("\n") + 1))
    return hidden
