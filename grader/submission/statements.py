"""A cell's top-level statements, each with its source, its place, its names and its effects."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.submission.effects import Effects, effects_of
from grader.submission.names import names_of
from grader.submission.python import BrokenSourceError
from grader.submission.source import first_line, segment, unwrapped

BLOCKS = (ast.If, ast.For, ast.While, ast.Try, ast.TryStar, ast.Match)
"""Statements of which a part may not run, so that a name that they bind may also stay as it was."""
FUTURE = "from __future__ import annotations"


@dataclass(frozen=True)
class Statement:
    """One top-level statement; an import of several names counts as several."""

    label: str
    cell: int
    """Number of the unit that is run at one go: a cell, or what stands between `# %%` marks."""
    first_line: int
    """From 1 within the cell or the module, as the worker counts the lines of `source`."""
    line: int
    """The line of the definition itself; decorators stand above it."""
    source: str
    node: ast.stmt
    effects: Effects
    binds: frozenset[str] = frozenset()
    """Names that are surely bound when it has run."""
    may_bind: frozenset[str] = frozenset()
    now: frozenset[str] = frozenset()
    """Names used while it runs."""
    later: frozenset[str] = frozenset()
    """Names used by functions that it defines."""
    rebinds: frozenset[str] = frozenset()
    """Names that calling such a function may bind anew."""
    touches: frozenset[str] = frozenset()
    """Names whose objects calling such a function may change."""
    deletes: frozenset[str] = frozenset()
    imported: Mapping[str, str] = field(default_factory=dict)
    """Names bound by an import -> the top-level package."""
    star: str = ""
    """Of `from MODULE import *`: the module."""

    @property
    def names(self) -> frozenset[str]:
        """All names that it may bind."""
        return self.binds | self.may_bind

    @property
    def place(self) -> str:
        """Where it stands, for people: `cell 5`, or `ps1.py, line 12`."""
        return self.label if self.label.startswith("cell ") else f"{self.label}, line {self.line}"

    @property
    def runs_functions(self) -> bool:
        """Functions that it defines may be called before it has ended."""
        if isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return bool(self.node.decorator_list)
        return self.effects.calls


@dataclass(frozen=True)
class Unused:
    """Source that is never taken, and why; an asked name may stand in it."""

    label: str
    source: str
    why: str
    """Completes `NAME is defined in cell 7, …`."""
    note: str = ""
    """Completes `cell 7 …` where a person should know of it in any case."""


def statements_of(
    nodes: Sequence[ast.stmt],
    lines: Sequence[str],
    label: str,
    cell: int,
    *,
    future: bool = False,
) -> Iterator[Statement | Unused]:
    """The statements of a parsed cell, in order.

    Args:
        nodes: What `parse` made of the cell, or some of it.
        lines: The whole cell's plain Python.
        label: `cell 12`, or the module's name.
        cell: Number of the unit.
        future: Annotations are not evaluated, by a future import in this cell or before.
    """
    for node in nodes:
        line = first_line(lines, node)
        for part, text in unwrapped(node, segment(lines, node)):
            if _is_guard(part):
                why = "below `if __name__ == ...`, which is not run; move it to the top level"
                yield Unused(label, text, why)
                continue
            lazy = future and _has_annotations(part)
            try:
                yield _statement(part, text, label, cell, line, lazy=lazy)
            except BrokenSourceError as exc:
                told = exc.told(line - 1 - lazy)
                yield Unused(label, text, f"which {told}; mend it", f"{told}; it is left out")


def has_future(nodes: Sequence[ast.stmt]) -> bool:
    """Whether annotations are not evaluated from here on."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in nodes
    )


def is_stub(node: ast.AST) -> bool:
    """Whether a function does nothing yet: a docstring, `pass`, `...` or NotImplementedError."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, functions) and all(map(_does_nothing, node.body))


def _does_nothing(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name)) | ast.Name(id=name)):
            return name == "NotImplementedError"
    return False


def _statement(
    node: ast.stmt, text: str, label: str, cell: int, line: int, *, lazy: bool
) -> Statement:
    # The future import goes into the line above, so that all lines stay what they are.
    source, start = (f"{FUTURE}\n{text}", max(line - 1, 1)) if lazy else (text, line)
    names = names_of(source, node)
    effects = effects_of(node)
    if effects.unrunnable:
        raise BrokenSourceError(f"has `{effects.unrunnable}` outside of a function", line=1 + lazy)
    deletes = frozenset[str]()
    if isinstance(node, ast.Delete):
        deletes = frozenset(part.id for part in node.targets if isinstance(part, ast.Name))
    binds = names.binds - deletes - ({"annotations"} if lazy else set())
    # `import a.b` adds b to an `a` that may be there already.
    adds = (
        isinstance(node, ast.Import)
        and node.names[0].asname is None
        and ("." in node.names[0].name)
    )
    weak = binds if adds or isinstance(node, BLOCKS) else binds & effects.walrus
    star = ""
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        star = node.module or "."
    return Statement(
        label=label,
        cell=cell,
        first_line=start,
        line=line + _lines_of_decorators(node, text),
        source=source,
        node=node,
        effects=effects,
        binds=binds - weak,
        may_bind=weak,
        now=names.now | effects.augmented | deletes,
        later=names.later,
        rebinds=names.rebinds,
        touches=names.later & effects.changes_later,
        deletes=deletes,
        imported=_imported(node),
        star=star,
    )


def _lines_of_decorators(node: ast.stmt, text: str) -> int:
    """How many lines of the source of a statement stand above the definition itself."""
    if not getattr(node, "decorator_list", None):
        return 0
    return text.count("\n") - (node.end_lineno or node.lineno) + node.lineno


def _imported(node: ast.stmt) -> dict[str, str]:
    found = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            for alias in part.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = top
        elif isinstance(part, ast.ImportFrom):
            top = (part.module or "").partition(".")[0]
            found.update({alias.asname or alias.name: top for alias in part.names})
    return found


def _is_guard(node: ast.stmt) -> bool:
    match node:
        case ast.If(test=ast.Compare(left=one, comparators=[other])):
            return any(
                isinstance(side, ast.Name) and side.id == "__name__" for side in (one, other)
            )
    return False


def _has_annotations(node: ast.stmt) -> bool:
    return any(
        isinstance(part, ast.AnnAssign)
        or getattr(part, "annotation", None) is not None
        or getattr(part, "returns", None) is not None
        for part in ast.walk(node)
    )
