"""Make wrong solutions of right ones: one small mistake each, as people make them."""

import ast
import copy
from collections import deque
from collections.abc import Iterator

_SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_SHIFTED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_WRAPPERS = frozenset(
    {
        "abs",
        "clone",
        "conj",
        "conjugate",
        "copy",
        "detach",
        "flatten",
        "log_softmax",
        "relu",
        "sqrt",
    }
)
"""Functions and methods that are forgotten now and then: f(x, …) and x.f(…) become x."""
_LONGEST = 60
"""Characters of an expression in a mutant's name."""


def mutants_of(source: str) -> dict[str, str]:
    """Every mutant of `source` with one mistake.

    The mistakes: a sign, a lost term or factor, a transpose or conjugate left out or factors in the
    wrong order, an exchanged operation, a number or the end of a slice off by one, a comparison
    with or without equality, a function such as sqrt or relu forgotten, a result twice too large.
    Imports, defaults and text are left as they are.

    Returns:
        "what stood there -> what stands there now" -> source; of equal sources the first.

    Raises:
        SyntaxError: `source` is no Python.
    """
    tree = ast.parse(source)
    places = list(_places(tree))
    found: dict[str, str] = {}
    seen = {ast.unparse(tree)}
    for parent, name, index in places:
        held = getattr(parent, name)
        old = held[index] if isinstance(held, list) else held
        for new in _changes(old, parent):
            _put(parent, name, index, new)
            body = ast.unparse(ast.fix_missing_locations(tree))
            _put(parent, name, index, old)
            if body not in seen:
                seen.add(body)
                found[_unused(found, f"{_short(old)} -> {_short(new)}")] = body
    return found


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int]]:
    """Where expressions stand that are part of what is computed: parent, field, index in it."""
    waiting = deque([tree])
    while waiting:
        parent = waiting.popleft()
        for name, value in ast.iter_fields(parent):
            for index, node in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(node, ast.AST) or not _is_open(parent, name):
                    continue
                waiting.append(node)
                if isinstance(node, ast.expr):
                    yield parent, name, index


def _is_open(parent: ast.AST, name: str) -> bool:
    """Whether what stands there, and all in it, is part of what is computed."""
    return name not in {"decorator_list", "annotation", "returns", "bases"} and not isinstance(
        parent, ast.arguments | ast.arg | ast.JoinedStr | ast.FormattedValue
    )


def _put(parent: ast.AST, name: str, index: int, node: ast.expr) -> None:
    held = getattr(parent, name)
    if isinstance(held, list):
        held[index] = node
    else:
        setattr(parent, name, node)


def _changes(node: ast.expr, parent: ast.AST) -> Iterator[ast.expr]:
    if isinstance(parent, ast.Return) and isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call):
        yield ast.BinOp(ast.Constant(2), ast.Mult(), node)
    if isinstance(parent, ast.Slice) and node is parent.upper:
        yield ast.BinOp(node, ast.Add(), ast.Constant(1))
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))
        return
    match node:
        case ast.BinOp():
            yield from _operations(node)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Attribute(attr="T" | "mT" | "H", value=value):
            yield value
        case ast.Call():
            yield from _without(node)
        case ast.Constant():
            yield from _numbers(node)
        case ast.Compare(ops=[operator]) if type(operator) in _SHIFTED:
            changed = copy.copy(node)
            changed.ops = [_SHIFTED[type(operator)]()]
            yield changed


def _numbers(node: ast.Constant) -> Iterator[ast.expr]:
    match node.value:
        case bool():
            pass
        case int() as value:
            yield ast.Constant(value + 1)
            if value > 0:
                yield ast.Constant(value - 1)
        case float() as value:
            yield ast.Constant(2 * value if value else 1.0)


def _operations(node: ast.BinOp) -> Iterator[ast.expr]:
    kind = type(node.op)
    if kind in _SWAPPED:
        yield ast.BinOp(node.left, _SWAPPED[kind](), node.right)
        yield node.left
        if kind is not ast.Div:
            yield node.right
    if kind is ast.MatMult:
        yield ast.BinOp(node.right, ast.MatMult(), node.left)
    if kind is ast.Pow:
        yield node.left


def _without(call: ast.Call) -> Iterator[ast.expr]:
    """What the call is applied to, where it is one that is forgotten."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _WRAPPERS and call.args:
            yield call.args[0]
        case ast.Attribute(attr=name, value=value) if name in _WRAPPERS:
            yield value


def _short(node: ast.expr) -> str:
    text = ast.unparse(ast.fix_missing_locations(node)).replace("\n", " ")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _unused(found: dict[str, str], name: str) -> str:
    number, free = 1, name
    while free in found:
        number += 1
        free = f"{name} ({number})"
    return free
