"""The reference's functions and answers, read as text, never executed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from student_template.cells import Cell, Role, SourceError, parse
from student_template.imports import Import, read_imports

ANSWERS = "answers.md"
GENERATED = {"given.py", "ps1.py"}
GIVEN = "reference.given"
"""What the assignment gives, for the reference's modules to import; every hand-in has it anyway."""


@dataclass(frozen=True)
class Definition:
    """A function, class or constant of one of the reference's modules."""

    module: str
    name: str
    node: ast.stmt
    text: str
    """With the comments above it and, for a constant, the docstring below it."""
    body: str
    """What stands below the signature and the docstring, as it is indented there."""

    @property
    def uses(self) -> set[str]:
        """Every name in it."""
        return {part.id for part in ast.walk(self.node) if isinstance(part, ast.Name)}

    @property
    def arguments(self) -> list[str]:
        """Names of a function's arguments; none of anything else."""
        if not isinstance(self.node, ast.FunctionDef):
            return []
        return [argument.arg for argument in self.node.args.args]


class Solutions:
    """What the folder `reference` holds, by name.

    Args:
        folder: with the reference's modules and its answers.

    Raises:
        SourceError: the answers can't be understood.
    """

    def __init__(self, folder: Path) -> None:
        self._definitions: dict[str, dict[str, Definition]] = {}
        self._imports: dict[str, dict[str, Import]] = {}
        for path in sorted(folder.glob("*.py")):
            if path.name not in GENERATED:
                self._read(path)
        self._answers: dict[str, list[Cell]] = {}
        for cell in parse((folder / ANSWERS).read_text(encoding="utf-8"), ANSWERS):
            self._answers.setdefault(cell.item, []).append(cell)

    def _read(self, path: Path) -> None:
        source = path.read_text(encoding="utf-8")
        module = f"reference.{path.stem}"
        definitions = self._definitions.setdefault(module, {})
        imports = self._imports.setdefault(module, {})
        body = ast.parse(source).body
        for index, node in enumerate(body):
            imports |= {one.bound: one for one in read_imports(node)}
            for name in bound_names(node):
                text, below = _segment(source.splitlines(), body, index)
                definitions[name] = Definition(module, name, node, text, below)

    def answer(self, item: str) -> list[Cell]:
        """The cells that answer an item's written question.

        Raises:
            SourceError: there are none.
        """
        if item not in self._answers:
            raise SourceError(f"{ANSWERS}: {item} must have an answer, got none; add ### {item}")
        heading, *rest = self._answers[item]
        text = heading.text.partition("\n")[2].strip("\n")
        cells = [replace(heading, text=text), *rest] if text else rest
        return [replace(cell, role=Role.ANSWER) for cell in cells]

    def find(self, name: str) -> Definition | None:
        """What the reference calls `name`; None where it calls nothing so.

        Raises:
            SourceError: two of its modules do.
        """
        found = [module[name] for module in self._definitions.values() if name in module]
        if len(found) > 1:
            modules = " and ".join(one.module for one in found)
            raise SourceError(f"reference: {name} must be defined once, got it in {modules}")
        return found[0] if found else None

    def needed(self, root: Definition) -> tuple[list[Definition], set[Import]]:
        """`root` with all that it uses, in the order of their modules; and what these import."""
        found: dict[tuple[str, str], Definition] = {}
        imports: set[Import] = set()
        waiting = [root]
        while waiting:
            one = waiting.pop()
            if (one.module, one.name) in found:
                continue
            found[one.module, one.name] = one
            for name in one.uses:
                imported = self._imports[one.module].get(name)
                if name in self._definitions[one.module]:
                    waiting.append(self._definitions[one.module][name])
                elif imported and imported.module in self._definitions:
                    waiting.append(self._definitions[imported.module][imported.name])
                elif imported and imported.module != GIVEN:
                    imports.add(imported)
        everything = (one for names in self._definitions.values() for one in names.values())
        return [one for one in everything if (one.module, one.name) in found], imports


def bound_names(node: ast.stmt) -> Iterator[str]:
    """The names that a definition or an assignment binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass


def _segment(lines: list[str], body: list[ast.stmt], index: int) -> tuple[str, str]:
    """Text of a statement, and what stands below its signature and docstring."""
    node = body[index]
    first = node.lineno
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    end = _end(node)
    if isinstance(node, ast.FunctionDef):
        head = node.body[0]
        below = _end(head) if _is_text(head) else head.lineno - 1
        return "\n".join(lines[first - 1 : end]), "\n".join(lines[below:end])
    if not isinstance(node, ast.ClassDef) and _is_text(*body[index + 1 : index + 2]):
        end = _end(body[index + 1])
    return "\n".join(lines[first - 1 : end]), ""


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _is_text(node: ast.stmt | None = None) -> bool:
    """Whether a statement is a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
