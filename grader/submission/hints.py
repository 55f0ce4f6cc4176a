"""Say why an asked name is missing, and what looks like it; the name alone says what was asked."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from grader.submission.program import Program
from grader.submission.python import DEFINITIONS, FUNCTIONS
from grader.submission.statements import Statement

LIKELY = 0.6
"""A candidate must score this much to be named."""
SHORTEST_STEM = 3
MAX_SIGNATURE = 80
MAX_LINE = 500
"""Characters of a line that are looked at where it can't be parsed."""
MAX_BITS = 64
"""Of an integer that is written out as the default of a parameter."""
MAX_NAME = 80
"""Characters of a name that may be a misspelling of what was asked for."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class Candidate:
    """Something at the top level that may be what was asked for."""

    name: str
    statement: Statement
    kind: str
    """`class`, `function` or `value`."""
    parameters: tuple[str, ...]
    """Of a function, or of a class's constructor, without `self`."""
    required: int
    bases: tuple[str, ...]
    """Of a class, the last part of each base's name: `Module` of `nn.Module`."""

    @property
    def shown(self) -> str:
        """As in `SVDNet(net, r, device='cpu')`."""
        if self.kind == "value":
            return self.name
        text = f"{self.name}({', '.join(self.parameters)})"
        return text if len(text) <= MAX_SIGNATURE else f"{self.name}(…)"


def explain_missing(
    program: Program, asked: str, *, alias: str | None = None, known: Collection[str] = ()
) -> str:
    """What a student reads about a name that was not found.

    Args:
        program: The hand-in.
        asked: The name.
        alias: What was to be taken in its place.
        known: Names that are asked for themselves, and so are no candidates.
    """
    name = alias or asked
    missing = f"`{name}`, the alias of `{asked}`, not found" if alias else f"`{asked}` not found"
    plain = name.rpartition(".")[2]
    if where := _in_unused(program, plain):
        return where
    if where := _nested(program, plain):
        return f"{missing} at the top level; it is defined inside of {where}: move it out"
    if where := program.disabled.get(plain, ""):
        return f"{missing}; its definition {where}"
    if alike := _most_alike(program, asked, known):
        return (
            f"{missing}; `{alike.shown}` in {alike.statement.place} looks like it: rename it, or "
            f"grade with `--alias {asked}={alike.name}`"
        )
    if one := _unforeseeable(program):
        return (
            f"{missing}; `{one.effects.unforeseeable}` in {one.place} may define it, which can't "
            "be seen without running it: write the definition out"
        )
    return f"{missing}; define it at the top level, under this very name"


def _in_unused(program: Program, name: str) -> str:
    """Where a name stands in source that is never taken."""
    for one in reversed(program.unused):
        if any(_defines(line.strip().lstrip("\ufeff"), name) for line in one.source.split("\n")):
            return f"`{name}` is defined in {one.label}, {one.why}"
    return ""


def _defines(line: str, name: str) -> bool:
    """Whether a line that can't be parsed looks as if it defined `name`."""
    words = line[:MAX_LINE].replace("(", " ( ").replace(":", " : ").replace("=", " = ").split()
    match words:
        case ["async", "def", found, *_] | ["def" | "class", found, *_]:
            return found == name
        case [found, "=", other, *_]:
            return found == name and other != "="
    return False


def _nested(program: Program, name: str) -> str:
    """The function or class inside of which a name is defined, with its place."""
    for one in reversed(program.statements):
        if not isinstance(one.node, DEFINITIONS):
            continue
        for part in ast.walk(one.node):
            if isinstance(part, DEFINITIONS) and part.name == name:
                return f"`{one.node.name}` in {one.place}"
    return ""


def _unforeseeable(program: Program) -> Statement | None:
    return next((one for one in program.statements if one.effects.unforeseeable_now), None)


def _most_alike(program: Program, asked: str, known: Collection[str]) -> Candidate | None:
    scored = [
        (_likeness(asked, one), at, one)
        for at, one in enumerate(_candidates(program))
        if one.name != asked and one.name not in known and len(one.name) <= MAX_NAME
    ]
    score, _, best = max(scored, default=(0.0, 0, None), key=lambda row: row[:2])
    return best if score >= LIKELY else None


def _candidates(program: Program) -> Iterator[Candidate]:
    for one in program.statements:
        match one.node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield _function(one.node.name, "function", one, one.node)
            case ast.ClassDef(name=name, body=body):
                made = next(
                    (p for p in body if isinstance(p, ast.FunctionDef) and p.name == "__init__"),
                    None,
                )
                bases = tuple(_last_name(base) for base in one.node.bases)
                yield _function(name, "class", one, made, bases)
                for part in body:
                    if isinstance(part, FUNCTIONS) and not part.name.startswith("__"):
                        yield _function(f"{name}.{part.name}", "function", one, part)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                yield _function(name, "function", one, value)
            case ast.Assign(value=ast.Call() | ast.Name() | ast.Attribute() | ast.Tuple()):
                for name in one.names:
                    yield Candidate(name, one, "value", (), 0, ())


def _function(
    name: str,
    kind: str,
    statement: Statement,
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None,
    bases: tuple[str, ...] = (),
) -> Candidate:
    if node is None:
        return Candidate(name, statement, kind, (), 0, bases)
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    shown: list[str] = []
    first_default = len(plain) - len(arguments.defaults)
    for at, one in enumerate(plain):
        default = arguments.defaults[at - first_default] if at >= first_default else None
        shown.append(one.arg + _default(default))
    required = first_default
    if plain and plain[0].arg == "self":
        shown.pop(0)
        required = max(required - 1, 0)
    if arguments.vararg:
        shown.append(f"*{arguments.vararg.arg}")
    for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        shown.append(one.arg + _default(value))
    if arguments.kwarg:
        shown.append(f"**{arguments.kwarg.arg}")
    return Candidate(name, statement, kind, tuple(shown), required, bases)


def _last_name(node: ast.expr) -> str:
    # No `ast.unparse`: it recurses, and an expression of a submission may be nested deep.
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _default(value: ast.expr | None) -> str:
    match value:
        case None:
            return ""
        # Python refuses to write out an integer of thousands of digits.
        case ast.Constant(value=int(number)) if number.bit_length() > MAX_BITS:
            return "=…"
        case ast.Constant(value=constant):
            return f"={constant!r:.20}"
    return "=…"


def _likeness(asked: str, one: Candidate) -> float:
    """From 0 to 1 and beyond: likeness of the names, and of the kinds of things they name."""
    own = one.name.rpartition(".")[2]
    plain, other = _plain(asked), _plain(own)
    if plain == other:
        return 2.0 + (one.kind != "value")
    names = SequenceMatcher(a=plain, b=other, autojunk=False).ratio()
    words = _shared_words(_words(asked), _words(own))
    score = max(names if names > LIKELY else 0.0, words)
    is_class = asked[:1].isupper() and "_" not in asked
    if is_class != (one.kind == "class"):
        return score - (0.3 if one.kind == "value" else 0.5)
    if is_class and score:
        # A network that is made of another takes it, and something more.
        score += 0.3 * (one.required > 1) + 0.1 * any(base.endswith("Module") for base in one.bases)
    return score


def _shared_words(asked: Sequence[str], own: Sequence[str]) -> float:
    """The share of words that two names have in common; `grad` is `gradient`."""
    left = list(own)
    shared = 0
    for word in asked:
        match = next((other for other in left if _same_word(word, other)), None)
        if match is not None:
            left.remove(match)
            shared += 1
    return 2 * shared / max(len(asked) + len(own), 1)


def _same_word(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= SHORTEST_STEM and long.startswith(short))


def _words(name: str) -> list[str]:
    return [word.lower() for word in WORD.findall(name)]


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()
