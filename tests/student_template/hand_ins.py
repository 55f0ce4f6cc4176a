"""The definitions of both forms of a hand-in that this project wrote itself, executed here."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

from student_template.build import ROOT, SOURCE
from student_template.cells import Form, Kind, parse
from student_template.imports import split_imports
from student_template.render import hoist_imports, of_form
from student_template.solutions import Solutions
from student_template.solve import solve

FOLDERS = ("student_template", "reference")


@cache
def definitions(folder: str, form: Form) -> str:
    """The source of a hand-in without its experiments.

    Args:
        folder: `student_template` for the template, `reference` for the solved one.
        form: of the hand-in; `test_build` shows that the files hold these very cells.
    """
    cells = of_form(parse((ROOT / SOURCE).read_text(encoding="utf-8"), SOURCE), form)
    if folder == "reference":
        cells = solve(cells, Solutions(ROOT / folder))
    code = [
        cell.text for cell in hoist_imports(cells) if cell.kind is Kind.CODE and not cell.experiment
    ]
    return "\n\n\n".join(code)


@cache
def namespace(folder: str, form: Form) -> dict[str, Any]:
    """What a hand-in defines."""
    scope: dict[str, Any] = {"__name__": f"{folder}_{form}"}
    exec(compile(definitions(folder, form), f"{folder}/{form}", "exec"), scope)
    return scope


def defined(folder: str, form: Form) -> set[str]:
    """Names of functions and classes and of the classes' methods, imports left out."""
    names: set[str] = set()
    for node in ast.parse(split_imports(definitions(folder, form))[1]).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names.update(part.name for part in node.body if isinstance(part, ast.FunctionDef))
    return names


def path(folder: str, form: Form) -> Path:
    """The file of a hand-in."""
    return ROOT / folder / ("ps1.ipynb" if form is Form.NOTEBOOK else "ps1.py")
