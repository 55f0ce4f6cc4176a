"""The lock, its installer's choice of torch, and everything that repeats which Pythons fit."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import grader.lock
from grader.environment import PACKAGES
from grader.lock import differences, lock_warning, locked_versions
from requirements.install import choose_torch

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = ("lock.txt", "dev.txt", "torch-cpu.txt", "torch-cuda.txt")


def requirements(file: str) -> list[tuple[Requirement, list[str]]]:
    """Each locked package with its hashes."""
    text = (ROOT / "requirements" / file).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line.split(" --hash=") for line in text.splitlines() if line[:1] != "#"]
    return [(Requirement(first), [h.strip() for h in hashes]) for first, *hashes in lines]


@pytest.mark.parametrize("file", FILES)
def test_every_locked_file_is_pinned_and_hashed(file: str) -> None:
    """One version and SHA-256 hashes for each, and the name of no index."""
    found = requirements(file)
    assert found
    for requirement, hashes in found:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes), requirement
    text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find|--extra|--trusted", text)


def test_lock_holds_what_the_project_asks_for() -> None:
    """Each dependency is locked to a version that its range admits, development's included."""
    extras = PROJECT["optional-dependencies"]
    locked = {r.name: r for file in FILES for r, _ in requirements(file)}
    runtime = {r.name for file in FILES if file != "dev.txt" for r, _ in requirements(file)}
    asked = [*PROJECT["dependencies"], *extras["vision"], *extras["cluster"], *extras["review"]]
    for text in [*asked, *extras["dev"][1:]]:
        wanted = Requirement(text)
        name = wanted.name.lower()
        version = str(locked[name].specifier).removeprefix("==")
        assert wanted.specifier.contains(version), text
        assert name in runtime or text in extras["dev"], text


def test_lock_has_torch_for_every_python_with_and_without_cuda() -> None:
    """The CPU build is the same release; it has a hash for each Python and processor."""
    ((cpu, hashes),) = requirements("torch-cpu.txt")
    (cuda,) = (r for r, _ in requirements("torch-cuda.txt") if r.name == "torch")
    assert str(cpu.specifier) == f"{cuda.specifier}+cpu"
    first, last = fitting_minors()
    assert len(hashes) == 2 * (last - first + 1)
    assert not {"torch", "triton"} & {r.name for r, _ in requirements("lock.txt")}


def fitting_minors() -> tuple[int, int]:
    """The first and the last minor version of Python 3 that the project takes."""
    match = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"])
    assert match is not None
    return int(match[1]), int(match[2]) - 1


def test_which_pythons_fit_is_said_the_same_everywhere() -> None:
    """Pages and scripts agree with pyproject.toml, which bootstrap reads."""
    first, last = fitting_minors()
    pages = ("README.md", "docs/students.md", "docs/cluster.md", "grader/package/files/setup.sh")
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert re.search(rf"3\.{first} to 3\.{last}", text), page
    setup = (ROOT / "grader/package/files/setup.sh").read_text(encoding="utf-8")
    assert f"(3, {first}) <= sys.version_info[:2] < (3, {last + 1})" in setup
    assert sys.version_info[:2] >= (3, first)
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert tools["ruff"]["target-version"] == f"py3{first}"
    assert tools["mypy"]["python_version"] == f"3.{first}"


def test_locked_versions_are_those_that_change_numbers() -> None:
    """Every such package is locked."""
    assert set(locked_versions()) == set(PACKAGES)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({}, ""),
        ({"torch": f"{locked_versions()['torch']}+cpu"}, ""),
        ({"torch": f"{locked_versions()['torch']}+cu130"}, ""),
        ({"numpy": "2.0.0"}, "numpy 2.0.0 (locked: "),
        ({"jax": None}, "jax missing (locked: "),
    ],
)
def test_lock_warning_names_what_differs(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str | None], named: str
) -> None:
    """Other versions and missing packages, once; builds for another device are the same."""
    found = {k: v for k, v in (locked_versions() | change).items() if v}
    monkeypatch.setattr(grader.lock, "package_versions", lambda: found)
    assert list(differences()) == (list(change) if named else [])
    assert named in lock_warning()
    assert bool(lock_warning()) is bool(named)


@pytest.mark.parametrize(("asked", "build"), [("cpu", "cpu"), ("cuda", "cuda")])
def test_choose_torch_does_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch, asked: str, build: str
) -> None:
    """The variable decides without asking any index."""
    monkeypatch.setenv("NLA_GRADER_TORCH", asked)
    monkeypatch.setattr(sys, "platform", "linux")
    assert choose_torch()[0] == build


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one build of torch")
def test_choose_torch_takes_the_cpu_build_that_pip_is_configured_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder of pip's own configuration serves as well as the index; without it, CUDA's."""
    monkeypatch.delenv("NLA_GRADER_TORCH", raising=False)
    monkeypatch.setattr("requirements.install._has_gpu", lambda: False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", tmp_path.as_uri())
    assert choose_torch()[0] == "cuda"
    ((cpu, _),) = requirements("torch-cpu.txt")
    version = str(cpu.specifier).removeprefix("==")
    python = f"cp3{sys.version_info.minor}"
    for machine in ("x86_64", "aarch64"):
        (tmp_path / f"torch-{version}-{python}-{python}-manylinux_2_28_{machine}.whl").touch()
    assert choose_torch()[0] == "cpu"
