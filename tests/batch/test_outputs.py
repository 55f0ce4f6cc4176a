"""grader/batch/outputs.py: a file for each student, whatever the student is called."""

from pathlib import Path

import pytest

from grader.batch.outputs import file_names, make_folder, write_record
from grader.errors import StoreError
from tests.records import NASTY, record


def test_plain_names_stay_as_they_are() -> None:
    """A person finds a student's file by its name."""
    assert file_names(["anna", "Łukasz O-N", "1234"]) == {
        "anna": "anna",
        "Łukasz O-N": "Łukasz O-N",
        "1234": "1234",
    }


def test_odd_names_become_safe_ones(tmp_path: Path) -> None:
    """No separator, no hidden file, no name that a system keeps for itself; all can be made."""
    odd = [NASTY, "../../etc/passwd", "a/b", ".hidden", "", "con", "run", "x" * 500, "\n", "=cmd()"]
    names = file_names(odd)
    assert len(set(names.values())) == len(odd)
    for name in names.values():
        (tmp_path / f"{name}.json").write_text("")
    assert len(list(tmp_path.iterdir())) == len(odd)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_nobody_s_name_is_the_file_of_another() -> None:
    """A name that looks like another's with its hash is hashed itself."""
    other = file_names(["Bob/Roe"])["Bob/Roe"]
    names = file_names(["Bob/Roe", other])
    assert len(set(names.values())) == 2


@pytest.mark.parametrize("name", ["COM1", "lpt9", "aux.x", "con .y", "Run", "conin$"])
def test_names_that_windows_keeps_for_itself_are_not_used(name: str) -> None:
    """With an ending, too."""
    assert file_names([name])[name] not in {name, name.strip()}


def test_names_that_differ_in_case_alone_are_kept_apart() -> None:
    """Some systems take them for the same file."""
    names = file_names(["anna", "Anna", "bert"])
    assert len({name.casefold() for name in names.values()}) == 3
    assert names["bert"] == "bert"


def test_an_equal_record_is_not_written_again(tmp_path: Path) -> None:
    """A second run of an unchanged class touches no file."""
    write_record(record(), tmp_path, "anna")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(before) == 2
    write_record(record(), tmp_path, "anna")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_record_that_can_t_be_written_leaves_nothing_half(tmp_path: Path) -> None:
    """The old one stays, and no part of the new one lies about."""
    (tmp_path / "anna.json").mkdir()
    with pytest.raises(StoreError, match="free some space"):
        write_record(record(), tmp_path, "anna")
    assert [path.name for path in tmp_path.iterdir()] == ["anna.json"]


def test_a_folder_that_can_t_be_made_is_an_error(tmp_path: Path) -> None:
    """Before anything is graded."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--out"):
        make_folder(tmp_path / "file" / "run")
