"""The assignment's source text, taken apart into cells.

The source is Markdown. A heading starts a new cell; one of the third level starts an item, whose id
is the heading's first word. Fences say what else is a cell:

    ```python              code
    ```python run          an experiment: trains, measures, plots
    ```answer              where a student writes; holds the placeholder
    ```markdown            text

The word `notebook` or `module` after these keeps a cell to that form.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

HEADING = re.compile(r"(#+) +(\S+)")
ITEM_LEVEL = 3


class Form(StrEnum):
    """The two files that students may hand in."""

    NOTEBOOK = "notebook"
    MODULE = "module"


class Kind(StrEnum):
    """What is in a cell."""

    CODE = "code"
    MARKDOWN = "markdown"


class Role(StrEnum):
    """What a cell is there for."""

    QUESTION = "question"
    ANSWER = "answer"
    GIVEN = "given"


class SourceError(Exception):
    """The assignment's source, or the reference's, can't be understood."""


@dataclass(frozen=True)
class Cell:
    """One cell of the assignment."""

    kind: Kind
    role: Role
    text: str
    item: str = ""
    """Id of the item that it belongs to; empty before the first one and between problems."""
    form: Form | None = None
    """The only form that has it; None where both have."""
    experiment: bool = False
    """Whether it is code that trains, measures or plots, not definitions."""


def parse(source: str, name: str) -> list[Cell]:
    """The cells of a source text, in order.

    Args:
        source: Markdown as the module's docstring describes it.
        name: of the source, for messages.

    Raises:
        SourceError: a fence is not closed, or is of no known kind.
    """
    cells: list[Cell] = []
    item = ""
    for fence, text in _blocks(source, name):
        if fence is None:
            heading = HEADING.match(text)
            if heading:
                item = heading[2] if len(heading[1]) == ITEM_LEVEL else ""
            cells.append(Cell(Kind.MARKDOWN, Role.QUESTION, text, item))
        else:
            cells.append(_fenced(fence.split(), text, item, name))
    return cells


def _blocks(source: str, name: str) -> Iterator[tuple[str | None, str]]:
    """(info string, content) of each fence, (None, content) of the text between."""
    lines: list[str] = []
    fence: str | None = None

    def collected() -> Iterator[tuple[str | None, str]]:
        text = "\n".join(lines).strip("\n")
        lines.clear()
        if text:
            yield fence, text

    for line in source.splitlines():
        if line.startswith("```"):
            if fence is not None and line != "```":
                raise SourceError(f"{name}: a fence must be closed, got {line!r} inside of one")
            yield from collected()
            fence = line[3:] if fence is None else None
        else:
            if fence is None and HEADING.match(line):
                yield from collected()
            lines.append(line)
    if fence is not None:
        raise SourceError(f"{name}: a fence must be closed, got the end inside of ```{fence}")
    yield from collected()


def _fenced(words: list[str], text: str, item: str, name: str) -> Cell:
    form = next((form for form in Form if form in words), None)
    match [word for word in words if word != form]:
        case ["python"]:
            role = Role.ANSWER if any(map(is_stub, ast.parse(text).body)) else Role.GIVEN
            return Cell(Kind.CODE, role, text, item, form)
        case ["python", "run"]:
            return Cell(Kind.CODE, Role.GIVEN, text, item, form, experiment=True)
        case ["answer"]:
            return Cell(Kind.MARKDOWN, Role.ANSWER, f"*{text}*", item, form)
        case ["markdown"]:
            return Cell(Kind.MARKDOWN, Role.QUESTION, text, item, form)
        case _:
            raise SourceError(
                f"{name}: a fence must be of a kind that is known, got {' '.join(words)!r}; see "
                "student_template/cells.py"
            )


def is_stub(node: ast.AST) -> bool:
    """Whether a function, or a method of a class, is left to the student."""
    if isinstance(node, ast.ClassDef):
        return any(map(is_stub, node.body))
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(part, ast.Raise)
        and isinstance(part.exc, ast.Call)
        and isinstance(part.exc.func, ast.Name)
        and part.exc.func.id == "NotImplementedError"
        for part in node.body
    )
