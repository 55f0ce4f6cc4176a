"""Downloads in which a student tries to take another's place, name by name and folder by folder."""

import zipfile
from pathlib import Path

import pytest

from grader.batch.discover import Discovery, discover
from grader.batch.tree import MAX_DEPTH
from grader.names import LONGEST_NAME

MOODLE = "_assignsubmission_file_"


def lay(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {name}")
    return folder


def found(folder: Path, *names: str, counts: tuple[str, ...] = ()) -> Discovery:
    return discover([lay(folder, *names)], counts)


def clear(discovery: Discovery) -> dict[str, str]:
    """Student to file, of those that nothing else claims."""
    return {one.student: one.file for one in discovery.hand_ins if not one.contested}


def contested(discovery: Discovery) -> dict[str, str]:
    """Id in conflict to the id that is claimed."""
    return {one.student: one.contested for one in discovery.hand_ins if one.contested}


# Moodle


def test_moodle_a_display_name_takes_nobody_s_number(tmp_path: Path) -> None:
    """The last number in the folder's name is Moodle's, those before it the student's."""
    discovery = found(
        tmp_path,
        f"Bob_1000001{MOODLE}/ps1.ipynb",
        f"Eve_1000001{MOODLE}_7{MOODLE}/eve.ipynb",
        f"Mal\n_1000001{MOODLE}_8{MOODLE}/mal.ipynb",
    )
    assert clear(discovery) == {"1000001": "ps1.ipynb", "7": "eve.ipynb", "8": "mal.ipynb"}


def test_moodle_digits_are_those_of_moodle(tmp_path: Path) -> None:
    """Digits of other scripts are letters of a display name."""
    discovery = found(tmp_path, f"Eve_١٢{MOODLE}_7{MOODLE}/a.py", f"Bob_12{MOODLE}/b.py")
    assert clear(discovery) == {"7": "a.py", "12": "b.py"}


def test_moodle_a_long_display_name_keeps_its_number(tmp_path: Path) -> None:
    """Names are cut after they are read, and a zip's may be very long."""
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"Eve_1000001{MOODLE}{'x' * 5000}_7{MOODLE}/a.py", "")
        archive.writestr(f"Bob_1000001{MOODLE}/b.py", "")
    discovery = discover([file])
    assert clear(discovery) == {"7": "a.py", "1000001": "b.py"}
    assert max(len(one.name) for one in discovery.hand_ins) <= LONGEST_NAME


@pytest.mark.parametrize(
    ("eve", "claimed"),
    [
        (f"Eve_1000001{MOODLE}_7{MOODLE}ps1.ipynb", ["1000001", "1000001"]),
        (f"Eve_7{MOODLE}x_1000001{MOODLE}ps1.ipynb", ["7"]),
    ],
    ids=["display name", "file name"],
)
def test_moodle_a_flat_name_that_reads_two_ways_is_a_conflict(
    tmp_path: Path, eve: str, claimed: list[str]
) -> None:
    """Without folders a student controls both ends: nobody's points are given for such a name."""
    discovery = found(
        tmp_path, f"Bob_1000001{MOODLE}ps1.ipynb", eve, f"Cy_9{MOODLE}Cy_9{MOODLE}ps1.ipynb"
    )
    assert list(contested(discovery).values()) == claimed
    assert {"9", "1000001"} - set(claimed) == set(clear(discovery))
    assert clear(discovery)["9"] == "ps1.ipynb"


def test_moodle_one_flat_name_does_not_put_a_class_in_conflict(tmp_path: Path) -> None:
    """Who has a file of a certain name keeps it, however many numbers somebody writes down."""
    honest = [f"s{n}_{1000 + n}{MOODLE}ps1.ipynb" for n in range(5)]
    marks = "".join(f"_{1000 + n}{MOODLE}" for n in range(5))
    for number, eve in enumerate([f"x_7{MOODLE}{marks}y.ipynb", f"x{marks}x_7{MOODLE}y.ipynb"]):
        discovery = found(tmp_path / str(number), *honest, eve)
        assert len(clear(discovery)) == 5 - number
        assert all(file == "ps1.ipynb" for file in clear(discovery).values())


def test_moodle_who_has_no_certain_file_is_in_conflict(tmp_path: Path) -> None:
    """Of two files that name the same two students, either may be each one's."""
    discovery = found(
        tmp_path, f"a_1{MOODLE}b_2{MOODLE}x.py", f"c_2{MOODLE}d_1{MOODLE}x.py", f"e_3{MOODLE}x.py"
    )
    assert set(clear(discovery)) == {"3"}
    assert sorted(contested(discovery).values()) == ["1", "2"]


def test_moodle_folders_below_the_top_are_the_student_s_own(tmp_path: Path) -> None:
    """An unpacked archive may carry another's folder name."""
    discovery = found(
        tmp_path, f"Bob_1{MOODLE}/ps1.ipynb", f"Eve_2{MOODLE}/Bob_1{MOODLE}/ps1.ipynb"
    )
    assert set(clear(discovery)) == {"1", "2"}


def test_one_moodle_folder_does_not_drop_the_others(tmp_path: Path) -> None:
    """Each name at the top has one vote, and the minority is still graded and told of."""
    discovery = found(tmp_path, "anna/ps1.py", "bert/ps1.py", f"Eve_12{MOODLE}/ps1.py")
    assert set(clear(discovery)) == {"anna", "bert", f"Eve_12{MOODLE}"}
    assert any("moodle" in note for note in discovery.notes)


def test_one_plain_folder_among_moodle_s_is_graded_too(tmp_path: Path) -> None:
    """And takes nobody's number, although it is called so."""
    discovery = found(
        tmp_path, f"A_1{MOODLE}/a.py", f"B_2{MOODLE}/b.py", f"C_3{MOODLE}/c.py", "1/x.py", "x/y.py"
    )
    assert set(clear(discovery)) == {"2", "3", "x"}
    assert set(contested(discovery).values()) == {"1"}
    assert any("not named as moodle does" in note for note in discovery.notes)


# Canvas


@pytest.mark.parametrize(
    "eve",
    [
        "bob_111_5000_x_1234_60001_ps1.ipynb",
        "bob_111_1234_60001_ps1.ipynb",
        "eve_111_1234_60001_ps1.ipynb",
        "eve_111_5000_x_LATE_1234_60001_ps1.ipynb",
        "bob" + "_111" * 52 + "_1234_60001_ps1.ipynb",
        "bob_111_5000" + "_01" * 60 + "_1234_60001_ps1.ipynb",
    ],
)
def test_canvas_a_display_name_replaces_nobody(tmp_path: Path, eve: str) -> None:
    """A name with numbers can be read as another's: both are kept and in conflict."""
    discovery = found(tmp_path, "bob_111_60000_ps1.ipynb", eve, "cy_112_60002_ps1.ipynb")
    assert clear(discovery) == {"112": "ps1.ipynb"}
    assert set(contested(discovery).values()) == {"111"}
    assert len(contested(discovery)) == 2


def test_canvas_a_second_file_does_not_hide_a_false_name(tmp_path: Path) -> None:
    """Numbers repeated in the file's name don't make the other reading impossible."""
    discovery = found(
        tmp_path,
        "bob_111_60000_ps1.ipynb",
        "bob_111_5000_x_1234_60001_ps1.ipynb",
        "bob_111_5000_x_1234_60002_1234_60001_y.ipynb",
    )
    assert not clear(discovery)
    assert len(contested(discovery)) == 3


def test_canvas_many_numbers_do_not_hide_the_true_ones(tmp_path: Path) -> None:
    """The same display name in two files repeats all numbers but those of Canvas."""
    eve = "bob" + "_111" * 52
    discovery = found(
        tmp_path, "bob_111_60000_a.py", f"{eve}_1234_60001_a.py", f"{eve}_1234_60002_b.py"
    )
    assert not clear(discovery)
    assert len(contested(discovery)) == 3


def test_canvas_a_file_name_takes_nobody_s_number(tmp_path: Path) -> None:
    """It is behind the numbers that count."""
    discovery = found(tmp_path, "bob_111_60000_ps1.ipynb", "eve_1234_60001_111_60002_ps1.ipynb")
    assert clear(discovery) == {"111": "ps1.ipynb", "1234": "111_60002_ps1.ipynb"}


def test_canvas_honest_numbers_in_file_names_are_no_conflict(tmp_path: Path) -> None:
    """A date or a student number in front is common, in several files of one student, too."""
    discovery = found(
        tmp_path,
        *(f"s{n}_{n + 10}_{70000 + 2 * n}_2026_10_ps1.ipynb" for n in range(3)),
        *(f"s{n}_{n + 10}_{70001 + 2 * n}_2026_10_helper.py" for n in range(3)),
        "zed_20_71000_20231234_ps1.ipynb",
        "zed_20_71001_20231234_helper.py",
        "one_21_71002_01_02_ps1.ipynb",
    )
    assert set(clear(discovery)) == {"10", "11", "12", "20", "21"}


def test_canvas_dates_are_no_conflict_of_a_student_with_himself(tmp_path: Path) -> None:
    """Two dated versions of one student, alone or among others' files, are attempts."""
    dated = (
        "doejane_12350_567895_NLA_2026_11_27_v1.ipynb",
        "doejane_12350_567896_NLA_2026_11_28_v2.ipynb",
        "roe_12351_567897_2026_11_27_14_30_ps1.ipynb",
        "roe_12351_567898_2026_11_28_09_10_ps1.ipynb",
    )
    alone = found(tmp_path / "1", *dated)
    assert set(clear(alone)) == {"12350", "12351"}
    among = found(tmp_path / "2", *dated, "bob_12352_567899_ps1.ipynb")
    assert set(clear(among)) == {"12350", "12351", "12352"}


OTHERS = [f"student{n}_{51240 + n}_{123456800 + n}_ps1.ipynb" for n in range(3)]
JANE = "doejane_51234_12345679{}"


@pytest.mark.parametrize(
    "files",
    [
        (f"{JANE.format(0)}_3012345_ps1.ipynb", f"{JANE.format(1)}_plot.png"),
        (f"{JANE.format(0)}_20261127_ps1.ipynb", f"{JANE.format(1)}_utils.py"),
        (
            f"{JANE.format(0)}_3012345_20261127_ps1.ipynb",
            f"{JANE.format(1)}_20261128_55555555_a.png",
        ),
        (f"{JANE.format(0)}_ps1.ipynb", f"{JANE.format(1)}_text.html"),
        (f"{JANE.format(0)}_ps1.ipynb", "doejane_51234_text.html"),
        (f"{JANE.format(0)}_ps1.ipynb", f"{JANE.format(1)}_3012345_999999999_plot.png"),
    ],
    ids=["number", "date", "both", "page", "typed", "doubtful plot"],
)
def test_canvas_nobody_is_in_conflict_with_himself(tmp_path: Path, files: tuple[str, str]) -> None:
    """A number of one's own before the file's name is no upload of somebody else."""
    discovery = found(tmp_path, *OTHERS, *files)
    assert set(clear(discovery)) == {"51234", "51240", "51241", "51242"}


@pytest.mark.parametrize("others", [0, 1, 5])
@pytest.mark.parametrize("user", [40, 1234, 900_000, 20_000_000, 20 * 10**12])
@pytest.mark.parametrize(
    "name", ["{bob}", "{bob}_123456789", "{bob}_123456789_3012345", "{bob}_123456789_x", "{bob}_9"]
)
def test_canvas_no_display_name_passes_for_one_s_own_number(
    tmp_path: Path, name: str, user: int, others: int
) -> None:
    """Whatever Eve's number is and whatever she puts before it, Bob's file stays Bob's."""
    classmates = [f"s{n}_{51240 + n}_{123456800 + n}_ps1.ipynb" for n in range(others)]
    eve = f"{name.format(bob='doejane_51234')}_{user}_123456999_ps1.ipynb"
    discovery = found(tmp_path, *classmates, f"{JANE.format(0)}_ps1.ipynb", eve)
    owner = {one.student: one.member.path.name for one in discovery.hand_ins if one.member}
    assert owner.get("51234", JANE.format(0)).startswith(JANE.format(0))
    assert eve in owner.values()


def test_canvas_another_s_plot_changes_nothing(tmp_path: Path) -> None:
    """What wins no points makes no conflict, and names nobody either."""
    files = ("bob_111_60000_ps1.ipynb", "cy_112_60002_ps1.ipynb")
    alone = found(tmp_path / "1", *files)
    plots = ("bob_111_1234_60001_p.png", "bob_111_5000_x_1234_60003_p.png")
    among = found(tmp_path / "2", *files, *plots)
    assert clear(among) == clear(alone)
    assert not contested(among)
    assert [one.name for one in among.hand_ins] == [one.name for one in alone.hand_ins]


def test_blackboard_a_file_with_blackboard_s_own_name(tmp_path: Path) -> None:
    """Uploaded again it is no conflict, where Blackboard's text lists it; a group's trick is."""
    first = "HW_jdoe_attempt_2024-03-01-12-30-45"
    again = f"{first}_HW_jdoe_attempt_2024-02-01-12-30-45_ps1.ipynb"
    for number, (text, clear_ones) in enumerate(
        [(f"Name: J (jdoe)\r\nFiles:\r\n\tFilename: {again}\r\n", {"jdoe"}), ("", set())]
    ):
        folder = lay(tmp_path / str(number), f"{first}.txt", f"{first}_b.py", again)
        (folder / f"{first}.txt").write_text(f"{text}\n")
        assert set(clear(discover([folder]))) == clear_ones


def test_canvas_no_number_of_a_student_hides_a_false_name(tmp_path: Path) -> None:
    """A large upload in a display name does not make the true one look too small."""
    discovery = found(
        tmp_path,
        "bob_111_60000_2026_11_27.ipynb",
        "bob_111_99999999999_x_1234_60001_ps1.ipynb",
        "cy_112_60002_ps1_2026_11_27.ipynb",
    )
    assert set(clear(discovery)) == {"112"}
    assert list(contested(discovery).values()) == ["111", "111"]


def test_canvas_a_name_of_signs_alone_renames_nobody(tmp_path: Path) -> None:
    """Canvas leaves nothing of it; that is no reason to read the class in another way."""
    discovery = found(tmp_path, "_111_60000_ps1.ipynb", "eve_112_60001_ps1.ipynb")
    assert set(clear(discovery)) == {"111", "112"}


# Canvas or Moodle


CANVAS_CLASS = [f"student{n}_{12340 + n}_{567000 + n}_ps1.ipynb" for n in range(4)]
CANVAS_CLEAR = {f"{12340 + n}": "ps1.ipynb" for n in range(4)}


def test_one_file_named_as_moodle_does_not_change_a_canvas_class(tmp_path: Path) -> None:
    """It is read as Canvas wrote it, and so are all others."""
    discovery = found(tmp_path, *CANVAS_CLASS, f"eve_19999_568000_x_1{MOODLE}ps1.py")
    assert discovery.layouts == ("canvas",)
    assert clear(discovery) == CANVAS_CLEAR | {"19999": f"x_1{MOODLE}ps1.py"}
    assert any("1 of 5 names also fit moodle" in note for note in discovery.notes)


@pytest.mark.parametrize(
    "name",
    ["eve_19999_56800{n}_x_1234{n}{mark}p{n}.py", "eve_12341{mark}19999_56800{n}_p{n}.py"],
    ids=["file name", "display name"],
)
def test_many_files_named_as_moodle_do_not_change_a_canvas_class(tmp_path: Path, name: str) -> None:
    """However many there are, whichever end of the name holds Moodle's mark."""
    eve = [name.format(n=n, mark=MOODLE) for n in range(9)]
    discovery = found(tmp_path, *CANVAS_CLASS, *eve)
    assert discovery.layouts == ("canvas",)
    assert {key: clear(discovery).get(key) for key in CANVAS_CLEAR} == CANVAS_CLEAR
    assert set(clear(discovery)) == {*CANVAS_CLEAR, "19999"}


def test_a_moodle_class_with_numbers_in_file_names_stays_moodle(tmp_path: Path) -> None:
    """Dates behind Moodle's mark are not Canvas's numbers, in one name or in all."""
    names = [f"Student {n}_{n + 10}{MOODLE}ps1_2026_11_27.ipynb" for n in range(3)]
    discovery = found(tmp_path, *names, f"Eve_1_567_x_20{MOODLE}ps1.ipynb")
    assert discovery.layouts == ("moodle",)
    assert set(clear(discovery)) == {"10", "11", "12", "20"}


def test_dated_files_in_folders_are_not_canvas(tmp_path: Path) -> None:
    """Year and month are no user and upload: nobody's files become those of one student."""
    discovery = found(tmp_path, "amy/ps1_2026_11_27.py", "bob/ps1_2026_11_28.py", "cy/ps1.py")
    assert set(clear(discovery)) == {"amy", "bob", "cy"}


# Gradescope


PERSON = "  - :name: {name}\n    :sid: {sid}\n    :email: {mail}\n"


def gradescope(folder: Path, *people: tuple[str, str, str]) -> Discovery:
    text = "---\n"
    for number, (name, sid, mail) in enumerate(people):
        person = PERSON.format(name=name, sid=sid, mail=mail)
        text += f"submission_{number}:\n  :submitters:\n{person}"
        lay(folder, f"submission_{number}/ps1.py")
    (folder / "submission_metadata.yml").write_text(text)
    return discover([folder])


def test_gradescope_number_mail_and_name_are_kept_apart(tmp_path: Path) -> None:
    """A person may choose a name, and a number that looks like a mail."""
    discovery = gradescope(
        tmp_path,
        ("Bob", '"0123"', "bob@x.org"),
        ('"0123"', "", ""),
        ("Amy", "", "amy@x.org"),
        ("Eve", "amy@x.org", "eve@x.org"),
        ("Mal", "name:Zed", ""),
        ("Zed", "", ""),
    )
    assert set(clear(discovery)) == {
        *("0123", "name:0123", "amy@x.org", "sid:amy@x.org", "sid:name:Zed", "name:Zed")
    }


def test_gradescope_one_number_of_two_persons_is_a_conflict(tmp_path: Path) -> None:
    """Whatever else is the same of them, down to all of it."""
    discovery = gradescope(
        tmp_path,
        ("Bob", "12", "bob@x.org"),
        ("Eve", "12", "eve@x.org"),
        ("Cy", "13", "cy@x.org"),
        ("Cy", "13", "cy@x.org"),
        ("Dee", "14", "dee@x.org"),
    )
    assert set(clear(discovery)) == {"14"}
    assert sorted(contested(discovery).values()) == ["12", "12", "13", "13"]


def test_gradescope_metadata_among_files_decide_nothing(tmp_path: Path) -> None:
    """Anybody may hand in a file of that name."""
    discovery = found(tmp_path, "anna.py", "bert.py", "submission_metadata.yml")
    assert set(clear(discovery)) == {"anna", "bert"}


# Folders and files


def test_one_student_s_subfolders_rename_nobody(tmp_path: Path) -> None:
    """However many there are, and whatever they are called."""
    eve = [f"eve/{name}/{n}.ipynb" for name in ("anna", "bert", "c", "d") for n in range(5)]
    discovery = found(tmp_path, "anna/ps1.ipynb", "bert/ps1.ipynb", "carl/a/ps1.ipynb", *eve)
    assert set(clear(discovery)) == {"anna", "bert", "carl", "eve"}
    assert clear(discovery)["anna"] == "ps1.ipynb"
    assert any("eve" in note for note in discovery.notes)


def test_one_student_s_subfolders_rename_no_section(tmp_path: Path) -> None:
    """A section has one vote, and nobody's id depends on what others are called."""
    names = ["a/anna.ipynb", "a/bert.ipynb", "b/anna.ipynb", "b/carl.ipynb"]
    before = found(tmp_path / "1", *names)
    eve = [f"b/eve{n}/bert.ipynb" for n in range(9)]
    after = found(tmp_path / "2", *names, *eve)
    assert set(clear(before)) == {"a/anna", "a/bert", "b/anna", "b/carl"}
    assert set(clear(before)) < set(clear(after))


def test_names_that_people_take_for_one_are_a_conflict(tmp_path: Path) -> None:
    """Capitals, normal forms, spaces, what can't be seen; each keeps an id of its own."""
    pairs = [("Bob", "bob"), ("Zoë", "Zoe\u0308"), ("x ", "x"), ("eve\u200b", "eve")]
    discovery = found(tmp_path, *(f"{name}/a.py" for pair in pairs for name in pair), "fay/a.py")
    assert set(clear(discovery)) == {"fay"}
    assert len(contested(discovery)) == 8
    blank = found(tmp_path / "blank", " .py", "_.py", "amy.py")
    assert set(clear(blank)) == {"amy"}
    assert set(contested(blank).values()) == {"_"}


def test_a_file_and_a_folder_of_one_name_are_a_conflict(tmp_path: Path) -> None:
    """And so are two files; neither is dropped."""
    discovery = found(tmp_path, "bob/ps1.py", "bob.ipynb", "amy/ps1.py", "cy/ps1.py")
    assert set(clear(discovery)) == {"amy", "cy"}
    assert sorted(one.file for one in discovery.hand_ins if one.contested) == [
        "bob.ipynb",
        "ps1.py",
    ]
    three = found(tmp_path / "three", "bob.py", "bob.ipynb", "bob/ps1.py", "amy/ps1.py")
    assert sorted(contested(three).values()) == ["bob", "bob"]


def test_a_notebook_and_its_module_are_one_student_s_and_that_is_told(tmp_path: Path) -> None:
    """Of exactly one name in one folder; anything else stays a conflict."""
    discovery = found(tmp_path / "1", "bob.py", "bob.ipynb", "amy.py")
    assert clear(discovery) == {"bob": "bob.ipynb", "amy": "amy.py"}
    assert any("one student's: bob" in note for note in discovery.notes)
    assert any("bob.py" in note for one in discovery.hand_ins for note in one.notes)
    copies = found(tmp_path / "2", "anna.ipynb", "anna.PY", "bert.ipynb", "bert.py.txt")
    assert clear(copies) == {"anna": "anna.ipynb", "bert": "bert.ipynb"}
    for number, names in enumerate(
        [("bob.py", "Bob.ipynb"), ("bob.py", "bob.PY"), ("bob.py", "bob.PY", "bob.ipynb")]
    ):
        assert set(contested(found(tmp_path / f"x{number}", *names)).values()) <= {"bob", "Bob"}
        assert not clear(found(tmp_path / f"x{number}", *names))
    lay(tmp_path, "a/bob.py", "b/bob.ipynb")
    assert len(contested(discover([tmp_path / "a", tmp_path / "b"]))) == 2


def test_nobody_is_called_as_another_s_side_of_a_conflict(tmp_path: Path) -> None:
    """A file may be named as the run would name one of the two."""
    names = ("bob.ipynb", "Bob.py", "Bob (Bob.py).py")
    lay(tmp_path, *names)
    discovery = discover([tmp_path / name for name in names])
    assert len({one.student for one in discovery.hand_ins}) == 3
    assert set(clear(discovery)) == {"Bob (Bob.py)"}


def test_systems_do_not_share_their_numbers(tmp_path: Path) -> None:
    """A participant of Moodle, a user of Canvas and a file 12.py are not one person."""
    lay(tmp_path, f"m/Bob_12{MOODLE}/a.py", "c/eve_12_7_b.py", "c/fay_13_8_b.py", "p/12.py")
    discovery = discover([tmp_path / "m", tmp_path / "c", tmp_path / "p"])
    assert set(clear(discovery)) == {"13"}
    assert len(contested(discovery)) == 3


def test_two_sources_of_one_name_stay_apart(tmp_path: Path) -> None:
    """Their folders' names are not what tells them apart."""
    lay(tmp_path, "1/hand-ins/bob.py", "2/hand-ins/bob.py")
    discovery = discover([tmp_path / "1" / "hand-ins", tmp_path / "2" / "hand-ins"])
    assert len(contested(discovery)) == 2


def test_staff_decide_a_conflict_by_name(tmp_path: Path) -> None:
    """The one that counts gets the id, the other is left out, the rest stays as it is."""
    names = ("bob/ps1.py", "bob.ipynb", "amy/ps1.py", "cy/ps1.py")
    choice = next(
        one.student for one in found(tmp_path, *names).hand_ins if one.file == "bob.ipynb"
    )
    discovery = found(tmp_path, *names, counts=(choice,))
    assert clear(discovery) == {"bob": "bob.ipynb", "amy": "ps1.py", "cy": "ps1.py"}
    assert not contested(discovery)


def test_a_wrapper_is_told_of(tmp_path: Path) -> None:
    """One folder that holds all may be one student's, with folders that are called as others."""
    discovery = found(tmp_path, f"eve/Bob_1{MOODLE}/a.py", f"eve/Amy_2{MOODLE}/a.py")
    assert any("folder eve" in note for note in discovery.notes)


# Every system: whatever a student calls himself and his files


SLOTS = {
    "canvas": "{name}_{id}_900{n:02}_{file}.py",
    "canvas-anonymous": "anon_{id}_900{n:02}_{file}.py",
    "moodle": "{name}_{id}_assignsubmission_file_/{file}.py",
    "blackboard": "HW 1_{id}_attempt_2024-03-01-12-30-{n:02}_{file}.py",
    "brightspace": "{id}-77 - {name} - Mar {n}, 2024 1230 PM/{file}.py",
    "nbgrader": "{id}+HW 1+2024-03-{n:02} 12:30:45 UTC+xyz/{file}.py",
    "folders": "{id}/{file}.py",
    "brightspace, flat": "{id}-77 - {name} - Mar {n}, 2024 1230 PM - {file}.py",
    "moodle, flat": "{name}_{id}_assignsubmission_file_{file}.py",
    "blackboard, groups": "HW 1_{name}{id}_attempt_2024-03-01-12-30-{n:02}_{file}.py",
}
"""What each system writes around a display name and a file's name."""
TRICKS = [
    "bob_111_90001_x",
    "bob_LATE_111_90001",
    "bob_111_text.html",
    "LATE_anon_111_90001_x",
    f"bob_111{MOODLE}",
    f"bob_111{MOODLE}x",
    "111_attempt_2024-03-01-12-30-49_x",
    "HW 1_111_attempt_2024-03-01-12-30-49_",
    "111_attempt_2024-03-01-12-30-49.txt",
    "bob111_attempt_2024-03-01-12-30-49_x",
    "111-77 - bob - Mar 9, 2024 1230 PM - x",
    "x - Mar 9, 2024 1230 PM",
    "111+HW 1+2024-03-09 12:30:45 UTC+xyz",
    "111",
    "submitted",
    "submission_111",
]


@pytest.mark.parametrize("system", SLOTS)
@pytest.mark.parametrize("count", [1, 9])
def test_no_name_takes_another_s_place(tmp_path: Path, system: str, count: int) -> None:
    """Nobody's file becomes another's, and each one's own is graded, if need be in conflict.

    The layout of the class stays what it is.
    """
    slots = SLOTS[system]
    people = [("bob", "111"), ("amy", "112"), ("cy", "113")]
    honest = {
        slots.format(name=name, id=number, n=n, file=f"ps1 {name}"): name
        for n, (name, number) in enumerate(people, 1)
    }
    before = owners(tmp_path / "honest", honest)
    tricks = [*((trick, "ps1") for trick in TRICKS), *(("eve", trick) for trick in TRICKS)]
    for number, (name, file) in enumerate(tricks):
        eve = {
            slots.format(name=name, id="666", n=n, file=f"{file}{n}"): "eve"
            for n in range(5, 5 + count)
        }
        folder = tmp_path / str(number)
        after = owners(folder, {**eve, **honest})
        discovery = discover([folder])
        assert discovery.layouts == (system.partition(",")[0],), (name, file)
        for student in clear(discovery):
            assert after[student] == before.get(student, "eve"), (name, file, student)
        assert set(after.values()) == {"bob", "amy", "cy", "eve"}, (name, file)


@pytest.mark.parametrize("system", SLOTS)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_numbers_in_all_file_names_are_no_canvas_s(tmp_path: Path, system: str, size: int) -> None:
    """Where all names could be read as Canvas's too, the part that comes first decides."""
    files = [
        SLOTS[system].format(name=f"s{n}", id=f"11{n}", n=n, file=f"hw_4711_90210_v{n}")
        for n in range(1, size + 1)
    ]
    discovery = found(tmp_path, *files)
    assert discovery.layouts == (system.partition(",")[0],)
    assert len(clear(discovery)) == size


def owners(folder: Path, files: dict[str, str]) -> dict[str, str]:
    """Student to the content of the file that counts, which says whose it is."""
    for path, owner in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(owner)
    hand_ins = discover([folder]).hand_ins
    return {one.student: one.member.read().decode() for one in hand_ins if one.member}


# What names are made of


def test_no_name_brings_a_control_character_or_a_flood(tmp_path: Path) -> None:
    """In ids, names, files and notes alike."""
    file = tmp_path / "a.zip"
    hostile = "\x1b]0;x\x07\u202e\n::error::boom ##[error]boom"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{hostile}{'n' * 3000}/{hostile}{'f' * 3000}.ipynb", "{}")
        archive.writestr(f"anna/{hostile}.py", "")
        archive.writestr(f"../{hostile}{'n' * 3000}.py", "")
        archive.writestr("bert/" + "a/" * 20_000 + "x.py", "")
    discovery = discover([file])
    texts = [*discovery.notes]
    for one in discovery.hand_ins:
        assert len(one.student) <= LONGEST_NAME
        assert len(one.file) <= LONGEST_NAME
        texts += [one.student, one.name, one.file, *one.notes]
    for text in texts:
        assert text.isprintable()
        assert "::error" not in text
        assert "##[" not in text
        assert len(text) < 1000
    assert any(one.file.endswith(".ipynb") for one in discovery.hand_ins)
    assert any("folders deep" in text for text in texts)


def test_a_deep_folder_is_passed_over(tmp_path: Path) -> None:
    """It costs its owner alone."""
    deep = "/".join("a" * (MAX_DEPTH + 5))
    discovery = found(tmp_path, "anna/ps1.py", f"eve/{deep}/ps1.py", "bert/ps1.py")
    assert set(clear(discovery)) == {"anna", "bert"}
    assert any("deep" in note for note in discovery.notes)
