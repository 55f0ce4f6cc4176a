"""grader/batch/zip_names.py: names of old tools are understood, and no two become one."""

from pathlib import Path

import pytest

from grader.batch.archive import read_archive
from tests.batch.zips import zipped_raw

CHINESE = "李雷_1_20_作业.py"


def paths(file: Path, raw: bytes) -> tuple[list[str], str]:
    """Paths and notes of the members."""
    file.write_bytes(raw)
    tree = read_archive(file)
    return [str(member.path) for member in tree.members], "; ".join(tree.notes)


@pytest.mark.parametrize(
    ("name", "encoding", "said"),
    [
        (CHINESE, "gbk", "1 names do not say their encoding, read as GBK"),
        ("Zoë Müller_2_21_ps1.py", "cp437", "read as code page 437"),
        (CHINESE, "utf-8", ""),
        ("Łukasz_3_22_ps1.py", "utf-8", ""),
    ],
)
def test_an_encoding_is_guessed_and_named(
    tmp_path: Path, name: str, encoding: str, said: str
) -> None:
    """UTF-8 where it can be, which needs no warning."""
    raw = zipped_raw({name.encode(encoding): b"x = 1"})
    found, notes = paths(tmp_path / "a.zip", raw)
    assert found == [name]
    assert (said in notes) if said else not notes


def test_a_rare_character_does_not_change_the_guess(tmp_path: Path) -> None:
    """Most names decide; one that can't be Chinese is read in the old way alone."""
    names = [CHINESE, "王伟_4_23_ps1.py", "张芳_5_24_ps1.py", "朱镕_2_21_ps1.py"]
    raw = [*(name.encode("gbk") for name in names), b"\xff\xff_3_22_ps1.py"]
    found, _ = paths(tmp_path / "a.zip", zipped_raw(dict.fromkeys(raw, b"x = 1")))
    assert set(names) < set(found)
    assert len(found) == 5


def test_two_names_never_become_one(tmp_path: Path) -> None:
    """The same characters in UTF-8 and by a guess are two members, folders included."""
    names = ["李/1.py".encode("gbk"), "李/2.py".encode("gbk"), "李/1.py".encode()]
    found, _ = paths(tmp_path / "a.zip", zipped_raw(dict.fromkeys(names, b"x = 1")))
    folders = {path.partition("/")[0] for path in found}
    assert len(found) == 3
    assert len(folders) == 2
    assert all(folder.startswith("李~") for folder in folders)


def test_a_name_is_not_cut_at_a_nul(tmp_path: Path) -> None:
    """Else two of them would be equal."""
    raw = zipped_raw({b"anna.py\0a.py": b"x", b"anna.py\0b.py": b"y"})
    assert len(paths(tmp_path / "a.zip", raw)[0]) == 2
