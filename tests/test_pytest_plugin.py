"""grader/pytest_plugin.py: each item is a test, and nothing happens without the option."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.package.small import HALF, RUBRIC

ROOT = Path(__file__).parents[1]


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest with the plugin alone, as an installed grader brings it, in a folder of its own."""
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "grader.pytest_plugin", "-rA", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A student's folder: a hand-in, a rubric, and a test of the student's own."""
    (tmp_path / "my work.py").write_text(HALF, encoding="utf-8")
    (tmp_path / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    return tmp_path


def test_each_item_is_a_test(folder: Path) -> None:
    """What got all points passes, what lost some fails with the feedback; no traceback of ours."""
    arguments = ("--submission", "my work.py", "--submission-rubric", "rubric.yaml")
    ended = run_pytest(folder, *arguments)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "PASSED my work.py::1.1a" in ended.stdout
    assert "FAILED my work.py::1.3b" in ended.stdout
    assert "1 failed, 1 passed" in ended.stdout
    assert "`rank_one_svd` raised ValueError: no idea" in ended.stdout
    assert "hint: " in ended.stdout
    assert "called with" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert "pytest_plugin.py" not in ended.stdout
    assert "test_own" not in ended.stdout


def test_an_item_is_chosen_by_its_name(folder: Path) -> None:
    """As an IDE runs one test: by its node id, beside other tests."""
    ended = run_pytest(
        folder,
        *("--submission", "my work.py", "--submission-rubric", "rubric.yaml"),
        "my work.py::1.1a",
        "test_own.py",
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout


def test_items_are_listed_without_being_graded(folder: Path) -> None:
    """Collection names the items; those for a person are not among them."""
    ended = run_pytest(
        folder,
        *("--submission", "my work.py", "--submission-rubric", "rubric.yaml", "--collect-only"),
        "-q",
    )
    assert ended.stdout.splitlines()[:2] == ["my work.py::1.1a", "my work.py::1.3b"]


def test_a_file_that_can_not_be_read_is_an_error(folder: Path) -> None:
    """The reason is shown, without a traceback."""
    (folder / "a.ipynb").write_text("no notebook", encoding="utf-8")
    ended = run_pytest(folder, "--submission", "a.ipynb")
    assert ended.returncode == 2
    assert "a.ipynb: " in ended.stdout
    assert "Traceback" not in ended.stdout


def test_the_plugin_is_inert_without_its_option(folder: Path) -> None:
    """Other people's tests run as if it were not there, and import nothing of ours."""
    (folder / "test_own.py").write_text(
        "import sys\n\n\ndef test_own():\n"
        "    ours = {name for name in sys.modules if name.startswith('grader')}\n"
        "    assert ours == {'grader', 'grader.pytest_plugin'}\n"
        "    assert not {'torch', 'jax', 'numpy'} & set(sys.modules)\n",
        encoding="utf-8",
    )
    ended = run_pytest(folder)
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout


def test_the_plugin_comes_with_the_package() -> None:
    """An installed grader brings the option."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"nla-grader": "grader.pytest_plugin"}
