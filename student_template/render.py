"""Cells as a notebook, and as a module in the percent format; same cells, same bytes."""

import ast
import json
import re
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from student_template.cells import HEADING, Cell, Form, Kind
from student_template.imports import Import, split_imports, write_imports

METADATA_KEY = "nla_grader"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
UNTYPED = 'mypy: disable-error-code="no-untyped-call"'
"""Tensor.backward has no types, and students need not read about that."""
MAIN = '''# %%
def main() -> None:
    """Train, measure and plot."""
{body}


if __name__ == "__main__":
    main()
'''


def of_form(cells: Iterable[Cell], form: Form) -> list[Cell]:
    """The cells that a form has."""
    return [cell for cell in cells if cell.form in {None, form}]


def hoist_imports(cells: Iterable[Cell]) -> list[Cell]:
    """The cells with all imports that they begin with in the first code cell, sorted."""
    imports: set[Import] = set()
    hoisted: list[Cell] = []
    for cell in cells:
        if cell.kind is Kind.CODE:
            found, text = split_imports(cell.text)
            imports.update(found)
            hoisted.append(replace(cell, text=text))
        else:
            hoisted.append(cell)
    for index, cell in enumerate(hoisted):
        if cell.kind is Kind.CODE:
            text = f"{write_imports(imports)}\n\n\n{cell.text}".strip("\n")
            hoisted[index] = replace(cell, text=text)
            break
    return [cell for cell in hoisted if cell.text]


def notebook(cells: Iterable[Cell]) -> str:
    """The text of a notebook, format 4.5, without outputs.

    Metadata of the cells that belong to an item name it and say whether they hold the question, the
    answer or given code: `{"nla_grader": {"item": "1.1b", "role": "answer"}}`.
    """
    taken: dict[str, int] = {}
    section = "start"
    written: list[dict[str, Any]] = []
    for cell in cells:
        section = cell.item or _heading(cell) or section
        identity = _identity(f"{section}-{cell.role}", taken)
        written.append(_notebook_cell(cell, identity))
    content = {
        "cells": written,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _heading(cell: Cell) -> str:
    """The words of a cell's heading; empty where it has none."""
    first = cell.text.partition("\n")[0]
    return first.lstrip("# ") if cell.kind is Kind.MARKDOWN and HEADING.match(first) else ""


def _identity(name: str, taken: dict[str, int]) -> str:
    """A cell's id: unique in the notebook, the same whatever is written in the cell."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:56]
    taken[slug] = taken.get(slug, 0) + 1
    return slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"


def _notebook_cell(cell: Cell, identity: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if cell.item:
        metadata[METADATA_KEY] = {"item": cell.item, "role": str(cell.role)}
    written: dict[str, Any] = {
        "cell_type": str(cell.kind),
        "id": identity,
        "metadata": metadata,
        "source": cell.text.splitlines(keepends=True),
    }
    if cell.kind is Kind.CODE:
        written |= {"execution_count": None, "outputs": []}
    return written


def module(cells: Iterable[Cell], docstring: str) -> str:
    """The text of a module that runs nothing when it is imported.

    Its comments hold the Markdown cells; `# %%` starts a cell, as editors and jupytext know it.
    Experiments are gathered in `main`.
    """
    cells = list(cells)
    written = [cell for cell in cells if not cell.experiment]
    text = f'"""{docstring}"""\n'
    for before, cell in zip([None, *written[:-1]], written, strict=True):
        # Two blank lines around definitions, one elsewhere, as formatters have it.
        defines = any(map(_defines, (before, cell)))
        text += "\n" * (2 if defines else 1) + _percent(cell) + "\n"
    experiments = [cell.text for cell in cells if cell.experiment]
    if experiments:
        body = textwrap.indent("\n\n".join(experiments), "    ")
        text += "\n\n" + MAIN.format(body=body)
    return text


def _defines(cell: Cell | None) -> bool:
    """Whether it is code other than imports."""
    return cell is not None and cell.kind is Kind.CODE and bool(split_imports(cell.text)[1])


def _percent(cell: Cell) -> str:
    mark = "# %%" + (" [markdown]" if cell.kind is Kind.MARKDOWN else "")
    if cell.item:
        mark += f' item="{cell.item}" role="{cell.role}"'
    if cell.kind is Kind.CODE:
        return f"{mark}\n{cell.text}"
    lines = [f"# {line}".rstrip() for line in cell.text.splitlines()]
    return "\n".join([mark, *lines])


def given(cells: Iterable[Cell], docstring: str) -> str:
    """The code that the assignment gives outside of items, as a module of its own."""
    imports: list[Import] = []
    texts: list[str] = []
    for cell in cells:
        if cell.kind is Kind.CODE and not (cell.item or cell.experiment):
            found, text = split_imports(cell.text)
            imports += found
            texts.append(text)
    code = "\n\n\n".join(filter(None, texts))
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    block = write_imports(one for one in imports if one.bound in used)
    return f'"""{docstring}"""\n\n# {UNTYPED}\n\n{block}\n\n\n{code}\n'
