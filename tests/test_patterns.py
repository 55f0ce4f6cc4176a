"""Every regular expression of the grader has been looked at: none takes superlinear time.

Text of a submission reaches most of them, and `re` backtracks. A pattern is safe where at each
place it can match in one way only, where what may repeat is bounded, or where its text is. Whoever
adds a pattern checks that, gives it a hostile text in the tests of its module, and counts it here.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / "grader"
CALLS = {
    *("compile", "findall", "finditer", "fullmatch", "match"),
    *("search", "split", "sub", "subn"),
}
REVIEWED = {
    "batch/archive.py": 1,
    "batch/blackboard.py": 2,
    "batch/brightspace.py": 3,
    "batch/canvas.py": 2,
    "batch/gradescope.py": 1,
    "batch/moodle.py": 2,
    "batch/nbgrader.py": 1,
    "batch/outputs.py": 2,
    "lock.py": 1,
    "names.py": 3,
    "report/canvas.py": 1,
    "report/charts/draw.py": 2,
    "report/clean.py": 4,
    "report/feedbacks.py": 3,
    "report/links.py": 1,
    "report/places.py": 2,
    "review/answers.py": 2,
    "review/code_prose.py": 1,
    "review/dialect.py": 5,
    "review/labels.py": 6,
    "review/leads.py": 3,
    "review/markup.py": 1,
    "review/mathml.py": 9,
    "review/mathscan.py": 6,
    "review/module.py": 4,
    "review/pictures.py": 1,
    "review/rendering.py": 1,
    "review/show.py": 2,
    "review/similar.py": 2,
    "review/tex.py": 1,
    "review/texwords.py": 5,
    "rubric/source.py": 2,
    "sandbox/host.py": 1,
    "submission/blocks.py": 1,
    "submission/collect.py": 2,
    "submission/cut_off.py": 1,
    "submission/effects.py": 2,
    "submission/extents.py": 5,
    "submission/file_names.py": 1,
    "submission/hints.py": 1,
    "submission/kinds.py": 1,
    "submission/magics.py": 2,
    "submission/notebook.py": 1,
    "submission/parts.py": 1,
    "submission/python.py": 2,
    "submission/text.py": 1,
}
"""File -> how many patterns it has; names and columns of the course's staff are trusted."""


def patterns(path: Path) -> int:
    """How many calls of `re` a file makes that name a pattern."""
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in CALLS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_every_regular_expression_is_reviewed() -> None:
    """A new one is counted in `REVIEWED` after it has been looked at."""
    found = {path.relative_to(ROOT).as_posix(): patterns(path) for path in ROOT.rglob("*.py")}
    assert {name: count for name, count in found.items() if count} == REVIEWED
