"""grader/batch/{recognise,level,wrapper}.py: what lies beside, around and within the class."""

from pathlib import Path

import pytest

from grader.batch.discover import Discovery, discover
from tests.batch.test_hostile_layouts import SLOTS, clear, contested, found, lay

METADATA = "submission_metadata.yml"
SUBMITTER = "submission_{n}:\n  :submitters:\n  - :name: s{n}\n    :sid: '11{n}'\n"
STRAYS = {
    "one of the system": "Thumbs.db",
    "a readme": "README.txt",
    "a roster": "roster.csv",
    "the zip": "C-ps1-123.zip",
}


def download(system: str, folder: str = "", count: int = 3, start: int = 1) -> list[str]:
    """Files of a class, for some layout, in `folder`."""
    return [
        folder + SLOTS[system].format(name=f"s{n}", id=f"5123{n}", n=n, file="ps1")
        for n in range(start, start + count)
    ]


@pytest.mark.parametrize("system", SLOTS)
@pytest.mark.parametrize("stray", [*STRAYS, "a notebook"])
def test_a_file_beside_the_download_changes_no_id(tmp_path: Path, system: str, stray: str) -> None:
    """Whatever lies beside the folder that was unpacked, the class keeps its ids."""
    files = download(system, "C-ps1-123/")
    before = found(tmp_path / "hw", *files)
    if stray in STRAYS:
        after = found(tmp_path / "hw", STRAYS[stray])
        assert clear(after) == clear(before)
        assert after.layouts == before.layouts
    elif system != "folders":
        after = found(tmp_path / "hw", "solution.ipynb")
        assert clear(after) == {**clear(before), "solution": "solution.ipynb"}
        assert after.layouts == before.layouts


@pytest.mark.parametrize("stray", STRAYS.values())
def test_a_file_beside_a_gradescope_export_changes_no_id(tmp_path: Path, stray: str) -> None:
    """Its metadata are still found."""
    export = [f"C-ps1-123/submission_{n}/ps1.py" for n in range(3)]
    lay(tmp_path, *export, f"C-ps1-123/{METADATA}", stray)
    text = "".join(SUBMITTER.format(n=n) for n in range(3))
    (tmp_path / "C-ps1-123" / METADATA).write_text(text)
    assert set(clear(discover([tmp_path]))) == {"110", "111", "112"}
    beside = found(tmp_path, "solution.ipynb")
    assert any("an export of Gradescope is read by itself" in note for note in beside.notes)


def test_nbgrader_s_folder_with_a_file_beside_it(tmp_path: Path) -> None:
    """The folders in it are the students."""
    discovery = found(tmp_path, "submitted/jane/ps1/x.py", "submitted/roe/ps1/x.py", "notes.txt")
    assert set(clear(discovery)) == {"jane", "roe"}


@pytest.mark.parametrize("system", [name for name in SLOTS if name != "folders"])
@pytest.mark.parametrize("sizes", [(2, 2), (2, 3, 1), (2, 1, 1)])
def test_sections_of_a_system_swallow_nobody(
    tmp_path: Path, system: str, sizes: tuple[int, ...]
) -> None:
    """Each keeps the system's id; where Canvas's names could be one student's, an id by itself."""
    files: list[str] = []
    for number, size in enumerate(sizes):
        files += download(system, f"g{number}/", size, len(files) + 1)
    discovery = found(tmp_path, *files)
    assert len(clear(discovery)) == sum(sizes)
    if not (system == "canvas" and sizes == (2, 1, 1)):
        assert set(clear(discovery)) == set(
            clear(found(tmp_path / "flat", *download(system, count=sum(sizes))))
        )


def test_staff_can_say_that_sections_are_canvas_s(tmp_path: Path) -> None:
    """Where they are too small to tell."""
    lay(tmp_path, *download("canvas", "gA/", 2), *download("canvas", "gB/", 1, 3))
    lay(tmp_path, *download("canvas", "gC/", 1, 4))
    discovery = discover([tmp_path], layout="canvas")
    assert set(clear(discovery)) == {"51231", "51232", "51233", "51234"}


@pytest.mark.parametrize("system", [name for name in SLOTS if name != "folders"])
@pytest.mark.parametrize(
    "name", ["roe", "s1_51231_90001", "s1_51231_90001_x", "s1_51231_90001" + "_1" * 60]
)
def test_a_section_among_students_folders_swallows_nobody(
    tmp_path: Path, system: str, name: str
) -> None:
    """Whatever one of its students is called, the other has an entry, and nobody else a new id."""
    plain = ["anna/ps1.py", "bert/ps1.py", "cy/ps1.py"]
    section = ["gA/" + SLOTS[system].format(name="s1", id="51231", n=1, file="ps1")]
    section.append("gA/" + SLOTS[system].format(name=name, id="51232", n=2, file="ps1"))
    discovery = found(tmp_path, *plain, *section)
    assert len(discovery.hand_ins) == 5
    assert {"anna", "bert", "cy"} <= set(clear(discovery))
    assert discovery.layouts == ("folders",)
    assert any("several students in gA" in note for note in discovery.notes)


@pytest.mark.parametrize(
    "files",
    [
        ("anna/ps1_2_1_a.py", "anna/ps1_3_2_b.py", "bert/x.py"),
        ("anna/hw_3012345_20261127.py", "anna/x_3012345_20261128_b.py", "bert/x.py"),
        ("anna/ps1_27_11_2026_a.py", "anna/ps1_30_12_2026_a.py", "bert/x.py"),
        ("anna/a_1_20261127_x.py", "anna/a_2_20261128_x.py", "bert/x.py"),
    ],
)
def test_a_student_s_own_numbers_make_no_section(tmp_path: Path, files: tuple[str, ...]) -> None:
    """Items, versions, dates and the student's number."""
    assert set(clear(discover([lay(tmp_path, *files)]))) == {"anna", "bert"}


@pytest.mark.parametrize("others", [1, 3])
@pytest.mark.parametrize("system", [name for name in SLOTS if name != "folders"])
def test_one_student_s_folder_makes_no_system(tmp_path: Path, system: str, others: int) -> None:
    """However many of a system's names it holds: others keep their ids, and are in no conflict."""
    plain = ["51231", "anna", "bert"][:others]
    discovery = found(tmp_path, *(f"{name}/ps1.py" for name in plain), *download(system, "eve/", 9))
    assert set(plain) <= set(clear(discovery))
    assert not contested(discovery)
    assert discovery.layouts == ("folders",)


@pytest.mark.parametrize("system", [name for name in SLOTS if name != "folders"])
@pytest.mark.parametrize("prefixes", [("", "eve/"), ("gA/", "eve/")])
def test_a_folder_added_by_hand_replaces_nobody(
    tmp_path: Path, system: str, prefixes: tuple[str, str]
) -> None:
    """One system's name in it is another student's id: both are kept, until staff decide."""
    files = download(system, prefixes[0], 4) + download(system, "gB/", 2, 5)
    before = clear(found(tmp_path / "1", *files))
    eve = SLOTS[system].format(name="s2", id="51232", n=9, file="eve")
    discovery = found(tmp_path / "2", *files, prefixes[1] + eve)
    after = clear(discovery)
    assert all("51232" in student for student in before.keys() - after.keys())
    assert all(file == before.get(student, file) for student, file in after.items())
    assert len(discovery.hand_ins) == 7


def test_a_stray_in_a_section_is_a_student_of_its_own(tmp_path: Path) -> None:
    """By its path, and told of."""
    discovery = found(
        tmp_path, *download("moodle", "gA/", 3), *download("moodle", "gB/", 2, 4), "gA/by_hand.py"
    )
    assert set(clear(discovery)) == {*(f"5123{n}" for n in range(1, 6)), "gA/by_hand"}
    assert any("not named as moodle does" in note for note in discovery.notes)


def test_an_only_folder_that_may_be_a_class_is_told_of(tmp_path: Path) -> None:
    """Bert has submitted a PDF alone."""
    discovery = found(tmp_path, "class/anna.ipynb", "class/bert.pdf")
    assert set(clear(discovery)) == {"class"}
    assert any("check who is who" in note for note in discovery.notes)


def test_gradescope_s_folders_without_metadata_are_told_of(tmp_path: Path) -> None:
    """Their names are no ids that anybody knows."""
    discovery = found(tmp_path, "submission_1/a.py", "submission_2/a.py")
    assert any("export it from Gradescope again" in note for note in discovery.notes)
    lay(tmp_path, METADATA, "anna/a.py", "bert/a.py", "cy/a.py")
    strays: Discovery = discover([tmp_path])
    assert any("--layout gradescope would" in note for note in strays.notes)
