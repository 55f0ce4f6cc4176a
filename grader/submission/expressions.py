"""Read names off expressions, without recursion: a stranger's tree may be deep."""

import ast
from collections.abc import Iterator


def root_of(node: ast.AST) -> str:
    """The name at the beginning of `name.attribute[element]`, empty where it begins otherwise."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def path_of(node: ast.AST) -> tuple[str, ...]:
    """The parts of `name.attribute.attribute`, empty for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()


def parts_of(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions whose very objects an expression may give on, none of a call."""
    waiting = [node]
    while waiting:
        match waiting.pop():
            case ast.Tuple(elts=several) | ast.List(elts=several) | ast.Set(elts=several):
                waiting.extend(several)
            case ast.BoolOp(values=several) | ast.Dict(values=several):
                waiting.extend(several)
            case ast.IfExp(body=one, orelse=other):
                waiting.extend((one, other))
            case ast.NamedExpr(value=one) | ast.Starred(value=one):
                waiting.append(one)
            case part:
                yield part
