"""Who may import whom, and what an import costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader

ROOT = Path(__file__).parents[1]
LEAVES = {"grader.errors", "grader.model", "grader.faults", "grader.names"}
ALLOWED = {
    "grader/errors.py": set(),
    "grader/model.py": {"grader.names"},
    "grader/faults.py": {"grader.model"},
    "grader/names.py": set(),
    "grader/draws.py": {"grader.errors"},
    "grader/assets.py": {"grader.errors"},
    "grader/worker": {"grader.worker"},
    "grader/helper": {"grader.helper"},
    "grader/submission": {"grader.errors", "grader.helper", "grader.names", "grader.submission"},
    # What makes torchvision importable is the worker's, and the data's where they ask torchvision.
    "grader/data": {"grader.errors", "grader.data", "grader.worker.torchvision_ops"},
    "grader/checks": {*LEAVES, "grader.checks", "grader.data"},
    "grader/rubric": {*LEAVES, "grader.rubric", "grader.checks", "grader.assets"},
    "grader/sandbox": {*LEAVES, "grader.sandbox", "grader.worker"},
    "grader/report": {*LEAVES, "grader.report"},
    "grader/store": {*LEAVES, "grader.store", "grader.submission.file_names"},
    "grader/review": {
        *LEAVES,
        *("grader.helper", "grader.review", "grader.store", "grader.submission"),
        "grader.terminal",
    },
    "reference": {"reference"},
    "student_template": {"student_template"},
}
"""Folder or file -> what it may import of ours; what is not listed may import anything."""


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in {"grader", "reference", "student_template", "tests"}


@pytest.mark.parametrize("place", sorted(ALLOWED))
def test_rooms_import_only_what_they_may(place: str) -> None:
    """The arrows of the architecture hold."""
    folder = ROOT / place
    files = [folder] if folder.suffix else sorted(folder.rglob("*.py"))
    assert files
    for path in files:
        for module in filter(ours, imports(path)):
            allowed = any(
                module == room or module.startswith(f"{room}.") for room in ALLOWED[place]
            )
            assert allowed, f"{path.relative_to(ROOT)} must not import {module}"


def test_nothing_imports_the_reference_but_tests() -> None:
    """Expected values come by a second route."""
    for path in (ROOT / "grader").rglob("*.py"):
        assert not any(module.split(".")[0] == "reference" for module in imports(path)), path


def test_no_pickle_and_no_eval_in_the_grader() -> None:
    """Nothing that a submission sends is ever unpickled or evaluated outside the worker."""
    for path in (ROOT / "grader").rglob("*.py"):
        if "worker" in path.parts:
            continue
        assert not {"pickle", "dill", "cloudpickle", "marshal", "shelve"} & set(imports(path)), path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile"}, path


@pytest.mark.parametrize("arguments", [["-c", "import grader"], ["-m", "grader", "--help"]])
def test_the_door_is_cheap(arguments: list[str]) -> None:
    """`import grader` and `grader --help` import neither torch nor JAX."""
    script = [sys.executable, "-X", "importtime", *arguments]
    ended = subprocess.run(script, capture_output=True, text=True, cwd=ROOT, check=True)
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "grader" in imported
    assert not imported & {"torch", "jax", "torchvision", "scipy", "pandas"}


def test_every_public_name_is_there() -> None:
    """The door names nothing that does not exist."""
    for name in grader.__all__:
        assert getattr(grader, name) is not None
    with pytest.raises(AttributeError):
        _ = grader.nothing
