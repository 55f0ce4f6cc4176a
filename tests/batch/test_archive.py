"""grader/batch/archive.py: a zip is read without being extracted, and hostile ones do no harm."""

import contextlib
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.batch.archive import read_archive
from grader.batch.discover import discover
from grader.batch.tree import MAX_FILE_BYTES
from grader.errors import GraderError, SubmissionError, UsageError


def pack(file: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    """Folders, wrapper and litter as on a disk; the content comes back."""
    members = {
        "export/anna/ps1.ipynb": b"{}",
        "export/bert/ps1.py": b"x = 1",
        "export/__MACOSX/anna/._ps1.ipynb": b"litter",
    }
    discovery = discover([pack(tmp_path / "export.zip", members)])
    assert [one.student for one in discovery.hand_ins] == ["anna", "bert"]
    contents = [one.member.read() for one in discovery.hand_ins if one.member]
    assert contents == [b"{}", b"x = 1"]


@pytest.mark.parametrize(
    "name",
    ["../evil.py", "a/../../evil.py", "/etc/evil.py", "C:\\evil.py", "..\\evil.py", "//x/evil.py"],
)
def test_names_that_lead_out_are_passed_over(tmp_path: Path, name: str) -> None:
    """They are named, and the others are still graded."""
    tree = read_archive(pack(tmp_path / "a.zip", {name: b"x", "anna.py": b"y"}))
    assert [str(member.path) for member in tree.members] == ["anna.py"]
    assert "leads out of the archive" in tree.notes[0]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_are_passed_over(tmp_path: Path, kind: int) -> None:
    """Only ordinary files are hand-ins."""
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("eve.py")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("anna.py", "x = 1")
    tree = read_archive(file)
    assert [str(member.path) for member in tree.members] == ["anna.py"]
    assert len(tree.notes) == 1


def test_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    """Its owner is found, and is told why there is nothing to grade."""
    members = {"bomb.py": b"\0" * (MAX_FILE_BYTES + 1), "anna.py": b"x = 1"}
    anna, bomb = read_archive(pack(tmp_path / "a.zip", members)).members
    assert anna.read() == b"x = 1"
    with pytest.raises(SubmissionError, match="unpacks to 101 MiB, at most 100 MiB are read"):
        bomb.read()


def test_a_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    """The directory says a hundred bytes; what comes is cut at the cap or fails its checksum."""
    file = pack(tmp_path / "a.zip", {"bomb.py": b"\0" * (MAX_FILE_BYTES * 2)})
    raw = bytearray(file.read_bytes())
    central = raw.rindex(b"PK\x01\x02")
    struct.pack_into("<I", raw, central + 24, 100)
    file.write_bytes(raw)
    (member,) = read_archive(file).members
    with pytest.raises(SubmissionError):
        member.read()


def test_old_names_in_utf8_are_understood(tmp_path: Path) -> None:
    """Tools that write UTF-8 without saying so are common; names that are not are kept."""
    file = pack(tmp_path / "a.zip", {"Łukasz.py": b"x"})
    raw = bytearray(file.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = raw.index(mark) + at
        (flags,) = struct.unpack_from("<H", raw, start)
        struct.pack_into("<H", raw, start, flags & ~0x800)
    file.write_bytes(raw)
    (member,) = read_archive(file).members
    assert member.path.name == "Łukasz.py"
    assert member.read() == b"x"


@pytest.mark.parametrize(
    ("field", "value", "said"), [(8, 1, "encrypted"), (10, zipfile.ZIP_LZMA, "not supported")]
)
def test_a_member_that_is_not_unpacked_says_why(
    tmp_path: Path, field: int, value: int, said: str
) -> None:
    """Nobody has its password; LZMA could take any amount of memory."""
    file = pack(tmp_path / "a.zip", {"anna.py": b"x"})
    raw = bytearray(file.read_bytes())
    raw[raw.index(b"PK\x01\x02") + field] = value
    file.write_bytes(raw)
    (member,) = read_archive(file).members
    with pytest.raises(SubmissionError, match=said):
        member.read()


def test_a_member_that_is_there_twice_is_named(tmp_path: Path) -> None:
    """The later one counts, as every unpacker does."""
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("anna.py", "first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("anna.py", "second")
    tree = read_archive(file)
    assert [member.read() for member in tree.members] == [b"second"]
    assert len(tree.notes) == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no more", b"<html>login</html>"])
def test_what_is_no_zip_is_an_error(tmp_path: Path, content: bytes) -> None:
    """A login page that was saved as a zip is the usual one."""
    file = tmp_path / "a.zip"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="not a zip of submissions"):
        read_archive(file)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_a_grader_error_or_none(tmp_path: Path, data: st.DataObject) -> None:
    """Flipped bytes anywhere give an error of ours, never another exception."""
    file = pack(tmp_path / "a.zip", {"anna.py": b"x = 1\n" * 50, "b/bert.ipynb": b"{}" * 40})
    raw = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(raw)
    with contextlib.suppress(GraderError):
        for hand_in in discover([file]).hand_ins:
            if hand_in.member is not None:
                hand_in.member.read()
