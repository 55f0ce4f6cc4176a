"""grader/batch/{discover,recognise,plain,tree}.py: whose is which file, and which one counts."""

import os
import unicodedata
from pathlib import Path

import pytest

from grader.batch.discover import Discovery, HandIn, discover
from grader.batch.tree import MAX_FILE_BYTES
from grader.errors import SubmissionError, UsageError

Files = dict[str, str]


def lay(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def found(folder: Path, *names: str) -> Discovery:
    return discover([lay(folder, {name: f"# {name}" for name in names})])


def one(hand_ins: tuple[HandIn, ...]) -> HandIn:
    (only,) = hand_ins
    return only


def students(discovery: Discovery) -> dict[str, str]:
    return {hand_in.student: hand_in.file for hand_in in discovery.hand_ins}


def test_a_flat_folder_is_a_file_a_student(tmp_path: Path) -> None:
    """Notebooks and modules alike, whatever the case of their ending; others are nobody's."""
    discovery = found(tmp_path, "anna.ipynb", "bert.py", "CARL.IPYNB", "README.md")
    assert students(discovery) == {"anna": "anna.ipynb", "bert": "bert.py", "CARL": "CARL.IPYNB"}
    assert discovery.layouts == ("files",)


def test_litter_is_ignored(tmp_path: Path) -> None:
    """Checkpoints, hidden files, caches and what a Mac adds."""
    discovery = found(
        tmp_path,
        "anna.ipynb",
        ".ipynb_checkpoints/anna-checkpoint.ipynb",
        ".hidden.py",
        "__pycache__/x.py",
        "__MACOSX/._anna.ipynb",
        "._anna.ipynb",
    )
    assert students(discovery) == {"anna": "anna.ipynb"}


def test_a_folder_for_each_student(tmp_path: Path) -> None:
    """The folder names the student; files below it are the student's too."""
    discovery = found(
        tmp_path, "anna/ps1.ipynb", "anna/src/helper.py", "bert/ps1.py", "carl/ps1.ipynb"
    )
    assert students(discovery) == {"anna": "ps1.ipynb", "bert": "ps1.py", "carl": "ps1.ipynb"}
    assert discovery.layouts == ("folders",)
    told = ("graded: ps1.ipynb, the notebook; not graded: helper.py",)
    assert discovery.hand_ins[0].notes == told


def test_a_student_folder_without_a_notebook_is_named(tmp_path: Path) -> None:
    """Who handed in a scan alone is not forgotten."""
    discovery = found(tmp_path, "anna/ps1.ipynb", "bert/scan.pdf", "bert/images/1.png")
    bert = discovery.hand_ins[1]
    assert (bert.student, bert.member) == ("bert", None)
    (told,) = bert.notes
    assert told == (
        "no notebook and no module was submitted, only 1.png (a picture), scan.pdf (a PDF); submit "
        "the notebook (.ipynb) or the module (.py) itself"
    )


def test_folders_of_sections_hold_a_file_a_student(tmp_path: Path) -> None:
    """Where folders hold many notebooks, the files are the students'; equal names stay apart."""
    discovery = found(
        tmp_path, "a/anna.ipynb", "a/bert.ipynb", "a/carl.py", "b/anna.ipynb", "b/dora.ipynb"
    )
    assert set(students(discovery)) == {"a/anna", "a/bert", "a/carl", "b/anna", "b/dora"}


def test_sections_of_student_folders(tmp_path: Path) -> None:
    """Two levels of folders keep students of the same name apart."""
    discovery = found(tmp_path, "a/anna/ps1.ipynb", "b/anna/ps1.ipynb", "b/bert/ps1.ipynb")
    assert set(students(discovery)) == {"a/anna", "b/anna", "b/bert"}


def test_a_folder_around_everything_is_no_student(tmp_path: Path) -> None:
    """Archives often begin with one."""
    assert set(students(found(tmp_path, "export/anna.ipynb", "export/bert.ipynb"))) == {
        "anna",
        "bert",
    }


def test_one_student_folder_is_a_student(tmp_path: Path) -> None:
    """A single folder with a single notebook is not taken for a wrapper."""
    assert set(students(found(tmp_path, "anna/ps1.ipynb"))) == {"anna"}


def test_canvas_names_say_who_and_late(tmp_path: Path) -> None:
    """Id, name, lateness and the file's own name come from Canvas's file names."""
    discovery = found(
        tmp_path, "doejane_1234_99001_ps1.ipynb", "roeš_LATE_1235_99002_my ps1_v2.ipynb"
    )
    jane, roe = discovery.hand_ins
    assert (jane.student, jane.name, jane.late, jane.file) == (
        "1234",
        "doejane",
        False,
        "ps1.ipynb",
    )
    assert (roe.student, roe.name, roe.late, roe.file) == ("1235", "roeš", True, "my ps1_v2.ipynb")
    assert discovery.layouts == ("canvas",)


def test_canvas_attempts_the_latest_counts(tmp_path: Path) -> None:
    """Canvas counts a file that is handed in again up; the others are named."""
    anna = found(
        tmp_path,
        "a_1_10_ps1.ipynb",
        "a_1_11_ps1-1.ipynb",
        "a_1_12_ps1-10.ipynb",
        "a_1_13_ps1-2.ipynb",
    ).hand_ins
    assert (one(anna).file, one(anna).attempt) == ("ps1-10.ipynb", 11)
    assert one(anna).notes[0] == (
        "attempt 11 is graded; earlier attempts: ps1-1.ipynb, ps1-2.ipynb, ps1.ipynb"
    )


def test_a_number_in_everybody_s_name_is_no_attempt(tmp_path: Path) -> None:
    """A set that is called hw-1 is not handed in for the second time."""
    discovery = found(tmp_path, "a_1_10_hw-1.ipynb", "b_2_11_hw-1.ipynb")
    assert [hand_in.attempt for hand_in in discovery.hand_ins] == [1, 1]


def test_a_later_helper_module_does_not_replace_the_notebook(tmp_path: Path) -> None:
    """Of two different files the notebook counts, and the module is named."""
    anna = found(tmp_path, "a_1_10_ps1.ipynb", "a_1_12_helper.py", "a_1_13_helper-1.py").hand_ins
    assert one(anna).file == "ps1.ipynb"
    assert one(anna).notes[0] == (
        "graded: ps1.ipynb, the notebook; not graded: helper-1.py, helper.py"
    )


def test_a_notebook_s_own_export_does_not_replace_it(tmp_path: Path) -> None:
    """A module of the same name, uploaded after it in the same attempt, is the notebook's."""
    anna = found(tmp_path, "a_1_10_ps1.ipynb", "a_1_11_ps1.py").hand_ins
    assert one(anna).file == "ps1.ipynb"
    again = found(tmp_path, "b_2_10_ps1.ipynb", "b_2_12_ps1-1.py").hand_ins[1]
    assert (again.file, again.attempt) == ("ps1-1.py", 2)


@pytest.mark.parametrize("size", [1, 2, 3, 30])
def test_a_stray_file_is_noted_and_the_class_is_still_canvas_s(tmp_path: Path, size: int) -> None:
    """Ids, attempts and lateness of the others stay, however small the class is."""
    names = [f"student{n}_{4000 + n}_{90000 + n}_ps1.ipynb" for n in range(size)]
    discovery = found(tmp_path, *names, "solution.ipynb")
    assert set(students(discovery)) == {*(f"{4000 + n}" for n in range(size)), "solution"}
    assert discovery.layouts == ("canvas",)
    assert any(
        "not named as canvas does" in note and "solution" in note for note in discovery.notes
    )


def test_a_class_of_strays_is_not_canvas_s(tmp_path: Path) -> None:
    """One name among several is no system's, and the run says how to read it so."""
    discovery = found(tmp_path, "ann_4001_90001_ps1.ipynb", "bert.ipynb", "carl.ipynb")
    assert set(students(discovery)) == {"ann_4001_90001_ps1", "bert", "carl"}
    assert any("--layout canvas" in note for note in discovery.notes)


@pytest.mark.parametrize("name", ["{}_2026_11_27.py", "ps_1_2_{}.py"])
def test_dates_and_titles_are_not_canvas_s(tmp_path: Path, name: str) -> None:
    """What all files have in common is no number of a student."""
    discovery = found(tmp_path, name.format("ann"), name.format("bert"))
    assert len(discovery.hand_ins) == 2
    assert discovery.layouts == ("files",)


def test_moodle_folders_say_who(tmp_path: Path) -> None:
    """Names with underscores, hyphens and other letters; the number is the identifier."""
    discovery = found(
        tmp_path,
        "Jane Doe_1234567_assignsubmission_file_/ps1.ipynb",
        "Jane Doe_1234567_assignsubmission_onlinetext_/onlinetext.html",
        "Łukasz O_Neil-Ng_1234568_assignsubmission_file/sub/ps1.py",
        "李雷_1234569_assignsubmission_file_/scan.pdf",
    )
    told = [(one.student, one.name, one.file) for one in discovery.hand_ins]
    assert told == [
        ("1234567", "Jane Doe", "ps1.ipynb"),
        ("1234568", "Łukasz O_Neil-Ng", "ps1.py"),
        ("1234569", "李雷", "scan.pdf"),
    ]
    assert discovery.hand_ins[2].member is None
    assert discovery.layouts == ("moodle",)


def test_moodle_files_without_folders_say_who(tmp_path: Path) -> None:
    """Moodle can leave the folders out and put all in the file's name."""
    discovery = found(
        tmp_path,
        "Jane Doe_12_assignsubmission_file_ps1.ipynb",
        "Max Roe_13_assignsubmission_file_my_ps1.py",
    )
    told = [(one.student, one.name, one.file) for one in discovery.hand_ins]
    assert told == [("12", "Jane Doe", "ps1.ipynb"), ("13", "Max Roe", "my_ps1.py")]


GRADESCOPE = """---
submission_101:
  :submitters:
  - :name: Jane Doe
    :sid: 0123
    :email: jane@example.org
  - :name: 'Roe, "Max" =cmd()'
    :sid:
    :email: max@example.org
  :created_at: 2026-09-09 18:24:15.553180000 Z
  :score: 0.0
  :history:
  - :id: 90
    :created_at: 2026-09-08 18:24:15.553180000 Z
submission_102:
  :submitters:
  - :name: Ana
    :sid: null
  :created_at: 2026-09-09 18:24:15.553180000 Z
"""


def test_gradescope_metadata_says_who(tmp_path: Path) -> None:
    """Each of a group has a hand-in; a number keeps its zeros; attempts come from the history."""
    lay(
        tmp_path,
        {
            "assignment_7_export/submission_metadata.yml": GRADESCOPE,
            "assignment_7_export/submission_101/ps1.ipynb": "{}",
            "assignment_7_export/submission_102/work/ps1.py": "x = 1",
            "assignment_7_export/submission_103/ps1.py": "x = 1",
        },
    )
    discovery = discover([tmp_path])
    told = [(one.student, one.name, one.file, one.attempt) for one in discovery.hand_ins]
    assert told == [
        ("0123", "Jane Doe", "ps1.ipynb", 2),
        ("max@example.org", 'Roe, "Max" =cmd()', "ps1.ipynb", 2),
        ("name:Ana", "Ana", "ps1.py", 1),
        ("submission_103", "", "ps1.py", 1),
    ]
    assert discovery.layouts == ("gradescope",)
    assert any("submission_103" in note for note in discovery.notes)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "!!python/object:os.system {}\n- x: ]"])
def test_damaged_gradescope_metadata_is_an_error(tmp_path: Path, text: str) -> None:
    """Nobody is graded under a wrong name."""
    lay(tmp_path, {"submission_metadata.yml": text, "submission_1/ps1.py": "x = 1"})
    with pytest.raises(UsageError, match="export it again"):
        discover([tmp_path])


def test_named_files_are_somebody_s_each(tmp_path: Path) -> None:
    """Their stems name them; a single one is never taken for Canvas's."""
    lay(tmp_path, {"a_1_10_ps1.ipynb": "{}", "b.py": ""})
    single = discover([tmp_path / "a_1_10_ps1.ipynb"])
    assert students(single) == {"a_1_10_ps1": "a_1_10_ps1.ipynb"}
    many = discover([tmp_path / "b.py", tmp_path / "a_1_10_ps1.ipynb"])
    assert set(students(many)) == {"1", "b"}, "several are read as a folder of them would be"


def test_named_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    """As a shell's `*/ps1.ipynb` gives them."""
    lay(tmp_path, {"anna/ps1.ipynb": "{}", "bert/ps1.ipynb": "{}"})
    discovery = discover([tmp_path / "bert" / "ps1.ipynb", tmp_path / "anna" / "ps1.ipynb"])
    assert set(students(discovery)) == {"anna", "bert"}


def test_two_places_keep_their_students_apart(tmp_path: Path) -> None:
    """File names may be equal by chance, so staff decide; a system's numbers are not."""
    lay(tmp_path, {"one/anna.py": "", "two/anna.py": "", "two/bert.py": ""})
    discovery = discover([tmp_path / "one", tmp_path / "two"])
    assert set(students(discovery)) == {"anna (one/anna.py)", "anna (two/anna.py)", "bert"}
    assert {one.contested for one in discovery.hand_ins} == {"anna", ""}
    lay(
        tmp_path,
        {"m1/J_12_assignsubmission_file_/ps1.py": "", "m1/K_13_assignsubmission_file_/ps1.py": ""},
    )
    lay(tmp_path, {"m2/J_12_assignsubmission_file_/ps1.ipynb": "{}"})
    moodle = discover([tmp_path / "m1", tmp_path / "m2"])
    assert students(moodle) == {"12": "ps1.ipynb", "13": "ps1.py"}


def test_links_and_pipes_are_not_read(tmp_path: Path) -> None:
    """A link could lead anywhere on the machine; a pipe would wait for ever."""
    lay(tmp_path, {"anna.py": "", "elsewhere/secret.py": "password = 1"})
    hand_ins = lay(tmp_path / "hand-ins", {"anna.py": ""})
    (hand_ins / "eve.py").symlink_to(tmp_path / "elsewhere" / "secret.py")
    (hand_ins / "eve").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(hand_ins / "fifo.py")
    discovery = discover([hand_ins])
    assert set(students(discovery)) == {"anna"}
    assert len(discovery.notes) == 3


def test_a_link_that_a_person_names_is_followed(tmp_path: Path) -> None:
    """Naming it is asking for it."""
    lay(tmp_path, {"ps1.py": "x = 1"})
    (tmp_path / "link.py").symlink_to(tmp_path / "ps1.py")
    member = one(discover([tmp_path / "link.py"]).hand_ins).member
    assert member is not None
    assert member.read() == b"x = 1"


def test_odd_names_stay_as_they_are(tmp_path: Path) -> None:
    """Commas, quotes, formulas and other alphabets; only what is no UTF-8 becomes an escape."""
    names = ["=cmd()", 'O\'Brien, "Šimon"', "Олена", "<script>"]
    discovery = found(tmp_path, *(f"{name}.py" for name in names))
    (tmp_path / os.fsdecode(b"\xff\xfe.py")).write_text("")
    assert set(students(discovery)) == set(names)
    assert "\\udcff\\udcfe" in students(discover([tmp_path]))


def test_names_are_composed(tmp_path: Path) -> None:
    """The same name from a Mac and from Linux is the same student."""
    decomposed = unicodedata.normalize("NFD", "Zoë")
    assert set(students(found(tmp_path, f"{decomposed}.py"))) == {"Zoë"}


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    """An empty folder, a missing one and another kind of file each say what is wrong."""
    with pytest.raises(UsageError, match="holds no notebook"):
        discover([lay(tmp_path, {"notes.txt": "x"})])
    with pytest.raises(UsageError, match="no such file"):
        discover([tmp_path / "missing"])
    with pytest.raises(UsageError, match="not a notebook"):
        discover([tmp_path / "notes.txt"])


def test_a_huge_file_is_refused_when_it_is_read(tmp_path: Path) -> None:
    """It is that student's fault alone, and never read whole."""
    with (tmp_path / "anna.py").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    member = one(discover([tmp_path]).hand_ins).member
    assert member is not None
    with pytest.raises(SubmissionError, match="larger than 100 MiB; clear the outputs"):
        member.read()
