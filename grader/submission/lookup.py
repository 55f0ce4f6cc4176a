"""Find where an asked name is defined: as a plain name, or as a method of a class."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from grader.submission.expressions import path_of
from grader.submission.program import Program
from grader.submission.python import FUNCTIONS
from grader.submission.statements import is_stub


@dataclass(frozen=True)
class Definition:
    """Where an asked name is to be had."""

    path: str
    """`grad_U`, or `Game.harry_answers`."""
    at: int
    """Number of the statement that last defined it."""
    whole: bool = True
    """It is more than a stub, and no function that waits to be made a method."""

    @property
    def root(self) -> str:
        """The top-level name behind which it lies."""
        return self.path.partition(".")[0]


def find_definition(program: Program, name: str, *, methods: bool) -> Definition | None:
    """The last definition of `name`; None where there is none.

    Args:
        program: The hand-in.
        name: What is asked for, or an alias of it; may be `Class.method`.
        methods: A method of a top-level class counts too. What does something goes before what is
            a stub; of the rest the later one counts.
    """
    if "." in name:
        owner, _, method = name.rpartition(".")
        found = [one for one in _methods(program, method) if one.path == f"{owner}.{method}"]
    else:
        found = [*_plain(program, name), *(_methods(program, name) if methods else ())]
    return max(found, key=lambda one: (one.whole, one.at), default=None)


def owner_of(program: Program, definition: Definition) -> str | None:
    """The class that a plain function with a `self` was written for.

    It is the last one before the function that has a method which the function uses of its `self`.
    """
    node = program.statements[definition.at].node
    if "." in definition.path or not _takes_self(node):
        return None
    used = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and path_of(part)[:1] == ("self",)
    }
    for one in reversed(program.statements[: definition.at]):
        if isinstance(one.node, ast.ClassDef) and any(
            isinstance(part, FUNCTIONS) and part.name in used for part in one.node.body
        ):
            return one.node.name
    return None


def _plain(program: Program, name: str) -> Iterator[Definition]:
    events = program.events(name)
    if not events:
        return
    node = program.statements[events[-1]].node
    whole = not is_stub(node) and not _takes_self(node)
    # `Net.forward = better` defines `Net` anew.
    stores = (at for at, one in enumerate(program.statements) if name in one.effects.stores)
    yield Definition(name, max([events[-1], *stores]), whole)


def _methods(program: Program, name: str) -> Iterator[Definition]:
    for at, one in enumerate(program.statements):
        match one.node:
            case ast.ClassDef(name=owner, body=body):
                for part in body:
                    if _defines(part, name):
                        yield Definition(f"{owner}.{name}", at, not is_stub(part))
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from _attached(program, at, path_of(target), name)
            case ast.Expr(
                value=ast.Call(
                    func=ast.Name(id="setattr"),
                    args=[ast.Name(id=owner), ast.Constant(value=str(attribute)), _],
                )
            ):
                yield from _attached(program, at, (owner, attribute), name)


def _attached(program: Program, at: int, path: tuple[str, ...], name: str) -> Iterator[Definition]:
    """`Game.harry_answers = answer`, where `Game` is a class."""
    match path:
        case (owner, attribute) if attribute == name:
            bindings = program.binding(owner, at)
            if bindings and isinstance(program.statements[bindings[0]].node, ast.ClassDef):
                yield Definition(f"{owner}.{name}", at)


def _defines(part: ast.stmt, name: str) -> bool:
    match part:
        case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found):
            return found == name
        case ast.Assign(targets=targets):
            return any(isinstance(one, ast.Name) and one.id == name for one in targets)
    return False


def _takes_self(node: ast.stmt) -> bool:
    if not isinstance(node, FUNCTIONS):
        return False
    first = [*node.args.posonlyargs, *node.args.args][:1]
    return bool(first) and first[0].arg == "self"
