"""grader/batch/intake.py: what a run already holds is not replaced by somebody else's file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.batch.discover import discover
from grader.batch.intake import Intake, take_in
from grader.store import Entry, Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty run."""
    with open_store(tmp_path / "run", create=True) as made:
        yield made


def grade(store: Store, folder: Path, *names: str, counts: tuple[str, ...] = ()) -> Intake:
    """Take in files of these names, each with its name for content, from a folder of their own."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {name}")
    return take_in(store, discover([folder], counts).hand_ins, counts)


def held(store: Store) -> dict[str, str]:
    """Student to the id that the entry contests; empty where there is no conflict."""
    return {entry.student: entry.contested for entry in store.entries()}


def content(store: Store, student: str) -> str:
    return store.content(store.entry(student).sha256).decode()


def test_a_new_file_replaces_the_student_s_own(store: Store, tmp_path: Path) -> None:
    """A later attempt of the same person is no conflict, and the run says whose is new."""
    grade(store, tmp_path / "1", "bob_11_600_ps1.py", "cy_12_601_ps1.py")
    told = grade(store, tmp_path / "2", "bob_11_700_ps1.py", "cy_12_601_ps1.py")
    assert held(store) == {"11": "", "12": ""}
    assert content(store, "11") == "# bob_11_700_ps1.py"
    assert told.notes == ("another file than before counts of 11",)


def test_a_conflict_does_not_end_when_one_side_is_absent(store: Store, tmp_path: Path) -> None:
    """Who hands in alone later has not won: staff decide, and are told whose entries go."""
    first = ("bob/ps1.py", "amy/ps1.py", "cy/ps1.py")
    grade(store, tmp_path / "1", *first)
    grade(store, tmp_path / "2", *first, "bob.ipynb")
    both = [student for student, contested in held(store).items() if contested]
    assert len(both) == 3, "the entry of the first run is in conflict as well"
    alone = ("bob.ipynb", "amy/ps1.py", "cy/ps1.py")
    for _ in range(2):
        grade(store, tmp_path / "3", *alone)
        assert set(both) < set(held(store))
        assert content(store, "bob") == "# bob/ps1.py"
    told = grade(store, tmp_path / "3", *alone, counts=("bob (3/bob.ipynb)",))
    assert held(store) == {"amy": "", "bob": "", "cy": ""}
    assert content(store, "bob") == "# bob.ipynb"
    assert any("no longer in the run" in note and "bob (2/bob" in note for note in told.notes)


def test_staff_can_decide_for_an_absent_side(store: Store, tmp_path: Path) -> None:
    """It gets the id that it contests, and the present side is left out."""
    grade(store, tmp_path / "1", "bob/ps1.py", "bob.ipynb", "amy/ps1.py", "cy/ps1.py")
    told = grade(store, tmp_path / "2", "bob.ipynb", "amy/ps1.py", counts=("bob (1/bob)",))
    assert held(store) == {"amy": "", "bob": "", "cy": ""}
    assert content(store, "bob") == "# bob/ps1.py"
    assert any("bob (1/bob.ipynb)" in note for note in told.notes)


def test_a_conflict_stays_until_it_is_decided(store: Store, tmp_path: Path) -> None:
    """Grading again changes nothing; `counts` does, and stays decided."""
    names = ("bob/ps1.py", "amy/ps1.py", "cy/ps1.py", "bob.ipynb")
    for _ in range(2):
        grade(store, tmp_path / "1", *names)
        assert sorted(held(store).values()) == ["", "", "bob", "bob"]
    choice = next(entry.student for entry in store.entries() if entry.file == "bob.ipynb")
    for again in (False, True):
        notes = grade(store, tmp_path / "1", *names, counts=(choice,)).notes
        assert not again or not notes
        assert held(store) == {"amy": "", "bob": "", "cy": ""}
        assert content(store, "bob") == "# bob.ipynb"


def test_another_person_s_name_does_not_replace_an_earlier_run(
    store: Store, tmp_path: Path
) -> None:
    """Bob is not in the new download: a file with his number and another name is not his."""
    grade(store, tmp_path / "1", "bob_11_600_ps1.py", "cy_12_601_ps1.py")
    eve = ("eve_11_700_ps1.py", "cy_12_601_ps1.py")
    for _ in range(2):
        grade(store, tmp_path / "2", *eve)
        assert sorted(held(store).values()) == ["", "11", "11"]
        assert content(store, "11") == "# bob_11_600_ps1.py"
    grade(store, tmp_path / "2", *eve, counts=("11",))
    assert held(store) == {"11": "", "12": ""}
    assert content(store, "11") == "# bob_11_600_ps1.py"
    grade(store, tmp_path / "2", *eve, counts=("11 (canvas: eve_11)",))
    assert held(store) == {"11": "", "12": ""}
    assert content(store, "11") == "# eve_11_700_ps1.py"


def test_capitals_do_not_make_a_second_student(store: Store, tmp_path: Path) -> None:
    """Rosters are matched without them, so an earlier entry is in conflict until staff decide."""
    grade(store, tmp_path / "1", "Bob.py", "cy.py")
    for _ in range(2):
        grade(store, tmp_path / "2", "bob.py", "cy.py")
        assert held(store)["cy"] == ""
        assert sorted(held(store).values()) == ["", "Bob", "bob"]
    choice = next(one for one in held(store) if one.startswith("bob ("))
    grade(store, tmp_path / "2", "bob.py", "cy.py", counts=(choice,))
    assert held(store) == {"bob": "", "cy": ""}


def test_a_decision_for_nobody_is_told(store: Store, tmp_path: Path) -> None:
    """A slip of the pen must not look like a decision."""
    told = grade(store, tmp_path / "1", "bob.py", counts=("bod",))
    assert told.notes == ("--counts bod: nothing in conflict is called so",)


def test_what_is_forgotten_keeps_its_records(store: Store) -> None:
    """Only the entry goes; the file stays for whoever asks."""
    store.put_entries([(Entry(student="x", file="x.py", sha256="ab"), b"x = 1")])
    store.drop_entry("x")
    assert not held(store)
    assert store.content("ab") == b"x = 1"


MOODLE = "_assignsubmission_file_"
CLASS = (f"Vic Tim_1001{MOODLE}/ps1.py", f"Ann Bee_1002{MOODLE}/ps1.py")


@pytest.mark.parametrize("late", ["1001.py", "1001/ps1.py", "vic_1001_7_ps1.py"])
def test_a_number_of_another_layout_replaces_nobody(
    store: Store, tmp_path: Path, late: str
) -> None:
    """Moodle's 1001 is not whoever named a file so: both stay, whichever comes next."""
    grade(store, tmp_path / "1", *CLASS)
    for _ in range(2):
        grade(store, tmp_path / "late", late)
        assert sorted(held(store).values()) == ["", "1001", "1001"]
        assert content(store, "1001") == f"# {CLASS[0]}"
    grade(store, tmp_path / "1", *CLASS)
    assert sorted(held(store).values()) == ["", "1001", "1001"]
    grade(store, tmp_path / "1", *CLASS, counts=("1001",))
    assert held(store) == {"1001": "", "1002": ""}
    assert content(store, "1001") == f"# {CLASS[0]}"


def test_moodle_s_number_stays_with_a_new_display_name(store: Store, tmp_path: Path) -> None:
    """Groups and marriages change the name: that is told, and no conflict."""
    grade(store, tmp_path / "1", *CLASS)
    new = (f"Team B-Vic Tim_1001{MOODLE}/ps1.py", f"Ann Bee-Jones_1002{MOODLE}/ps1.py")
    told = grade(store, tmp_path / "2", *new)
    assert held(store) == {"1001": "", "1002": ""}
    assert "another display name than before: 1001, 1002" in told.notes
    assert content(store, "1001") == f"# {new[0]}"


@pytest.mark.parametrize(
    ("eve", "claimed"),
    [
        (f"Eve_7{MOODLE}x_1001", ["", "", "", ""]),
        (f"Eve_1001{MOODLE}x_7", ["", "", "1001", "1001"]),
    ],
    ids=["file name", "display name"],
)
def test_a_moodle_name_that_reads_two_ways_replaces_nobody(
    store: Store, tmp_path: Path, eve: str, claimed: list[str]
) -> None:
    """Without folders either number may be the student's own."""
    grade(store, tmp_path / "1", *CLASS)
    grade(store, tmp_path / "2", f"{eve}{MOODLE}ps1.py", f"Cy_9{MOODLE}ps1.py")
    assert sorted(held(store).values()) == claimed
    assert content(store, "1001") == f"# {CLASS[0]}"


def test_students_who_are_in_no_source_are_told_of_once(store: Store, tmp_path: Path) -> None:
    """A class that is suddenly known under other ids is in the run twice."""
    grade(store, tmp_path / "1", *(f"s{n}.py" for n in range(7)))
    told = grade(store, tmp_path / "2", "s0.py", "late.py").notes
    (note,) = [note for note in told if "not in these sources" in note]
    assert "6 students of the run not in these sources: s1, s2, s3, s4, s5 and 1 more" in note
    assert "their results stay" in note
    assert not grade(store, tmp_path / "1", *(f"s{n}.py" for n in range(7)), "late.py").notes[1:]


def test_a_name_that_is_missing_later_is_no_other_student(store: Store, tmp_path: Path) -> None:
    """Blackboard's username stays with its student, with and without the text that names him."""
    attempt = "HW 1_jdoe_attempt_2024-03-01-12-30-4"
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / f"{attempt}1.txt").write_text("Name: Jane Doe (jdoe)\n")
    grade(store, tmp_path / "1", f"{attempt}1_ps1.py")
    assert store.entry("jdoe").name == "Jane Doe"
    grade(store, tmp_path / "2", f"{attempt}2_ps1.py")
    assert held(store) == {"jdoe": ""}
    assert content(store, "jdoe") == f"# {attempt}2_ps1.py"
