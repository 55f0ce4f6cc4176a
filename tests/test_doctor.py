"""What `grader doctor` finds and advises."""

from pathlib import Path

import pytest
from rich.console import Console

import grader.doctor
from grader.data.baseline import BaselineSpec, provide_baseline
from grader.doctor import examine
from grader.environment import package_versions
from grader.errors import SandboxError
from grader.sandbox import choose_guards, choose_launcher, verify_sandbox
from tests.data.conftest import small_arrays, write_npz


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=200, force_terminal=False, quiet=False)


@pytest.fixture(autouse=True)
def a_sandbox_that_holds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox has tests of its own; here it holds unless a test says otherwise."""
    if "real" in request.node.name:
        return
    monkeypatch.setattr(grader.doctor, "verify_sandbox", lambda _launcher, _guards: None)
    monkeypatch.setattr(grader.doctor, "choose_launcher", lambda _kind: _Named("bubblewrap"))


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


def seen(console: Console) -> dict[str, tuple[bool, str]]:
    """What was looked at -> whether it is fine, and the text."""
    rows = (line.strip().split(maxsplit=2) for line in console.export_text().splitlines())
    return {what: (mark == "ok", text) for mark, what, text in rows}


def test_examine_names_everything_that_grading_needs(console: Console, tmp_path: Path) -> None:
    """Versions, sandbox, device, threads, cache and data all have a line."""
    assert examine(console, data="synthetic", device="cpu", cache=tmp_path) == 0
    found = seen(console)
    assert list(found) == ["grader", "packages", "sandbox", "device", "threads", "cache", "data"]
    assert all(fine for fine, _ in found.values())
    assert "torch 2.13.0" in found["packages"][1]
    assert "bubblewrap holds; memory is limited by" in found["sandbox"][1]
    assert found["device"][1].strip() == "cpu"
    assert str(tmp_path) in found["cache"][1]
    assert "no baseline yet" in found["data"][1]
    assert "grader baseline" in found["data"][1]


def test_examine_tries_the_real_sandbox(console: Console, tmp_path: Path) -> None:
    """The line on the sandbox agrees with what its self-test says on this machine."""
    try:
        verify_sandbox(choose_launcher("bubblewrap"), choose_guards())
        holds = True
    except SandboxError:
        holds = False
    assert examine(console, data="synthetic", device="cpu", cache=tmp_path) == (0 if holds else 1)
    assert seen(console)["sandbox"][0] is holds


def test_examine_fetches_and_trains_nothing(console: Console, tmp_path: Path) -> None:
    """Looking leaves the cache as it was."""
    for data in ("synthetic", "cifar10"):
        assert examine(console, data=data, device="cpu", cache=tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_examine_finds_a_trained_baseline(console: Console, tmp_path: Path) -> None:
    """A cached baseline is named with how good it is."""
    data = f"npz:{write_npz(tmp_path / 'small.npz', small_arrays(100, 20))}"
    spec = BaselineSpec(data=data, epochs=7)
    made = provide_baseline(spec, cache=tmp_path / "cache")
    assert examine(console, data=data, device="cpu", cache=tmp_path / "cache") == 0
    fine, text = seen(console)["data"]
    assert fine
    assert f"baseline {made.key[:12]} is cached" in text
    assert f"{made.accuracy:.1%} of 20 hidden images" in text


def test_examine_says_what_to_do_about_a_sandbox_that_leaks(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox that does not hold fails the machine, and the other findings still come."""

    def leak(_launcher: object, _guards: object) -> None:
        raise SandboxError("sandbox: sees /etc/passwd; update bubblewrap")

    monkeypatch.setattr(grader.doctor, "verify_sandbox", leak)
    assert examine(console, data="synthetic", device="cpu", cache=tmp_path) == 2
    found = seen(console)
    assert found["sandbox"] == (False, "sandbox: sees /etc/passwd; update bubblewrap")
    assert found["data"][0]


@pytest.mark.parametrize(
    ("packages", "text"),
    [
        (
            {"torch": "2.12.0"},
            "torch: must be 2.13.0, so that grades can be reproduced, got 2.12.0",
        ),
        ({"torch": None}, "torch: must be installed, is missing"),
    ],
)
def test_examine_says_what_to_do_about_other_versions(
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    packages: dict[str, str | None],
    text: str,
) -> None:
    """A missing package, or one of another version than grades are given with, is a fault."""
    changed = package_versions() | packages
    there = {name: version for name, version in changed.items() if version}
    monkeypatch.setattr(grader.doctor, "package_versions", lambda: there)
    monkeypatch.setattr(grader.doctor, "pinned_versions", lambda: {"torch": "2.13.0"})
    assert examine(console, data="synthetic", device="cpu", cache=tmp_path) == 2
    fine, found = seen(console)["packages"]
    assert not fine
    assert text in found


def test_examine_takes_a_build_for_another_device(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same release built for the CPU alone is no other version."""
    found = package_versions() | {"torch": "2.13.0+cpu"}
    monkeypatch.setattr(grader.doctor, "package_versions", lambda: found)
    monkeypatch.setattr(grader.doctor, "pinned_versions", lambda: {"torch": "2.13.0"})
    assert examine(console, data="synthetic", device="cpu", cache=tmp_path) == 0


@pytest.mark.parametrize(
    ("options", "what", "text"),
    [
        pytest.param({"device": "tpu"}, "device", "must be one of auto, cpu, cuda", id="device"),
        pytest.param({"data": "mnist"}, "data", "dataset must be synthetic", id="unknown data"),
        pytest.param({"data": "npz:none.npz"}, "data", "No such file", id="missing file"),
        pytest.param({"data": "imagefolder:none"}, "data", "lay the images out", id="no folder"),
    ],
)
def test_examine_says_what_to_do_about_options(
    console: Console, tmp_path: Path, options: dict[str, str], what: str, text: str
) -> None:
    """An option that can't be met here is told beside everything that can."""
    chosen = {"data": "synthetic", "device": "cpu"} | options
    assert examine(console, cache=tmp_path, **chosen) == 2
    found = seen(console)
    assert [name for name, (fine, _) in found.items() if not fine] == [what]
    assert text in found[what][1]


def test_examine_says_what_to_do_about_a_cache_that_cant_be_made(
    console: Console, tmp_path: Path
) -> None:
    """A file in the cache's place is told with the variable to set."""
    file = tmp_path / "file"
    file.touch()
    assert examine(console, data="synthetic", device="cpu", cache=file / "cache") == 2
    assert "set NLA_GRADER_CACHE" in seen(console)["cache"][1]
