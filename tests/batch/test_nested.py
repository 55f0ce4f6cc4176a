"""grader/batch/nested.py: a student's own zip is opened, and costs nobody else anything."""

import contextlib
import gc
import stat
import time
import weakref
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.batch.discover import HandIn, discover
from grader.batch.instead import describe_instead
from grader.batch.intake import take_in
from grader.batch.nested import MAX_ENTRIES, MAX_GRADABLE, lasting, open_nested
from grader.batch.tree import MAX_FILE_BYTES, Member
from grader.errors import SubmissionError
from grader.store import open_store
from tests.batch.zips import with_flag, zipped

GOOD = "def f(x): return x\n"


def submitted(folder: Path, files: Mapping[str, bytes | str]) -> dict[str, HandIn]:
    """What is found where these files lie in a folder, by student."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return {one.student: one for one in discover([folder], names=["f"]).hand_ins}


def content(hand_in: HandIn) -> str:
    assert hand_in.member is not None
    return hand_in.member.read().decode()


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("anna_1_10_hw.zip", "1"),
        ("Anna_1_assignsubmission_file_/hw.ZIP", "1"),
        ("anna/hw.zip", "anna"),
    ],
)
def test_a_zip_is_opened_wherever_it_was_submitted(tmp_path: Path, path: str, student: str) -> None:
    """Everything in it is the student's, whatever it is called; the note names the place."""
    other = path.replace("nna", "my").replace("1", "2").replace("anna", "bert")
    raw = zipped({"my_2_11_ps1/ps1.py": GOOD, "__MACOSX/._ps1.py": "x", "bert/data.csv": "1"})
    found = submitted(tmp_path, {path: raw, other: raw})
    assert len(found) == 2
    anna = found[student]
    assert (anna.file, content(anna)) == ("ps1.py", GOOD)
    assert anna.notes[0].endswith("/my_2_11_ps1/ps1.py")


def test_several_files_of_a_zip_are_one_student_s(tmp_path: Path) -> None:
    """The one with the asked names is graded."""
    raw = zipped(
        {"src/ps1.py": GOOD, "src/utils.py": "g = 1", "tests/test_f.py": "from ps1 import f"}
    )
    found = submitted(tmp_path, {"anna_1_10_hw.zip": raw, "bob_2_11_ps1.py": GOOD})
    assert list(found) == ["1", "2"]
    assert found["1"].file == "ps1.py"
    assert (
        "hw.zip/src/ps1.py, which defines most of the asked names (1 of 1)" in found["1"].notes[0]
    )


BOMB = zipped({"ps1.py": b"\0" * (MAX_FILE_BYTES + 1)})
FAULTS = {
    "ps1.py: unpacks to 101 MiB, at most 100 MiB are read": BOMB,
    "ps1.py: encrypted; submit it without a password": with_flag(zipped({"ps1.py": GOOD}), 1),
    "hw.zip: not a zip that can be opened": b"Rar!\x1a\x07",
    "hw.zip: more files in it than the 5000": b"PK\x01\x02" * (MAX_ENTRIES + 1),
    "a zip within a zip is not opened": zipped({"inner.zip": zipped({"ps1.py": GOOD})}),
    "only report.pdf (a PDF)": zipped({"report.pdf": "%PDF"}),
    "only hw.zip (a zip)": zipped({}),
    "names of more than 400 characters": zipped({f"{'x' * 400}.py": GOOD}),
    "evil.py: a name that leads out of the archive, passed over": zipped({"../evil.py": GOOD}),
}


@pytest.mark.parametrize("said", FAULTS)
def test_what_is_wrong_with_a_zip_is_told_to_its_student(tmp_path: Path, said: str) -> None:
    """The entry is there with a clear note, and the class is graded."""
    found = submitted(tmp_path, {"eve_1_10_hw.zip": FAULTS[said], "bob_2_11_ps1.py": GOOD})
    with open_store(tmp_path / "run", create=True) as store:
        eve, bob = take_in(store, list(found.values())).entries
        told = next(held.error for held in store.held("1"))
    assert not eve.sha256
    assert said in told
    assert "submit" in told
    assert bob.sha256


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    """Nor is it a file."""
    info = zipfile.ZipInfo("ps1.py")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "hw.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    raw = (tmp_path / "hw.zip").read_bytes()
    found = submitted(tmp_path / "all", {"eve_1_10_hw.zip": raw, "bob_2_11_ps1.py": GOOD})
    assert found["1"].member is None
    assert "ps1.py: a link, passed over" in " ".join(found["1"].notes)


def test_a_notebook_beside_a_bomb_is_graded(tmp_path: Path) -> None:
    """A broken zip costs nothing where there is a file to grade."""
    files: dict[str, bytes | str] = {
        "anna/hw.zip": BOMB,
        "anna/ps1.ipynb": "{}",
        "anna/ps1.py": GOOD,
        "bob/ps1.py": GOOD,
    }
    assert submitted(tmp_path, files)["anna"].file == "ps1.py"


def test_many_zips_of_one_student_are_not_all_opened(tmp_path: Path) -> None:
    """The latest four are, and a note says so."""
    zips: dict[str, bytes | str] = {
        f"eve_1_{at}_z{at}.zip": zipped({f"ps{at}.py": GOOD}) for at in range(10, 20)
    }
    found = submitted(tmp_path, {**zips, "bob_2_11_ps1.py": GOOD})
    assert found["1"].file == "ps19.py"
    assert sum("at most 4 zips" in note for note in found["1"].notes) == 6


def test_zips_among_files_are_nobody_s(tmp_path: Path) -> None:
    """Each could hold a whole class: what to do is said."""
    files: dict[str, bytes | str] = {
        "class.zip": zipped({"carl.py": GOOD}),
        "anna.py": GOOD,
        "bob.py": GOOD,
    }
    assert set(submitted(tmp_path, files)) == {"anna", "bob"}
    assert "class.zip; grade one that holds a class by itself" in discover([tmp_path]).notes[0]


def test_honest_outputs_may_shrink_as_far_as_they_like(tmp_path: Path) -> None:
    """A notebook that shrinks to a five-hundredth is read, in a zip or in a download."""
    text = '{"outputs": ["' + "loss 0.1\\n" * 1_000_000 + '"]}'
    raw = zipped({"anna_1_10_ps1.ipynb": text, "bob_2_11_hw.zip": zipped({"ps1.ipynb": text})})
    assert len(text) / len(raw) * 2 > 400
    (tmp_path / "class.zip").write_bytes(raw)
    hand_ins = discover([tmp_path / "class.zip"]).hand_ins
    assert [content(one) == text for one in hand_ins] == [True, True]


def member(raw: bytes) -> Member:
    return Member(PurePosixPath("hw.zip"), len(raw), lambda: raw)


def archives() -> "weakref.WeakSet[zipfile.ZipFile]":
    """All zips that are open in this process."""
    gc.collect()
    # `isinstance` would ask proxies of other packages for their class.
    return weakref.WeakSet(one for one in gc.get_objects() if type(one) is zipfile.ZipFile)


def test_what_is_graded_does_not_hold_the_zip_in_memory() -> None:
    """A class may have hundreds of zips."""
    outer = member(zipped({"ps1.py": GOOD}))
    before = archives()
    (inner,) = open_nested(outer).members
    kept = lasting(outer, inner)
    assert len(archives() - before) == 1
    del inner
    assert not archives() - before
    assert kept.read() == GOOD.encode()


@pytest.mark.parametrize("suffix", [".py", ".txt"])
def test_names_that_are_hostile_take_no_time(suffix: str) -> None:
    """Very long, deep and many names of characters that must be cleaned."""
    name = "\u202eé/" * 39 + "\u202e" * 200
    names = {f"{name}{at}{suffix}": "" for at in range(MAX_ENTRIES - 501)}
    long = dict.fromkeys((f"{at}{'x' * 5000}.py" for at in range(500)), "")
    raw = zipped({**long, **names, "ps1.ipynb": "{}"})
    began = time.process_time()
    found = open_nested(member(raw))
    describe_instead(found.others)
    # Half a second here; cleaning all names takes seven times as long.
    assert time.process_time() - began < 2
    assert found.members[-1].path == PurePosixPath("ps1.ipynb")
    assert len(found.members) == (MAX_GRADABLE if suffix == ".py" else 1)


def test_of_a_large_zip_the_files_in_the_fewest_folders_count(tmp_path: Path) -> None:
    """A notebook beside a large package is graded, and the note says what was not looked at."""
    package = {f"lib/x{at}.py": "x = 1" for at in range(MAX_GRADABLE)}
    found = submitted(tmp_path, {"eve/hw.zip": zipped({**package, "ps1.py": GOOD}), "b/a.py": GOOD})
    assert content(found["eve"]) == GOOD
    assert "hw.zip: 201 notebooks and modules, of which the 200 in the" in found["eve"].notes[-1]


def test_the_files_of_all_zips_of_a_student_count_together(tmp_path: Path) -> None:
    """Else each zip would cost as much as the largest."""
    half = zipped({f"{at}.txt": "" for at in range(MAX_ENTRIES // 2)})
    zips = {"eve/a.zip": half, "eve/b.zip": half, "eve/ps1.zip": zipped({"ps1.py": GOOD})}
    eve = submitted(tmp_path, {**zips, "bob/ps1.py": GOOD})["eve"]
    assert eve.file == "ps1.py"
    assert "a.zip: more files in it than the 5000" in " ".join(eve.notes)


@settings(max_examples=60)
@given(data=st.data())
def test_any_damage_is_a_submission_error_or_none(data: st.DataObject) -> None:
    """Flipped bytes anywhere give an error of ours, never another exception."""
    raw = bytearray(zipped({"anna.py": b"x = 1\n" * 50, "b/ps1.ipynb": b"{}" * 40}))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    outer = member(bytes(raw))
    with contextlib.suppress(SubmissionError):
        for inner in open_nested(outer).members:
            lasting(outer, inner).read()
