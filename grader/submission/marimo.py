"""A marimo notebook is a module; its cells are the bodies of decorated functions.

    @app.cell
    def _(np):
        def grad_U(U): ...
        return (grad_U,)

Parameters are the names that a cell uses of others, and it returns those that others may use. The
order in the file means nothing: a cell runs after those whose names it uses. Nothing of marimo
itself is needed. Source: the file format that marimo 0.10 and later write.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from grader.submission.expressions import path_of
from grader.submission.python import BrokenSourceError, parse
from grader.submission.source import first_line

APP = "App"


@dataclass(frozen=True)
class MarimoCell:
    """One cell."""

    nodes: Sequence[ast.stmt]
    needs: frozenset[str] = frozenset()
    """Names that other cells must bind before."""
    gives: frozenset[str] = frozenset()
    """Names that it binds for others."""


@dataclass(frozen=True)
class Unparsable:
    """A cell that marimo could not parse and has stored as a string."""

    line: int
    """In the module, from 1."""
    source: str


def read_marimo(
    nodes: Sequence[ast.stmt], lines: list[str]
) -> tuple[list[MarimoCell], list[Unparsable]] | None:
    """The cells in an order in which they can run; None where the module is no marimo notebook.

    Args:
        nodes: The statements of the module.
        lines: Its lines; those within cells lose their indentation, in place.
    """
    app = _app(nodes)
    if not app:
        return None
    setup, cells, unparsable = list[MarimoCell](), list[MarimoCell](), list[Unparsable]()
    for node in nodes:
        match node:
            case ast.With(items=[ast.withitem(context_expr=context)]) if _is(context, app, "setup"):
                setup.append(MarimoCell(_body(node, lines)))
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _marks(node, app, "cell"):
                cells.append(_cell(node, lines))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if _marks(
                node, app, "function", "class_definition"
            ):
                setup.append(MarimoCell([_undecorated(node, app)]))
            case ast.Expr(
                value=ast.Call(func=func, args=[ast.Constant(value=str(source)), *_])
            ) if _is(func, app, "_unparsable_cell"):
                unparsable.append(Unparsable(node.lineno, source))
            case _:
                # Nothing needs `import marimo` and the app itself.
                setup.append(MarimoCell([node]))
    return [*setup, *_in_order(cells)], unparsable


def _app(nodes: Sequence[ast.stmt]) -> str:
    """The name of the app; empty where there is none."""
    names = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "marimo"
    }
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=app)], value=ast.Call(func=func)):
                if path_of(func)[1:] == (APP,) and path_of(func)[0] in names:
                    return app
    return ""


def _is(node: ast.expr, app: str, *kinds: str) -> bool:
    """Whether it is `app.KIND`, or a call of that."""
    path = path_of(node.func if isinstance(node, ast.Call) else node)
    return len(path) == 2 and path[0] == app and path[1] in kinds  # noqa: PLR2004


def _marks(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, app: str, *kinds: str
) -> bool:
    return any(_is(decorator, app, *kinds) for decorator in node.decorator_list)


def _undecorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, app: str) -> ast.stmt:
    """A definition that is a cell of its own, without what marks it."""
    node.decorator_list = [
        one for one in node.decorator_list if not _is(one, app, "function", "class_definition")
    ]
    return node


def _cell(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> MarimoCell:
    needs = frozenset(argument.arg for argument in node.args.args)
    gives = frozenset[str]()
    body = _body(node, lines)
    match body:
        case [*_, ast.Return(value=value)]:
            body = body[:-1]
            elements = value.elts if isinstance(value, ast.Tuple) else [value]
            gives = frozenset(one.id for one in elements if isinstance(one, ast.Name))
    return MarimoCell(body, needs, gives)


def _body(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.With, lines: list[str]
) -> list[ast.stmt]:
    """The statements of a body, as they are at the left margin."""
    first, last = node.body[0], node.body[-1]
    start, end = first_line(lines, first) - 1, last.end_lineno or last.lineno
    within = set(_lines_within_strings(node))
    text = [
        line if at in within else _dedented(line, first.col_offset)
        for at, line in enumerate(lines[start:end], start + 1)
    ]
    try:
        body = parse("\n".join(text))
    except BrokenSourceError:
        # Only by hand can a body stand in the line of its `def`.
        return []
    lines[start:end] = text
    for part in body:
        ast.increment_lineno(part, start)
    return body


def _dedented(line: str, indent: int) -> str:
    return line[indent:] if not line[:indent].strip() else line.lstrip()


def _lines_within_strings(node: ast.AST) -> Iterator[int]:
    """Lines that begin inside a string, whose indentation is text."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (ast.Constant, ast.JoinedStr)):
            # All parts of an f-string may have the place of the whole.
            yield from range(part.lineno + 1, (part.end_lineno or part.lineno) + 1)
        else:
            waiting.extend(ast.iter_child_nodes(part))


def _in_order(cells: Sequence[MarimoCell]) -> Sequence[MarimoCell]:
    givers: Mapping[str, int] = {name: at for at, cell in enumerate(cells) for name in cell.gives}
    graph = {
        at: {givers[name] for name in cell.needs if name in givers} - {at}
        for at, cell in enumerate(cells)
    }
    sorter = TopologicalSorter(graph)
    # Cells that need each other are not run by marimo; they come last.
    with suppress(CycleError):
        sorter.prepare()
    order: list[int] = []
    while ready := sorter.get_ready():
        order += ready
        sorter.done(*ready)
    return [cells[at] for at in dict.fromkeys([*order, *range(len(cells))])]
