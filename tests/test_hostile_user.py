"""The hostile corpus as an ordinary user, who has no control groups and no users to give away."""

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOBODY = "65534"


def is_open(path: Path) -> bool:
    """Whether another user may come there."""
    return all(place.stat().st_mode & 0o005 for place in (path, *path.parents))


def open_python() -> Path | None:
    """An interpreter like this one that another user may run."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (Path(sys.base_prefix) / "bin" / version, Path("/usr/bin") / version):
        if python.is_file() and is_open(python.resolve()):
            return python
    return None


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.geteuid() != 0, reason="a user runs tests/test_hostile.py itself")
def test_the_corpus_ends_alike_for_an_ordinary_user() -> None:
    """Every attack has the outcome that it has for root."""
    python, setpriv = open_python(), shutil.which("setpriv")
    packages = [Path(folder) for folder in site.getsitepackages()]
    if python is None or setpriv is None or not all(map(is_open, [ROOT, *packages])):
        pytest.skip("the checkout, its packages and Python must be open to other users")
    ended = subprocess.run(
        [
            *(setpriv, "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"),
            *(str(python), "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            str(ROOT / "tests" / "test_hostile.py"),
        ],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *packages))),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-2000:]
    assert " skipped" not in ended.stdout.splitlines()[-1]
