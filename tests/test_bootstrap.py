"""bootstrap on machines that lack something: it says what, and what to run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SYSTEM = ("bash", "sh", "cat", "sed", "head", "dirname", "cksum", "rm", "mkdir")
"""What every Linux has."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a path with a space, and a folder of programs."""
    folder = tmp_path / "my course" / "grader"
    folder.mkdir(parents=True)
    for name in ("bootstrap", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "requirements").mkdir()
    for name in ("lock.txt", "install.py"):
        (folder / "requirements" / name).touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in SYSTEM:
        (programs / name).symlink_to(str(shutil.which(name)))
    for name, said in {"uname": "Linux", "id": "1000", "bwrap": "", "setpriv": ""}.items():
        program(folder, name, f"echo {said}")
    return folder


def program(checkout: Path, name: str, text: str) -> None:
    path = checkout.parents[1] / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def without(checkout: Path, name: str) -> None:
    (checkout.parents[1] / "bin" / name).unlink()


def run(checkout: Path, **variables: str) -> tuple[int, str]:
    """The exit code, and what is said."""
    ended = subprocess.run(
        [str(checkout / "bootstrap"), "--version"],
        env={"PATH": str(checkout.parents[1] / "bin"), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stdout == "" or ended.returncode == 0
    return ended.returncode, ended.stderr


def real_python(checkout: Path, also: str = "") -> None:
    """A `python3` that fits; `also` is run before it with the same arguments."""
    program(checkout, "python3", f'{also}\nexec {sys.executable} "$@"')


OLD = 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac'


@pytest.mark.parametrize(
    ("python", "programs", "words"),
    [
        pytest.param("", (), "the package manager of this system", id="no Python"),
        pytest.param(
            "",
            ("apt-get",),
            "sudo apt-get update && sudo apt-get install -y python3 python3-venv",
            id="no Python, apt",
        ),
        pytest.param(OLD, ("apt-get",), "found Python 3.9.2. Set PYTHON to one", id="3.9 alone"),
    ],
)
def test_bootstrap_without_a_fitting_python(
    checkout: Path, python: str, programs: tuple[str, ...], words: str
) -> None:
    """It ends with 2, one sentence and what to run; nothing is left behind."""
    if python:
        program(checkout, "python3", python)
    for name in programs:
        program(checkout, name, "exit 9")
    code, said = run(checkout)
    assert code == 2
    assert words in said
    assert said.count("\n") == 1
    assert not (checkout / ".venv").exists()


def test_bootstrap_without_rights_prints_the_exact_command(checkout: Path) -> None:
    """An ordinary user without sudo installs nothing and reads the command."""
    real_python(checkout)
    program(checkout, "apt-get", "echo called; exit 9")
    without(checkout, "bwrap")
    code, said = run(checkout)
    assert code == 2
    assert said.endswith(": sudo apt-get update && sudo apt-get install -y bubblewrap\n")
    assert "NO_SYSTEM_PACKAGES=1" in said
    assert "called" not in said


def test_bootstrap_as_root_says_what_it_installs(checkout: Path) -> None:
    """The command is printed before it runs, and again where it failed."""
    real_python(checkout)
    program(checkout, "id", "echo 0")
    program(checkout, "apt-get", "echo apt-get is run; exit 9")
    without(checkout, "setpriv")
    code, said = run(checkout)
    command = "apt-get update && apt-get install -y util-linux"
    lines = said.splitlines()
    assert code == 2
    assert lines[0].endswith(f"installing util-linux: {command}")
    assert lines[1] == "apt-get is run"
    assert lines[2].endswith(f": {command}")


def test_bootstrap_names_debians_package_for_venv(checkout: Path) -> None:
    """Where Python comes without ensurepip, its own package is named."""
    real_python(checkout, 'case "$2" in *ensurepip*) exit 1;; esac')
    program(checkout, "apt-get", "exit 9")
    code, said = run(checkout)
    assert code == 2
    assert f"apt-get install -y python3.{sys.version_info.minor}-venv" in said


def test_bootstrap_leaves_an_environment_of_somebody_else(checkout: Path) -> None:
    """It removes no `.venv` that it did not make."""
    real_python(checkout)
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "mine").touch()
    code, said = run(checkout)
    assert code == 2
    assert f"rm -r '{checkout}/.venv'" in said
    assert (checkout / ".venv" / "mine").exists()


def test_bootstrap_recovers_from_an_interrupted_installation(checkout: Path) -> None:
    """What was left half done is made anew; what is complete is not touched again."""
    installer = checkout / "requirements" / "install.py"
    real_python(checkout)
    # In place of the packages: a command that says which environment it is in.
    installer.write_text("import sys; sys.exit('no network')")
    assert run(checkout) == (2, "no network\n")
    (checkout / ".venv" / "half").touch()
    installer.write_text(
        "import os, sys\nfrom pathlib import Path\n"
        "command = Path(sys.prefix) / 'bin' / 'grader'\n"
        "command.write_text('#!/bin/sh\\necho it runs >&2\\n')\n"
        "command.chmod(0o755)\nprint('installed', file=sys.stderr)\n"
    )
    assert run(checkout) == (0, "installed\nit runs\n")
    assert not (checkout / ".venv" / "half").exists()
    assert run(checkout) == (0, "it runs\n")
    moved = checkout.with_name("moved")
    os.rename(checkout, moved)  # noqa: PTH104 - a folder with its environment
    assert run(moved) == (0, "installed\nit runs\n")


def test_bootstrap_passes_shellcheck() -> None:
    """The script holds no trap of the shell."""
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed: apt-get install shellcheck")
    command = [shellcheck, str(ROOT / "bootstrap")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
