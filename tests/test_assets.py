"""Files that come with the grader are found wherever it is installed."""

from pathlib import Path

import pytest

import grader.assets
from grader.assets import asset
from grader.errors import UsageError


@pytest.mark.parametrize(
    "name", ["rubrics/ps1.yaml", "student_template/ps1.py", "student_template/ps1.ipynb"]
)
def test_asset_finds_what_the_grader_needs(name: str) -> None:
    """The rubric and the template are there."""
    assert asset(name).is_file()


def test_asset_prefers_the_installed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came with the package counts before what lies beside it."""
    package = tmp_path / "grader"
    inside, beside = package / "_assets" / "x.yaml", tmp_path / "x.yaml"
    inside.parent.mkdir(parents=True)
    beside.touch()
    monkeypatch.setattr(grader.assets, "_PACKAGE", package)
    assert asset("x.yaml") == beside
    inside.touch()
    assert asset("x.yaml") == inside


def test_asset_says_what_to_do_where_one_is_missing() -> None:
    """An incomplete installation is told as such."""
    with pytest.raises(UsageError, match=r"^rubrics/none.yaml: .*install the grader again"):
        asset("rubrics/none.yaml")
