"""What a record says about the machine."""

import os
from importlib import metadata
from pathlib import Path

import pytest
import torch

import grader.environment
from grader.environment import (
    PACKAGES,
    grader_version,
    package_versions,
    python_version,
    usable_cores,
)


def test_package_versions_are_those_that_are_imported() -> None:
    """The record names the version that computes, and every package that may change a number."""
    found = package_versions()
    assert set(found) == set(PACKAGES)
    assert found["torch"] == metadata.version("torch")
    assert torch.__version__.startswith(found["torch"].partition("+")[0])


def test_package_versions_leave_out_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is not installed is no reason to fail."""
    monkeypatch.setattr(grader.environment, "PACKAGES", ("numpy", "no-such-package"))
    assert set(package_versions()) == {"numpy"}


def test_version_of_a_bare_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grader that was never installed says so."""
    monkeypatch.setattr(grader.environment, "DISTRIBUTION", "no-such-distribution")
    assert grader_version() == "0+source"


def test_python_version_has_three_parts() -> None:
    """Such as 3.11.7."""
    assert python_version().startswith("3.")


def limited(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "bound"),
    [
        pytest.param({"cpu_dot_max": "100000 100000\n"}, 1, id="v2, one core"),
        pytest.param({"cpu_dot_max": "50000 100000\n"}, 1, id="v2, half a core"),
        pytest.param({"cpu_dot_max": "max 100000\n"}, None, id="v2, no bound"),
        pytest.param({"cpu_dot_max": "800000 100000\n"}, 8, id="v2, eight cores"),
        pytest.param(
            {
                "cpu__cpu_dot_cfs_quota_us": "100000\n",
                "cpu__cpu_dot_cfs_period_us": "100000\n",
            },
            1,
            id="v1, one core",
        ),
        pytest.param(
            {"cpu__cpu_dot_cfs_quota_us": "-1\n", "cpu__cpu_dot_cfs_period_us": "100000\n"},
            None,
            id="v1, no bound",
        ),
        pytest.param({"cpu_dot_max": "nonsense"}, None, id="unreadable"),
        pytest.param({}, None, id="no groups"),
    ],
)
def test_usable_cores_are_what_a_container_grants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], bound: int | None
) -> None:
    """Of four cores, a container's quota can leave fewer, never more."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)
    assert usable_cores(limited(tmp_path, **files)) == min(bound or 4, 4)


def test_usable_cores_without_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems that know no affinity have all their cores."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_cores(tmp_path) == 3


def test_usable_cores_here() -> None:
    """There is always one."""
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
