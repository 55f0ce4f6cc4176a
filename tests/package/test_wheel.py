"""grader/package/wheel.py: the running grader, packed."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.package.wheel import ASSETS, build_wheel, pack, wheel_name


@pytest.fixture(scope="module")
def names() -> list[str]:
    with zipfile.ZipFile(io.BytesIO(build_wheel())) as wheel:
        return wheel.namelist()


def test_wheel_is_the_same_twice() -> None:
    """The same grader gives the same bytes."""
    assert build_wheel() == build_wheel()


def test_wheel_holds_what_the_grader_reads(names: list[str]) -> None:
    """Modules, templates, scripts, migrations, the rubric and the student's template."""
    wanted = {
        "grader/__init__.py",
        "grader/report/templates/student.html",
        "grader/report/templates/overview.js",
        "grader/package/files/run_autograder",
        "grader/_assets/rubrics/ps1.yaml",
        "grader/_assets/student_template/ps1.ipynb",
        "grader/_assets/student_template/ps1.py",
    }
    assert wanted <= set(names)
    assert any(name.startswith("grader/store/migrations/versions/") for name in names)


def test_wheel_holds_nothing_else(names: list[str]) -> None:
    """No reference, no test, no compiled file, nothing twice."""
    assert {name.split("/", 1)[0] for name in names} == {
        "grader",
        wheel_name().replace("-py3-none-any.whl", ".dist-info"),
    }
    assert not [name for name in names if "reference" in name or name.endswith(".pyc")]
    assets = {name for name in names if "/_assets/" in name}
    assert assets == {f"grader/_assets/{name}" for name in ASSETS}
    assert len(names) == len(set(names))


def test_wheel_installs(tmp_path: Path) -> None:
    """Installed by pip, which checks its record, the grader reads its own files."""
    wheel = tmp_path / wheel_name()
    wheel.write_bytes(build_wheel())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(wheel)], check=True, timeout=100)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from grader.assets import asset\n"
        "import grader.report.pages\n"
        "grader.report.pages.template('student.html')\n"
        "print(asset('rubrics/ps1.yaml'))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "site")],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert ended.stdout.strip().startswith(str(tmp_path / "site" / "grader" / "_assets"))


def test_pack_keeps_modes() -> None:
    """A script stays a script after unpacking."""
    with zipfile.ZipFile(io.BytesIO(pack({"a": (b"1", 0o755), "b": (b"2", 0o600)}))) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes == {"a": 0o100755, "b": 0o100600}
