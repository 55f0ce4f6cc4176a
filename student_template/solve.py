"""Puts the reference's functions and answers where the assignment leaves room for a student's."""

import ast
import textwrap
from collections.abc import Iterable
from dataclasses import replace

from student_template.cells import Cell, Kind, Role, SourceError, is_stub
from student_template.imports import Import, write_imports
from student_template.solutions import Definition, Solutions, bound_names


def solve(cells: Iterable[Cell], solutions: Solutions) -> list[Cell]:
    """The cells of one form with stubs and placeholders replaced.

    A stub function or class becomes the reference's definition of that name, after the helpers that
    it uses. A stub method of a class that the reference lacks gets the body of the reference's
    function of that name. Imports come first in their cells.

    Raises:
        SourceError: the reference lacks an answer or a function, or two things have one name.
    """
    cells = list(cells)
    filler = _Filler(solutions)
    for cell in cells:
        if cell.kind is Kind.CODE and cell.role is Role.GIVEN and not cell.experiment:
            filler.keep(cell)
    solved: list[Cell] = []
    for cell in cells:
        if cell.role is not Role.ANSWER:
            solved.append(cell)
        elif cell.kind is Kind.CODE:
            solved.append(filler.fill(cell))
        else:
            solved.extend(solutions.answer(cell.item))
    return solved


class _Filler:
    def __init__(self, solutions: Solutions) -> None:
        self._solutions = solutions
        self._present: dict[str, str] = {}
        """Name -> text of what the hand-in defines so far."""

    def keep(self, cell: Cell) -> None:
        """Note the names that a given cell defines."""
        for node in ast.parse(cell.text).body:
            for name in bound_names(node):
                self._present[name] = ast.unparse(node)

    def fill(self, cell: Cell) -> Cell:
        """A code cell with its stubs replaced."""
        lines = cell.text.splitlines()
        imports: set[Import] = set()
        # From the last line to the first, so that line numbers before a replacement stay right.
        for node in reversed(ast.parse(cell.text).body):
            if not (isinstance(node, ast.FunctionDef | ast.ClassDef) and is_stub(node)):
                continue
            start, end = node.lineno - 1, node.end_lineno
            found = self._solutions.find(node.name)
            if found is not None:
                lines[start:end] = ["\n\n\n".join([*self._helpers(found, imports), found.text])]
            elif isinstance(node, ast.ClassDef):
                lines[start:end] = [self._with_methods("\n".join(lines[start:end]), imports)]
            else:
                raise SourceError(f"reference: {node.name} must be defined, got nothing so named")
        text = "\n".join(lines)
        return replace(cell, text=f"{write_imports(imports)}\n\n\n{text}" if imports else text)

    def _with_methods(self, text: str, imports: set[Import]) -> str:
        """A class whose stub methods have the bodies of the reference's functions."""
        lines = text.splitlines()
        (node,) = (part for part in ast.parse(text).body if isinstance(part, ast.ClassDef))
        helpers: list[str] = []
        for method in reversed(node.body):
            if not (isinstance(method, ast.FunctionDef) and is_stub(method)):
                continue
            found = self._solutions.find(method.name)
            if found is None:
                raise SourceError(
                    f"reference: {node.name} or {method.name} must be defined, got neither"
                )
            own = {argument.arg for argument in method.args.args}
            bound = [f"{name} = self.{name}" for name in found.arguments if name not in own]
            body = "\n".join([*bound, textwrap.dedent(found.body)])
            stub = method.body[-1]
            indented = textwrap.indent(body, " " * stub.col_offset)
            lines[stub.lineno - 1 : stub.end_lineno] = [indented]
            helpers += self._helpers(found, imports)
        return "\n\n\n".join([*helpers, "\n".join(lines)])

    def _helpers(self, root: Definition, imports: set[Import]) -> list[str]:
        """Texts of what `root` uses and the hand-in lacks; notes that it has them, and `root`."""
        needed, imported = self._solutions.needed(root)
        imports |= imported
        texts = []
        for one in needed:
            if self._present.get(one.name, one.text) != one.text:
                raise SourceError(f"reference: {one.name} must have one meaning, got two")
            if one.name not in self._present and one is not root:
                texts.append(one.text)
            self._present[one.name] = one.text
        return texts
