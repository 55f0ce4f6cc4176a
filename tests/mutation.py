"""Copy the project to where mutmut can change the checks, and choose the tests that judge them.

    python tests/mutation.py /tmp/mutation calculus && cd /tmp/mutation && mutmut run

mutmut leaves decorated functions alone, and most checks are decorated. In the copy a decorator is
a call below the function, which means the same and lets mutmut at the body. The copy is narrowed to
one module and its own tests, since a mutant of what every check uses would run all tests.
"""

import ast
import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = (
    "grader",
    "tests",
    "rubrics",
    "student_template",
    "reference",
    "benchmarks",
    "docs",
)
FILES = ("pyproject.toml", "README.md", "CONTRIBUTING.md")
KEPT = frozenset({"staticmethod", "classmethod"})
"""Decorators that mutmut can deal with."""
NETWORK = ("compression", "curve", "fine_tuning", "factors", "truncation", "singular_values")
"""Tests of the compressed network."""
TESTS: dict[str, Sequence[str]] = {
    "scoring": (),
    "bar": ("bar", "bar_document"),
    "game": ("game", "reducio"),
    "reducio": ("reducio", "reducio_secrets", "diagnosis", "rounds"),
    "compressed": NETWORK,
    "compression": NETWORK,
    "compression_cost": NETWORK,
    "compression_training": NETWORK,
}
"""Files tests/checks/test_*.py that judge a module; those not named are judged by their own."""


def main(target: Path, module: str) -> None:
    """Write the copy, with `module` the one that is mutated."""
    ignore = shutil.ignore_patterns("__pycache__", "submissions", "test_*_sandbox*.py")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, target / name)
    for path in sorted((target / "grader" / "checks").glob("*.py")):
        path.write_text(undecorated(path.read_text()))
    for path in (target / "tests").rglob("test_*.py"):
        # mutmut names tests by their ids, and pytest finds none again whose id holds a √.
        path.write_text(re.sub(r"ids=(\w+)\.keys\(\)", r"ids=range(len(\1))", path.read_text()))
    checks = module != "scoring"
    mutated = f"grader/checks/{module}.py" if checks else "grader/scoring.py"
    tests = [f"tests/checks/test_{name}.py" for name in TESTS.get(module, (module,))]
    project = target / "pyproject.toml"
    settings, rest = [], project.read_text().splitlines()
    for line in rest:
        if line.startswith("only_mutate ="):
            settings.append(f"only_mutate = {json.dumps([mutated])}")
        elif line.startswith("pytest_add_cli_args_test_selection ="):
            chosen = json.dumps(tests if checks else ["tests/test_scoring.py"])
            settings.append(f"pytest_add_cli_args_test_selection = {chosen}")
        else:
            settings.append(line)
    project.write_text("\n".join(settings) + "\n")


def undecorated(source: str) -> str:
    """`source` with `@d` above a function f turned into `f = d(f)` below it."""
    lines = source.splitlines()
    functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    # From the last line up, so that the numbers of those above still hold.
    for node in sorted(functions, key=lambda node: -node.lineno):
        texts = [ast.unparse(decorator) for decorator in node.decorator_list]
        if not texts or KEPT & set(texts):
            continue
        value = node.name
        for text in reversed(texts):
            value = f"{text}({value})"
        first, last = node.decorator_list[0].lineno, node.end_lineno or node.lineno
        lines.insert(last, " " * node.col_offset + f"{node.name} = {value}")
        del lines[first - 1 : node.lineno - 1]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
