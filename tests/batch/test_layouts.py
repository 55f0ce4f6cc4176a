"""grader/batch/{recognise,canvas,moodle,blackboard,...}.py: a small class of each system."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.batch.discover import Discovery, discover
from grader.errors import UsageError

NOTHING = "no notebook and no module was submitted"


@dataclass(frozen=True)
class Case:
    """A download, and what each of its students has submitted."""

    layout: str
    files: tuple[str, ...]
    """Paths; what is behind a bar is the content."""
    students: dict[str, tuple[str, str, int, bool] | None]
    """Id to name, file, attempt and lateness; None where another module chooses the file."""
    notes: tuple[str, ...] = ()
    """What notes say."""


BLACKBOARD = "Problem Set 1_{}_attempt_2024-03-0{}-12-30-45"
CASES = {
    "canvas": Case(
        "canvas",
        (
            "doejane_4001_90001_ps1.ipynb",
            "doejane_4001_90005_ps1-1.ipynb",
            "roe_LATE_4002_90002_my ps1.py",
            "typist_LATE_4003_text.html|<p>here</p>",
            "linker_4004_link.html|<a>there</a>",
        ),
        {
            "4001": ("doejane", "ps1-1.ipynb", 2, False),
            "4002": ("roe", "my ps1.py", 1, True),
            "4003": ("typist", "text.html (a text typed into Canvas)", 1, True),
            "4004": ("linker", "link.html (a link typed into Canvas)", 1, False),
        },
    ),
    "canvas, anonymous": Case(
        "canvas-anonymous",
        (
            "anon_x1Y2z_90001_ps1.ipynb",
            "anon_x1Y2z_90005_ps1-1.ipynb",
            "LATE_anon_12345_90002_ps1_2024_03_01.py",
            "anon_abcde_text.html|<p>here</p>",
        ),
        {
            "anon_x1Y2z": ("", "ps1-1.ipynb", 2, False),
            "anon_12345": ("", "ps1_2024_03_01.py", 1, True),
            "anon_abcde": ("", "text.html (a text typed into Canvas)", 1, False),
        },
    ),
    "moodle": Case(
        "moodle",
        (
            "Jane Doe_1234567_assignsubmission_file_/ps1.ipynb",
            "Max Roe_1234568_assignsubmission_onlinetext_/onlinetext.html|<p>here</p>",
            "stray.py",
        ),
        {
            "1234567": ("Jane Doe", "ps1.ipynb", 1, False),
            "1234568": ("Max Roe", "onlinetext.html", 1, False),
            "stray": ("", "stray.py", 1, False),
        },
        ("not named as moodle does, a student's each if any: stray.py",),
    ),
    "blackboard": Case(
        "blackboard",
        (
            f"{BLACKBOARD.format('j_doe', 1)}.txt|Name: Jane (JD) Doe (j_doe)\r\nAssignment: x\r\n",
            f"{BLACKBOARD.format('j_doe', 1)}_ps1.ipynb",
            f"{BLACKBOARD.format('j_doe', 2)}.txt|Name: Jane (JD) Doe (j_doe)\nAssignment: x\n",
            f"{BLACKBOARD.format('j_doe', 2)}_ps1_2024_03_01.ipynb",
            f"{BLACKBOARD.format('roe', 3)}_my_ps1.py",
            f"{BLACKBOARD.format('typist', 3)}.txt|Name: Ty Pist (typist)\nSubmission Field:\nx\n",
        ),
        {
            "j_doe": ("Jane (JD) Doe", "ps1_2024_03_01.ipynb", 2, False),
            "roe": ("", "my_ps1.py", 1, False),
            "typist": ("Ty Pist", "", 1, False),
        },
    ),
    "blackboard in Dutch, one student": Case(
        "blackboard",
        ("Opdracht_1_jdoe_poging_2024-03-01-12-30-45_ps1.ipynb",),
        {"jdoe": ("", "ps1.ipynb", 1, False)},
    ),
    "brightspace": Case(
        "brightspace",
        (
            "Problem Set 1/39786-6406 - Jane Doe - Mar 1, 2024 1130 AM/ps1.ipynb",
            "Problem Set 1/39786-6406 - Jane Doe - Mar 1, 2024 1230 PM/ps1 final.ipynb",
            "Problem Set 1/39787-6406 - 23304308 Roe - x - 05 March 2026 612 PM/src/ps1.py",
            "Problem Set 1/39788-6406 - Sol O - 2 mars 2024 1423/ps1.pdf",
            "Problem Set 1/index.html|<html>",
        ),
        {
            "39786": ("Jane Doe", "ps1 final.ipynb", 2, False),
            "39787": ("23304308 Roe - x", "ps1.py", 1, False),
            "39788": ("Sol O", "ps1.pdf", 1, False),
        },
    ),
    "brightspace without folders": Case(
        "brightspace",
        (
            "39786-6406 - Jane Doe - Mar 1, 2024 1230 PM - ps1.ipynb",
            "39786-6406 - Jane Doe - Mar 1, 2024 130 AM - ps1_1_2.ipynb",
            "39787-6406 - Max Roe - Mar 2, 2024 1230 PM-a - b_12_13_c.py",
        ),
        {
            "39786": ("Jane Doe", "ps1.ipynb", 2, False),
            "39787": ("Max Roe", "a - b_12_13_c.py", 1, False),
        },
    ),
    "nbgrader's exchange": Case(
        "nbgrader",
        (
            "inbound/jane+Problem Set 1+2024-03-01 12:30:45.123456 UTC+aB_-x/ps1.ipynb",
            "inbound/jane+Problem Set 1+2024-03-01 12:30:45.123456 UTC+aB_-x/timestamp.txt|2024",
            "inbound/jane+Problem Set 1+2024-03-02 12:30:45.123456 UTC+Cd3/ps1.ipynb",
            "inbound/roe+Problem Set 1+2024-03-02 12:30:45 UTC/ps1.ipynb",
            "inbound/roe+Problem Set 2+2024-03-05 12:30:45 UTC+ef/ps2.ipynb",
        ),
        {"jane": ("", "ps1.ipynb", 2, False), "roe": ("", "ps1.ipynb", 1, False)},
        ("only `nbgrader collect` checks", "left out with their students: Problem Set 2 (1)"),
    ),
    "nbgrader's submitted folder": Case(
        "folders",
        (
            "submitted/jane/ps1/ps1.ipynb",
            "submitted/jane/ps1/timestamp.txt|2024",
            "submitted/roe/ps1/ps1.ipynb",
            "submitted/roe/ps1/plots.py",
        ),
        {"jane": ("", "ps1.ipynb", 1, False), "roe": ("", "ps1.ipynb", 1, False)},
    ),
    "nbgrader's course folder, one student": Case(
        "folders",
        (
            "course/submitted/jane/ps1/ps1.ipynb",
            "course/source/ps1/ps1.ipynb",
            "course/release/ps1/ps1.ipynb",
            "course/gradebook.db|x",
        ),
        {"jane": ("", "ps1.ipynb", 1, False)},
        ("nbgrader's course folder: submitted alone is graded",),
    ),
    "folders with a shared inner part, and one with more": Case(
        "folders",
        ("anna/ps1/ps1.py", "bert/ps1/ps1.py", "cy/old/ps1.py", "cy/ps1/ps1.py"),
        dict.fromkeys(("anna", "bert", "cy"), ("", "ps1.py", 1, False)),
        ("others look different: cy",),
    ),
    "folders with two modules each": Case(
        "folders",
        ("anna/solution.py", "anna/utils.py", "bert/solution.py", "bert/utils.py", "cy.py"),
        {"anna": None, "bert": None, "cy": ("", "cy.py", 1, False)},
        ("check who is who: folders are taken for one student each", "--layout files"),
    ),
    "folders with sources and tests": Case(
        "folders",
        tuple(f"{name}/{part}.py" for name in ("anna", "bert") for part in ("src/a", "tests/b")),
        {"anna": None, "bert": None},
        ("check who is who", "--layout sections"),
    ),
    "folders with the times of ILIAS": Case(
        "folders",
        (
            "Doe_Jane_jdoe_1234/20260301123045_ps1.ipynb|a longer, earlier one",
            "Doe_Jane_jdoe_1234/20260302123045_ps1.ipynb",
            "Roe_Max_mroe_1235/20260301123046_ps1.ipynb",
            "Roe_Max_mroe_1235/20260305123046_ps1.ipynb",
        ),
        {
            "Doe_Jane_jdoe_1234": ("", "20260302123045_ps1.ipynb", 1, False),
            "Roe_Max_mroe_1235": ("", "20260305123046_ps1.ipynb", 1, False),
        },
    ),
    "sections of student folders": Case(
        "sections",
        ("a/anna/ps1/ps1.py", "a/bert/ps1.py", "a/b.py", "b/anna/ps1.py", "b/carl/ps1.py"),
        {
            **{
                f"{section}/{name}": ("", "ps1.py", 1, False)
                for section, name in (("a", "anna"), ("a", "bert"), ("b", "anna"), ("b", "carl"))
            },
            "a/b": ("", "b.py", 1, False),
        },
    ),
    "sections of few": Case(
        "files",
        ("a/anna.py", "a/bert.py", "b/anna.py", "b/carl.py"),
        {
            f"{section}/{name}": ("", f"{name}.py", 1, False)
            for section, name in (("a", "anna"), ("a", "bert"), ("b", "anna"), ("b", "carl"))
        },
        ("check who is who", "--layout folders or --layout sections"),
    ),
}


def lay(folder: Path, *files: str) -> Path:
    for text in files:
        name, _, content = text.partition("|")
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content or "x = 1", newline="")
    return folder


def read(discovery: Discovery) -> dict[str, tuple[str, str, int, bool]]:
    return {
        one.student: (one.name, one.file, one.attempt, one.late)
        for one in discovery.hand_ins
        if not one.contested
    }


@pytest.mark.parametrize("name", CASES)
def test_a_class_is_read_as_its_system_names_it(tmp_path: Path, name: str) -> None:
    """Id, name, file, attempt and lateness of each student, and nobody twice."""
    case = CASES[name]
    discovery = discover([lay(tmp_path, *case.files)])
    assert discovery.layouts == (case.layout,)
    found = read(discovery)
    assert found == {key: told or found.get(key) for key, told in case.students.items()}
    assert len(discovery.hand_ins) == len(case.students)
    for text in case.notes:
        assert any(text in note for note in discovery.notes), discovery.notes
    for one in discovery.hand_ins:
        if one.member is None:
            assert one.notes[0].startswith(NOTHING)


FORCED = {
    "folders": (("anna/x.py", "anna/y.py", "b/x.py"), {"anna", "b"}),
    "files": (("anna/x.py", "anna/y.py", "b/x.py"), {"anna/x", "anna/y", "b/x"}),
    "sections": (("s/anna/x.py", "s/bert/x.py", "t/anna/x.py"), {"s/anna", "s/bert", "t/anna"}),
    "canvas": (("a_4001_90001_x.py", "b.py", "c.py", "d.py"), {"4001", "b", "c", "d"}),
    "moodle": (("A_12_assignsubmission_file_/x.py", "b.py", "c.py"), {"12", "b", "c"}),
}


@pytest.mark.parametrize("layout", FORCED)
def test_staff_can_say_how_it_is_laid_out(tmp_path: Path, layout: str) -> None:
    """And then it is read so, a folder around everything left out as ever."""
    files, students = FORCED[layout]
    discovery = discover([lay(tmp_path, *(f"all/{file}" for file in files))], layout=layout)
    assert discovery.layouts == (layout,)
    assert set(read(discovery)) == students


def test_a_student_s_only_folder_is_none_around_all_where_staff_say_so(tmp_path: Path) -> None:
    """The folder of a class of one who has submitted two modules."""
    folder = lay(tmp_path, "anna/x.py", "anna/y.py")
    assert set(read(discover([folder], layout="folders"))) == {"anna"}
    assert set(read(discover([folder]))) == {"x", "y"}


def test_what_it_is_not_is_an_error(tmp_path: Path) -> None:
    """With the names that there are, and never a class without ids."""
    folder = lay(tmp_path, "anna.py", "b.py")
    for layout in ("canvas", "moodle", "blackboard", "brightspace", "nbgrader", "gradescope"):
        with pytest.raises(UsageError, match="--layout: "):
            discover([folder], layout=layout)
    with pytest.raises(UsageError, match="must be one of gradescope, canvas-anonymous, canvas"):
        discover([folder], layout="blackbaud")
