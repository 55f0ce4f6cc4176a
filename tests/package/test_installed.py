"""The wheel that the build backend makes, in a fresh environment and from another folder."""

import os
import re
import signal
import site
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.package.small import HALF, RUBRIC

ROOT = Path(__file__).parents[2]
BARE = ("--sandbox", "bare", "--allow-bare")
RIGHT = """\
import numpy as np


def norm_constants(n):
    return 1 / np.sqrt(n), 1.0


def rank_one_svd(n):
    k = np.arange(1, n + 1)
    return np.sqrt(2 * k - 1)[:, None] / n, np.array([n**1.5]), ((-1.0) ** k / np.sqrt(n))[None]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without an isolated environment, so that nothing is fetched."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=100)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files to grade, beside an environment that has the wheel and our packages."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    paths = sysconfig.get_paths(vars={"base": str(venv), "platbase": str(venv)})
    (Path(paths["purelib"]) / "ours.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    command = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install"]
    command += ["--quiet", "--no-deps", "--no-index", "--ignore-installed", str(wheel)]
    subprocess.run(command, check=True, timeout=100)
    (folder / "small.yaml").write_text(RUBRIC)
    (folder / "right.py").write_text(RIGHT)
    (folder / "class").mkdir()
    for name, text in {"ada": RIGHT, "bob": HALF}.items():
        (folder / "class" / f"{name}.py").write_text(text)
    return folder


def run(place: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """The exit code and what the installed command prints."""
    ended = subprocess.run(
        [str(place / "venv" / "bin" / "grader"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=place,
        env=os.environ | {"PYTHONPATH": "", "COLUMNS": "160"} | variables,
        timeout=100,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_wheel_of_the_build_backend_is_complete(wheel: Path) -> None:
    """Types for those who import it, the lock, the rubric; metadata with ranges and extras."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        text = archive.read(metadata).decode()
    assets = {"rubrics/ps1.yaml", "requirements/lock.txt", "requirements/install.py"}
    assert {"grader/py.typed", *(f"grader/_assets/{name}" for name in assets)} <= names
    assert not [name for name in names if name.startswith(("tests", "reference", "benchmarks"))]
    assert not re.search(r"^Requires-Dist: [^;]*==", text, re.MULTILINE)
    assert {"vision", "cluster", "review"} <= {
        line.split()[1] for line in text.splitlines() if line.startswith("Provides-Extra")
    }


def test_installed_grader_is_the_wheels(place: Path) -> None:
    """What is tested here is not this checkout."""
    script = "import grader, grader.lock; print(grader.__file__, grader.lock.locked_versions())"
    ended = subprocess.run(
        [str(place / "venv" / "bin" / "python"), "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=place,
        env=os.environ | {"PYTHONPATH": ""},
    )
    assert ended.stdout.startswith(str(place / "venv"))
    assert "'torch': '2." in ended.stdout


def test_installed_grader_checks_grades_and_reports(place: Path) -> None:
    """A student's check, the self-test, a class, its pages and points of a person."""
    sandbox = ("--rubric", "small.yaml", "--sandbox", "bare")
    for arguments, expected in (
        (("check", "right.py", *sandbox), 0),
        (("selftest", "--reference", "right.py", *sandbox), 0),
        (("grade", "class", "--out", "run", *sandbox, "--allow-bare"), 1),
        (("hand", "run", "1.1b", "ada", "2"), 0),
        (("report", "run"), 0),
    ):
        code, printed = run(place, *arguments)
        assert code == expected, printed
    assert list(place.rglob("ada*.html"))


def test_installed_grader_serves_the_review(place: Path) -> None:
    """The page opens on the run of the test above, and ends with Ctrl-C."""
    if not (place / "run").exists():
        run(place, "grade", "class", "--out", "run", "--rubric", "small.yaml", *BARE)
    command = [str(place / "venv" / "bin" / "grader"), "review", "run"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()
        process.send_signal(signal.SIGINT)
        # It may come before the server has taken over signals.
        assert process.wait(timeout=20) in {0, 130}
    assert "http://127.0.0.1:" in said


def test_shell_completion_is_installed(place: Path, tmp_path: Path) -> None:
    """`--install-completion` writes it, and the shell's question is answered."""
    code, printed = run(place, "--install-completion", "bash", HOME=str(tmp_path))
    assert code == 0, printed
    assert "_GRADER_COMPLETE" in "".join(
        path.read_text() for path in tmp_path.rglob("*") if path.is_file()
    )
    asked = {"_GRADER_COMPLETE": "complete_bash", "COMP_WORDS": "grader sel", "COMP_CWORD": "1"}
    assert run(place, **asked)[1].split() == ["selftest"]
