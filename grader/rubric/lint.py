"""Advice on a rubric that has no faults: names the template lacks, slow practice, idle keys."""

import ast
from collections.abc import Iterator
from pathlib import Path

from grader.assets import asset
from grader.rubric.load import EMBEDDED, load_rubric
from grader.rubric.model import Item

TEMPLATE = "student_template/ps1.py"
SLOW_PRACTICE_SECONDS = 240
"""An item that may run longer should be made faster for a student who checks the own file."""


def lint_rubric(path: Path | None = None) -> list[str]:
    """What could be better, one line each.

    Raises:
        RubricError: the rubric has faults.
    """
    rubric = load_rubric(path)
    file = path or asset(EMBEDDED)
    known = template_names(asset(TEMPLATE))
    return [
        f"{file}: item {item.id}: {text}" for item in rubric.items for text in _advice(item, known)
    ]


def template_names(template: Path) -> set[str]:
    """Every function, class and method that a template defines; it is read, not run."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    found: set[str] = set()
    for node in ast.parse(template.read_text(encoding="utf-8")).body:
        if isinstance(node, kinds):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


def _advice(item: Item, known: set[str]) -> Iterator[str]:
    for name in (*item.requires, *item.optional):
        if name not in known:
            yield f"{name} is no name of the template; students will not know it"
    slow = item.limits.wall_seconds > SLOW_PRACTICE_SECONDS
    if item.checks and slow and not any(row.practice for row in item.checks):
        yield "may take minutes in a student's own check; give a row `practice:` parameters"
    for row in item.checks:
        if row.proportional and row.tiers:
            yield f"{row.title!r} has tiers, so `proportional` does nothing"
        if row.points is not None and "weight" in row.model_fields_set:
            yield f"{row.title!r} names its points, so `weight` does nothing"
    if item.hand is not None and not item.hand.comments:
        yield "has no comments; the two or three most frequent spare graders' time"
