"""LaTeX as tokens, with macros expanded: the first step of showing a formula.

Formulas come from strangers, so every step has a bound: on characters, tokens, expansions, depth.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MAX_FORMULA = 8000
"""Characters of one formula, and tokens of it after its macros are expanded."""
MAX_EXPANSIONS = 500
"""Macro calls in one formula."""
MAX_MACROS = 300
"""Macros that one notebook may define."""
MAX_MACRO_BODY = 500
"""Tokens of one macro's body."""

WORD = re.compile(r"\\[A-Za-z]+|\\.|\\|%[^\n]*|\s+|\d+(?:\.\d+)?|.", re.DOTALL)
DEFINITIONS = frozenset(
    {r"\newcommand", r"\renewcommand", r"\providecommand", r"\def", r"\DeclareMathOperator"}
)

Tokens = list[str]


class UnconvertibleError(ValueError):
    """The formula can't be shown as one; the text says why."""


@dataclass(frozen=True)
class Macro:
    """What a command of the notebook's own stands for."""

    arguments: int
    body: tuple[str, ...]
    default: tuple[str, ...] | None = None
    """Of the first argument, where it may be left out."""


Macros = Mapping[str, Macro]


def tokenize(source: str) -> Tokens:
    r"""The tokens of a formula: `\name`, `\,`, numbers, single characters, one space for many.

    Raises:
        UnconvertibleError: it is longer than any real formula.
    """
    if len(source) > MAX_FORMULA:
        raise UnconvertibleError(f"longer than {MAX_FORMULA} characters")
    tokens: Tokens = []
    for word in WORD.findall(source):
        if word[0] == "\\" and word[1:].isspace():
            tokens.append("\\ ")
        elif word[0] != "%":
            tokens.append(" " if word.isspace() else word)
    return tokens


def expand(source: str, macros: Macros) -> tuple[Tokens, dict[str, Macro]]:
    """The formula's tokens with its macros expanded, and the macros that it defines itself.

    Args:
        source: One formula.
        macros: Defined before it in the notebook.

    Raises:
        UnconvertibleError: it grows without end, or a macro lacks an argument.
    """
    defined: dict[str, Macro] = {}
    waiting = tokenize(source)[::-1]
    done: Tokens = []
    expansions = 0
    while waiting:
        word = waiting.pop()
        if word in DEFINITIONS:
            name, macro = _definition(word, waiting)
            if len(defined) < MAX_MACROS and len(macro.body) <= MAX_MACRO_BODY:
                defined[name] = macro
            continue
        found = defined.get(word) or macros.get(word)
        if found is None:
            done.append(word)
        else:
            expansions += 1
            waiting.extend(reversed(_call(word, found, waiting)))
        if expansions > MAX_EXPANSIONS or len(done) + len(waiting) > MAX_FORMULA:
            raise UnconvertibleError("its macros expand without end")
    return done, defined


def definitions(formulas: Iterable[str]) -> dict[str, Macro]:
    """Every macro that the formulas of a notebook define; a later definition wins."""
    found: dict[str, Macro] = {}
    for formula in formulas:
        if not any(name in formula for name in DEFINITIONS):
            continue
        try:
            found |= expand(formula, found)[1]
        except UnconvertibleError:
            continue
        if len(found) > MAX_MACROS:
            break
    return found


def _definition(kind: str, waiting: Tokens) -> tuple[str, Macro]:
    starred = take(waiting, "*")
    name = "".join(argument(waiting)).strip()
    count, default = 0, None
    if kind == r"\def":
        body_follows = [word for word in _until(waiting, "{") if word != " "]
        count = body_follows.count("#")
        waiting.append("{")
    elif take(waiting, "["):
        told = "".join(_until(waiting, "]")).strip()
        count = int(told) if told.isdecimal() and len(told) == 1 else 0
        if take(waiting, "["):
            default = tuple(_until(waiting, "]"))
    body = tuple(argument(waiting))
    if kind == r"\DeclareMathOperator":
        body = (r"\operatorname", *("*" * starred), "{", *body, "}")
    if not name.startswith("\\"):
        raise UnconvertibleError(f"{kind} must name a command, got {name[:40]!r}")
    return name, Macro(count, body, default)


def _call(name: str, macro: Macro, waiting: Tokens) -> Tokens:
    given: list[Sequence[str]] = []
    if macro.default is not None and macro.arguments:
        given.append(_until(waiting, "]") if take(waiting, "[") else macro.default)
    while len(given) < macro.arguments:
        if not waiting:
            raise UnconvertibleError(f"{name} lacks an argument")
        given.append(argument(waiting))
    out: Tokens = []
    body = iter(macro.body)
    for word in body:
        if word != "#":
            out.append(word)
            continue
        number = next(body, "")
        if not number.isdecimal() or not 1 <= int(number[0]) <= len(given):
            raise UnconvertibleError(f"{name} uses an argument that it does not take")
        out.extend(given[int(number[0]) - 1])
        # `#12` is the first argument and a 2: the tokens of numbers are greedy.
        out.extend([number[1:]] if number[1:] else [])
        if len(out) > MAX_FORMULA:
            raise UnconvertibleError("its macros expand without end")
    return out


def argument(waiting: Tokens) -> Tokens:
    """Take one argument off `waiting` (which is reversed): a group without its braces, or a word.

    Raises:
        UnconvertibleError: a brace is not closed, or nothing is there.
    """
    while waiting and waiting[-1] == " ":
        waiting.pop()
    if not waiting:
        raise UnconvertibleError("an argument is missing")
    word = waiting.pop()
    if word == "}":
        raise UnconvertibleError("a brace is closed that was not opened")
    if word != "{":
        if len(word) > 1 and word[0].isdecimal():
            # TeX takes a single digit.
            waiting.append(word[1:])
            return [word[0]]
        return [word]
    return _until(waiting, "}")


def _until(waiting: Tokens, stop: str) -> Tokens:
    """Take tokens off `waiting` up to `stop` outside of braces; `stop` is taken too."""
    taken: Tokens = []
    depth = 0
    while waiting:
        word = waiting.pop()
        if word == stop and depth == 0:
            return taken
        depth += (word == "{") - (word == "}")
        if depth < 0:
            break
        taken.append(word)
    raise UnconvertibleError(f"{stop!r} is missing")


def take(waiting: Tokens, wanted: str) -> bool:
    """Whether the next word is `wanted`; then it is taken off `waiting`."""
    while waiting and waiting[-1] == " ":
        waiting.pop()
    if waiting and waiting[-1] == wanted:
        waiting.pop()
        return True
    return False
