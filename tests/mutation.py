"""Copy the project to where mutmut can change the checks, and judge mutants by a module's tests.

    python tests/mutation.py /tmp/mutation calculus --sample 60

A sample is drawn by a seed; without one only the copy is written, for `mutmut run` in there.

mutmut leaves decorated functions alone, and most checks are decorated. In the copy a decorator is
a call below the function, which means the same and lets mutmut at the body. The copy is narrowed to
one module and its own tests, since a mutant of what every check uses would run all tests.
"""

import argparse
import ast
import json
import random
import re
import shutil
import subprocess
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
    "compression_cost": ("compression_cost", *NETWORK),
    "compression_training": NETWORK,
}
"""Files tests/checks/test_*.py that judge a module; those not named are judged by their own."""
PROFILE = """
from hypothesis import Phase, settings
settings.register_profile(
    "mutation", max_examples=40, phases=[Phase.explicit, Phase.generate], derandomize=True,
    database=None, deadline=None,
)
settings.load_profile("mutation")
"""
"""Fewer examples than the tests have, and no search for the smallest: that they fail is enough."""
KILLED = frozenset({1, 3})
"""Exit statuses of tests that failed; any other, no test at all among them, kills no mutant."""


def main() -> None:
    """Write the copy; with --sample also run so many mutants, and print those not killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="where the copy is written; must not exist yet")
    parser.add_argument("module", help="a module of grader/checks, or `scoring`")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants to try")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    asked = parser.parse_args()
    write_copy(asked.folder, asked.module)
    if asked.sample:
        judge_sample(asked.folder, asked.sample, asked.seed)


def judge_sample(folder: Path, size: int, seed: int) -> None:
    """Try `size` of the mutants in a copy."""
    mutmut = [sys.executable, "-m", "mutmut"]
    # mutmut lists no mutants; asked for one that is not there it makes all and runs none.
    subprocess.run([*mutmut, "run", "none"], cwd=folder, check=False, capture_output=True)
    names = sorted(exit_codes(folder))
    if not names:
        raise SystemExit(f"{folder}: mutmut made no mutants; `mutmut run` there says why")
    random.Random(seed).shuffle(names)
    chosen = sorted(names[:size])
    subprocess.run([*mutmut, "run", *chosen], cwd=folder, check=False)
    codes = exit_codes(folder)
    alive = [name for name in chosen if codes[name] not in KILLED]
    for name in alive:
        subprocess.run([*mutmut, "show", name], cwd=folder, check=False)
    print(f"{len(chosen)} of {len(names)} mutants tried, {len(alive)} not killed")  # noqa: T201


def exit_codes(folder: Path) -> dict[str, int | None]:
    """Mutant -> exit status of the tests that judged it, None where none has."""
    return {
        name: code
        for path in folder.glob("mutants/grader/**/*.meta")
        for name, code in json.loads(path.read_text())["exit_code_by_key"].items()
    }


def write_copy(target: Path, module: str) -> None:
    """Write the copy, with `module` the one that is mutated."""
    ignore = shutil.ignore_patterns("__pycache__", "submissions", "test_*_sandbox*.py")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, target / name)
    for path in sorted((target / "grader" / "checks").glob("*.py")):
        path.write_text(undecorated(path.read_text()))
    settings_of_tests = target / "tests" / "conftest.py"
    settings_of_tests.write_text(settings_of_tests.read_text() + PROFILE)
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
    main()
