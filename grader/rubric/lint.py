"""Advice on a rubric that has no faults: names the template lacks, slow practice, missing hints."""

import ast
from collections.abc import Iterator
from pathlib import Path

from grader.assets import asset
from grader.rubric.load import EMBEDDED, load_rubric
from grader.rubric.model import Item

SLOW_PRACTICE_SECONDS = 200


def lint_rubric(path: Path | None = None) -> list[str]:
    """What could be better, one line each.

    Raises:
        RubricError: the rubric has faults.
    """
    rubric = load_rubric(path)
    file = path or asset(EMBEDDED)
    known = set(signatures(asset("student_template/ps1.py")))
    return [
        f"{file}: item {item.id}: {text}" for item in rubric.items for text in _advice(item, known)
    ]


def signatures(template: Path) -> dict[str, str]:
    """Name -> signature of every function and class that a template defines, read, not run."""
    found = {}
    for node in ast.parse(template.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = f"{node.name}({ast.unparse(node.args)})"
        elif isinstance(node, ast.ClassDef):
            found[node.name] = node.name
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    found.setdefault(part.name, f"{node.name}.{part.name}")
    return found


def _advice(item: Item, known: set[str]) -> Iterator[str]:
    for name in (*item.requires, *item.optional):
        if name not in known:
            yield f"{name} is no name of the template; students will not know it"
    for row in item.checks:
        if item.limits.wall_seconds > SLOW_PRACTICE_SECONDS and not row.practice:
            yield f"{row.title!r} may take minutes; give it `practice:` parameters"
        if row.proportional and row.tiers:
            yield f"{row.title!r} has tiers, so `proportional` does nothing"
    if item.hand is not None and not item.hand.comments:
        yield "has no comments; the two or three most frequent spare graders' time"
