r"""From the LaTeX that people write in notebooks to the part of it that latex2mathml converts.

MathJax, which showed the formula to its author, knows more: `gather*`, `aligned`, `\\` with no
environment around it, `\operatorname*`, `$` inside `\text`. All of that is said here in the
converter's words. Texts and names travel as marks, single characters of a private area of Unicode,
so that the converter never parses them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grader.review.tex import Tokens, UnconvertibleError, argument, take
from grader.review.texwords import (
    ALIGNED,
    BIG,
    COLOUR,
    DELIMITERS,
    DROPPED,
    GATHERED,
    GROUPS,
    LENGTH,
    MATRICES,
    NAME,
    NEGATED,
    NEWLINES,
    NOTHING,
    REFUSED,
    SAME,
    TEXTS,
    UNIT,
    UNSEEN,
    WORDS,
)

MAX_DEPTH = 40
"""Of groups and environments in each other."""
FIRST_MARK = 0xF0000
"""Code point of the first mark."""
DISPLAY = r"\displaystyle "

Rows = list[list[str]]


@dataclass
class Mark:
    """Words, a name or a delimiter that a mark in the formula stands for."""

    text: str
    kind: str = "text"
    """`text`, `name` (of a function) or `delimiter`."""
    style: str = ""
    """Of a text: `bold`, `italic`, `mono`; of a delimiter: its size."""
    limits: bool = False
    """Whether scripts of a name stand below and above it."""


@dataclass(frozen=True)
class Translated:
    """A formula in the converter's words."""

    latex: str
    marks: tuple[Mark, ...]


def translate(tokens: Tokens) -> Translated:
    """The formula in the converter's words.

    Args:
        tokens: With macros expanded.

    Raises:
        UnconvertibleError: a brace or environment is not closed, or a command is not supported.
    """
    writer = _Writer(tokens)
    latex = writer.formula()
    return Translated(latex, tuple(writer.marks))


class _Writer:
    """Recursive descent over the words of a formula."""

    def __init__(self, tokens: Tokens) -> None:
        self._waiting = tokens[::-1]
        self._depth = 0
        self._newest: Mark | None = None
        """The name just written: `\\limits` may follow it."""
        self.marks: list[Mark] = []
        self._special: Mapping[str, Callable[[str], str]] = {
            "{": self._braced,
            r"\begin": self._environment,
            r"\operatorname": self._operator,
            r"\operatornamewithlimits": self._operator,
            r"\mathop": self._operator,
            r"\limits": self._limits,
            r"\nolimits": self._limits,
            r"\tag": self._reference,
            r"\ref": self._reference,
            r"\eqref": self._reference,
            r"\color": self._coloured,
            r"\textcolor": self._coloured,
            r"\hspace": self._space,
            r"\substack": self._stacked,
            r"\not": self._negated,
            r"\left": self._fence,
            r"\right": self._fence,
            r"\middle": self._fence,
        }

    def formula(self) -> str:
        """The whole formula, in rows where it has some."""
        return _joined(self._rows(""))

    def _rows(self, stop: str, *, rules: bool = False) -> Rows:
        """Rows of cells up to `stop`: `}`, the name of an environment, or the end."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnconvertibleError("groups stand in each other too deeply")
        rows = [[""]]
        while not self._ends(stop):
            word = SAME.get(self._waiting[-1], self._waiting[-1])
            self._waiting.pop()
            if word == "&":
                rows[-1].append("")
            elif word in NEWLINES:
                self._skip_length()
                rows.append([""])
            elif word == r"\intertext":
                rows += [[self._words("")], [""]]
            elif rules and word in {r"\hline", r"\hdashline"}:
                rows[-1][0] = f"{word} {rows[-1][0]}"
            else:
                rows[-1][-1] += self._one(word)
        self._depth -= 1
        if len(rows) > 1 and not "".join(rows[-1]).strip():
            rows.pop()
        return rows

    def _ends(self, stop: str) -> bool:
        """Whether `stop` comes next; it is taken."""
        if not self._waiting:
            if stop:
                raise UnconvertibleError(f"{stop!r} is not closed")
            return True
        if take_brace := self._waiting[-1] == "}":
            self._waiting.pop()
            if stop != "}":
                raise UnconvertibleError("a brace is closed that was not opened")
        elif self._waiting[-1] == r"\end":
            self._waiting.pop()
            name = self._plain()
            if name != stop:
                raise UnconvertibleError(f"environment {name[:40]!r} ends where none is open")
            return True
        return take_brace

    def _one(self, word: str) -> str:
        """One word with its arguments."""
        special = self._special.get(word)
        if word == " ":
            return ""
        if word not in {r"\limits", r"\nolimits"}:
            self._newest = None
        if special is not None:
            return special(word)
        if word in TEXTS:
            return self._words(TEXTS[word])
        if word in NOTHING or word in DROPPED:
            take(self._waiting, "*")
            for _ in range(DROPPED.get(word, 0)):
                argument(self._waiting)
            return ""
        if word in GROUPS:
            self._skip_option()
            return self._group()
        if word in REFUSED:
            raise UnconvertibleError(f"{word} is not supported")
        return self._plain_word(word)

    def _plain_word(self, word: str) -> str:
        size = BIG.fullmatch(word)
        if size is not None:
            return self._mark(Mark(DELIMITERS[self._delimiter(word)], "delimiter", size["size"]))
        if word[0].isdigit() and UNIT.match("".join(self._waiting[-1:-3:-1])):
            # `2mm` is a product here, and a length to the converter.
            return "{" + word + "}"
        return word + " " if word[0] == "\\" and word[-1].isalpha() else word

    def _environment(self, _: str) -> str:
        name = self._plain()
        bare = name.removesuffix("*")
        if name == "array":
            columns = self._columns()
            return _table("array", self._rows(name, rules=True), columns)
        if name in {"alignat", "alignat*", "alignedat"}:
            argument(self._waiting)
        self._skip_option()
        rows = self._rows(name)
        if name in ALIGNED:
            return _table("split", rows)
        if name in GATHERED:
            return _joined(rows)
        if bare in MATRICES:
            return _table(bare, rows)
        special = {
            "eqnarray": lambda: _table("array", rows, "rcl", DISPLAY),
            "dcases": lambda: _table("cases", rows, style=DISPLAY),
            "rcases": lambda: _fenced(".", _table("array", rows, "ll"), r"\}"),
            "drcases": lambda: _fenced(".", _table("array", rows, "ll", DISPLAY), r"\}"),
            "psmallmatrix": lambda: _fenced("(", _table("smallmatrix", rows), ")"),
            "bsmallmatrix": lambda: _fenced("[", _table("smallmatrix", rows), "]"),
        }
        if bare not in special:
            raise UnconvertibleError(f"{name[:40]!r} is no environment of formulas")
        return special[bare]()

    def _columns(self) -> str:
        """The alignment of an array: `l`, `c`, `r`, with `|` between two of them alone."""
        self._skip_option()
        told = re.sub(r"[@!>p<m]\{[^{}]*\}", "", "".join(argument(self._waiting)))
        told = re.sub(
            r"\*\{?([1-9])\}?\{?([lcr|]{1,9})\}?", lambda found: found[2] * int(found[1]), told
        )
        kept = re.sub(r"\|+", "|", "".join(letter for letter in told if letter in "lcr|"))
        return kept.strip("|")[:60] or "c"

    def _words(self, style: str) -> str:
        """Words, and formulas between dollars in them."""
        parts: list[str] = []
        words: Tokens = []
        formula: Tokens | None = None
        for word in argument(self._waiting):
            if word != "$":
                (words if formula is None else formula).append(word)
            elif formula is None:
                parts.append(self._mark(Mark(_plain_text(words), style=style)))
                words, formula = [], []
            else:
                parts.append(self._again(formula))
                formula = None
        if words:
            parts.append(self._mark(Mark(_plain_text(words), style=style)))
        return "{" + "".join(parts) + "}"

    def _operator(self, command: str) -> str:
        limits = take(self._waiting, "*") or command != r"\operatorname"
        tokens = argument(self._waiting)
        plain = _plain_text(tokens).strip()
        if not NAME.fullmatch(plain):
            return self._again(tokens)
        mark = Mark(plain, "name", limits=limits)
        written = self._mark(mark)
        self._newest = mark
        return written

    def _limits(self, command: str) -> str:
        if self._newest is None:
            return command
        self._newest.limits = command == r"\limits"
        return ""

    def _reference(self, command: str) -> str:
        bare = take(self._waiting, "*") or command == r"\ref"
        text = _plain_text(argument(self._waiting))
        space = r"\qquad " if command == r"\tag" else ""
        return space + self._mark(Mark(text if bare else f"({text})"))

    def _coloured(self, command: str) -> str:
        colour = _plain_text(argument(self._waiting)).strip()
        known = COLOUR.fullmatch(colour)
        if command == r"\textcolor" or (self._waiting and self._waiting[-1] == "{"):
            inside = self._group()
            return rf"{{\color{{{colour}}} {inside}}}" if known else inside
        return rf"\color{{{colour}}} " if known else ""

    def _space(self, _: str) -> str:
        take(self._waiting, "*")
        argument(self._waiting)
        return r"\quad "

    def _stacked(self, _: str) -> str:
        self._waiting.extend(["}", *reversed(argument(self._waiting))])
        rows = self._rows("}")
        return r"\substack{" + r" \\ ".join("".join(row) for row in rows) + "}"

    def _negated(self, _: str) -> str:
        tokens = argument(self._waiting)
        if len(tokens) == 1 and tokens[0] in NEGATED:
            return NEGATED[tokens[0]] + " "
        return r"\not " + "".join(map(self._plain_word, tokens))

    def _fence(self, command: str) -> str:
        word = self._delimiter(command)
        word = {"<": r"\langle", ">": r"\rangle"}.get(word, word)
        return f"{command}{word} "

    def _delimiter(self, command: str) -> str:
        tokens = argument(self._waiting)
        if len(tokens) != 1 or tokens[0] not in DELIMITERS:
            raise UnconvertibleError(f"{command} must be followed by a delimiter")
        return tokens[0]

    def _braced(self, _: str) -> str:
        return "{" + _joined(self._rows("}")) + "}"

    def _group(self) -> str:
        """The next argument, in braces."""
        return self._again(argument(self._waiting))

    def _again(self, tokens: Tokens) -> str:
        """Tokens that were taken, as a group of their own."""
        self._waiting.extend(["}", *reversed(tokens)])
        return self._braced("{")

    def _mark(self, mark: Mark) -> str:
        self.marks.append(mark)
        return rf"\text{{{chr(FIRST_MARK + len(self.marks) - 1)}}}"

    def _plain(self) -> str:
        return "".join(argument(self._waiting)).replace(" ", "")

    def _skip_option(self) -> None:
        ahead = "".join(self._waiting[-1:-8:-1])
        if re.match(r" ?\[[a-z]{0,4}\]", ahead) and take(self._waiting, "["):
            self._skip_to_bracket()

    def _skip_length(self) -> None:
        if self._waiting and self._waiting[-1] == "*":
            self._waiting.pop()
        ahead = "".join(self._waiting[-1:-12:-1])
        if ahead.startswith("[") and LENGTH.fullmatch(ahead[1:].partition("]")[0].strip()):
            self._skip_to_bracket()

    def _skip_to_bracket(self) -> None:
        while self._waiting and self._waiting.pop() != "]":
            pass


def _joined(rows: Rows) -> str:
    """Rows as one formula: aligned where they have cells, one below the other where not."""
    if any(len(row) > 1 for row in rows):
        return _table("split", rows)
    if len(rows) == 1:
        return rows[0][0]
    return _table("array", rows, "c", DISPLAY)


def _table(name: str, rows: Rows, columns: str = "", style: str = "") -> str:
    told = f"{{{columns}}}" if columns else ""
    lines = r" \\ ".join(" & ".join(_cell(cell, style) for cell in row) for row in rows)
    return rf"\begin{{{name}}}{told}{lines}\end{{{name}}}"


def _cell(cell: str, style: str) -> str:
    """A cell in braces, so that a switch of font or style ends with it; rules stay outside."""
    rules = re.match(r"(?:\\h(?:dash)?line )*", cell)
    start = rules.end() if rules is not None else 0
    return cell[:start] + f"{{{style}{cell[start:].strip()}}}"


def _fenced(left: str, inside: str, right: str) -> str:
    return rf"\left{left} {inside} \right{right} "


def _plain_text(tokens: Tokens) -> str:
    return "".join(WORDS.get(word, word) for word in tokens if word not in UNSEEN)
