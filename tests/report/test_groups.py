"""grader/report/groups.py: whose points go to which members of a group."""

import csv
import io
from dataclasses import dataclass

import msgspec
import pytest

from grader.errors import UsageError
from grader.report.canvas import canvas_gradebook
from grader.report.groups import share_points, with_members
from grader.report.interface import Graded, HandGiven
from grader.report.moodle import moodle_worksheet
from grader.report.roster import match_rows
from grader.report.spreadsheet import render_csv
from grader.report.table import read_table
from tests.report import samples

ROSTER = b"""name;id;sections;group_name
"Doe, Jane";u1;A;"Team 1, red"
"Roe, Max";u2;A;"Team 1, red"
"Noe, Ann";u3;B;"Team 1, red"
"Loe, Sol";u4;B;Team 2
"Zoe, Kim";u5;B;
"Yoe, Kit";u6;B;
"""


def own(student: str, work: int = 0, **more: object) -> Graded:
    """The submission of a student, of the class's work number `work`."""
    made = msgspec.structs.replace(samples.student(work), student=student, name="", layout="")
    return msgspec.structs.replace(made, **more)


@dataclass(frozen=True)
class Case:
    """A run, and whose submission each of six rows gets."""

    run: list[Graded]
    rows: list[str]
    note: str = ""


HAND = {"1.1b": HandGiven(points=2)}
CASES = {
    "one member": Case(
        [own("u2"), own("u5", 1)],
        ["u2", "u2", "u2", "", "u5", ""],
        "group Team 1, red: the points of u2 also go to u1, u3",
    ),
    "the group's name": Case(
        [own("Team 1, red"), own("Team 2", 1), own("u6", 2)],
        ["Team 1, red"] * 3 + ["Team 2", "", "u6"],
        "the points of Team 2 also go to u4",
    ),
    "one file twice": Case([own("u1"), own("u3")], ["u1", "u1", "u3", "", "", ""]),
    "a member without a notebook": Case(
        [own("u1"), own("u2", record=None)], ["u1", "u1", "u1", "", "", ""]
    ),
    "two files": Case(
        [own("u1"), own("u3", 1)],
        ["u1", "", "u3", "", "", ""],
        "in two rows (u1, u3), so none is the group's; u2 get no points",
    ),
    "a member's and the group's": Case(
        [own("u1"), own("Team 1, red", 1)], ["u1", "", "", "", "", ""], "(u1, Team 1, red)"
    ),
    "one file, graded in two ways": Case(
        [own("u1", hand={}), own("u3", hand=HAND)], ["u1", "", "u3", "", "", ""], "more than one"
    ),
    "a member in conflict": Case(
        [own("u1"), own("u2 (a)", contested="u2"), own("u2 (b)", 1, contested="u2")],
        ["u1", "", "", "", "", ""],
        "u2, u3 get no points",
    ),
    "only a member in conflict": Case(
        [own("u2 (a)", contested="u2"), own("u2 (b)", 1, contested="u2")],
        [""] * 6,
        "or a member in conflict or in two rows (none that counts)",
    ),
    "the group in conflict": Case(
        [own("Team 2 (a)", contested="Team 2"), own("Team 2 (b)", 1, contested="Team 2")],
        [""] * 6,
        "group Team 2: what is named so is in conflict (Team 2 (a), Team 2 (b))",
    ),
    "a submission named almost as the group": Case(
        [own("team 2")], [""] * 6, "group Team 2: a submission is named almost so (team 2)"
    ),
    "a student named as a group, among students": Case(
        [own("u1"), own("Team 2", 1)],
        ["u1", "u1", "u1", "", "", ""],
        "so this may be one, too (Team 2), so none is the group's; u4 get no points",
    ),
    "what a system named as a group": Case([own("Team 2", layout="gradescope")], [""] * 6),
    "a teammate's, and a number typed as the group": Case(
        [own("u1"), own("Team 1, red", 1, layout="gradescope")], ["u1", "u1", "u1", "", "", ""]
    ),
    "nothing": Case([own("u5")], ["", "", "", "", "u5", ""]),
}


@pytest.mark.parametrize("name", CASES)
def test_members_get_the_points_of_their_group(name: str) -> None:
    """Where there is one submission; where there are several, staff are told and nobody shares."""
    case = CASES[name]
    table = read_table(ROSTER, "--roster")
    names = [row[0] for row in table.rows]
    matched = match_rows(case.run, [[row[1] for row in table.rows]], names)
    shared = share_points(case.run, matched, table, names, "Group_Name")
    assert [one.student if one else "" for one in shared.rows] == case.rows
    assert any(case.note in note for note in shared.notes) or not case.note


ALMOST = [
    "Team A~deadbeef",
    "TEAM A",
    "Team  A",
    "Team A\u200b",
    "Team\u00a0A",
    "\uff34eam A",
    r"Team A\x1b",
    "Team A ",
    "Team A\u00a0",
]


@pytest.mark.parametrize("name", ALMOST)
@pytest.mark.parametrize("run", [[own("11")], [own("Team A")]], ids=["a member's", "the group's"])
def test_a_name_that_looks_like_a_group_s_takes_nothing(name: str, run: list[Graded]) -> None:
    """Students may choose it; staff are told who is called so."""
    roster = f"name,id,group\nDoe,11,Team A\nRoe,12,Team A\nMallory,13,{name}\n".encode()
    students, matched = with_members(run, roster, "group")
    # Spaces around a folder's name are not in the id: it may be either group's, so neither has it.
    unclear = run[0].student == "Team A" and name.strip() == "Team A"
    assert {one.student for one in students} - {run[0].student} == (
        set() if unclear else {"11", "12"} - {run[0].student}
    )
    assert any("share nothing: 'Team A' (11, 12), " in note for note in matched.notes)
    assert any("(13)" in note for note in matched.notes)


def test_two_normal_forms_are_two_groups() -> None:
    """A system takes them for different names, so a student may have chosen the second."""
    roster = "id,group\n11,Équipe\n12,Équipe\n13,E\u0301quipe\n".encode()
    students, _ = with_members([own("11")], roster, "group")
    assert [one.student for one in students] == ["11", "12"]


@pytest.mark.parametrize(
    "name",
    [
        *("-", "None", "n/a", "0", "Default group"),
        '"Not a member of any group, so unable to make submissions."',
    ],
)
def test_no_group_shares_nothing(name: str) -> None:
    """Whatever a system or a person writes where there is none; staff are told."""
    roster = f"id,group\n1,{name}\n2,{name}\n3,{name}\n4,x\n5,x\n".encode()
    students, matched = with_members([own("1"), own("4")], roster, "group")
    assert [one.student for one in students] == ["1", "4", "5"]
    assert any("taken for no group (1), so none is" in note for note in matched.notes)
    assert with_members([own("4"), own("5")], roster, "group")[1].notes == []


def test_members_are_called_as_the_roster_s_identifiers_say() -> None:
    """Who is in two groups gets points of neither; a name never stands for an identifier."""
    roster = b"name,id,group\nA,u1,x\nM,u3,x\nB,u2,y\nM,u3,y\nC,u4,z\nu5,,z\n"
    students, matched = with_members([own("u1"), own("u2", 1), own("u4", 2)], roster, "group")
    assert [(one.student, one.name) for one in students[3:]] == [("", "u5")]
    assert sum("in two rows (u" in note for note in matched.notes) == 2


def test_a_tutorial_is_no_group() -> None:
    """More members than a group has share nothing; of groups the largest are named first."""
    rows = [(f"t{number}", "tutorial") for number in range(11)]
    rows += [(f"s{number}", "small") for number in range(2)]
    rows += [(f"l{number}", "large") for number in range(10)]
    roster = "".join(f"{student},{group}\n" for student, group in [("id", "group"), *rows])
    students, matched = with_members([own("t1"), own("l1"), own("s1")], roster.encode(), "group")
    assert len(students) == 1 + 10 + 2
    tutorial, large, small = matched.notes
    assert tutorial.startswith("group tutorial: 11 members, more than 10 (t1), so none is")
    assert large.startswith("group large: the points of l1 also go to")
    assert small.startswith("group small: ")


def test_nothing_is_shared_unasked() -> None:
    """A column may name tutorials; that there is one is said where somebody got nothing."""
    table = read_table(ROSTER, "--roster")
    run = [own("u1")]
    matched = match_rows(run, [[row[1] for row in table.rows]], [""] * 6)
    alone = share_points(run, matched, table, [""] * 6, "")
    assert alone.rows == matched.rows
    assert alone.notes == [
        "--group-column 'group_name' would give the points of a submission to its whole group"
    ]
    with pytest.raises(UsageError, match="--group-column: not in the roster: 'team'; its columns"):
        share_points(run, matched, table, [""] * 6, "team")
    twice = read_table(b"id,Group,group\nu1,a,b\n", "--roster")
    with pytest.raises(UsageError, match="several columns of the roster have the head 'group'"):
        share_points(run, match_rows(run, [["u1"]], [""]), twice, [""], "group")


def test_the_table_of_all_students_has_a_row_for_each_member() -> None:
    """With the id of the roster, the group's points, and who has submitted."""
    run = [own("u2"), own("u5", 1), own("u4", record=None, file="scan.pdf")]
    students, matched = with_members(run, ROSTER, "group_name")
    text = b"".join(render_csv(students)).decode("utf-8-sig")
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert list(rows) == ["u2", "u5", "u4", "u1", "u3"]
    assert {rows[student]["together"] for student in ("u1", "u2", "u3")} == {rows["u2"]["together"]}
    assert [rows[student]["submitted by"] for student in ("u1", "u2", "u3")] == ["u2", "", "u2"]
    assert rows["u1"]["name"] == "Doe, Jane"
    assert len(matched.notes) == 1
    assert b"submitted by" not in b"".join(render_csv(run))


def test_members_of_a_named_group_have_their_identifiers() -> None:
    """Also where nobody's own is found: a section is none."""
    roster = b"name,section,id,group\nA,s,u1,x\nB,s,u2,x\n"
    students, _ = with_members([own("x")], roster, "group")
    assert [one.student for one in students] == ["x", "u1", "u2"]


def test_gradebooks_have_the_points_in_each_member_s_row() -> None:
    """Canvas's with a column that staff have added, Moodle's with its own."""
    canvas = b"""Student,ID,Group,Problem Set 1 (12)
,,,Manual Posting
"Doe, Jane",1,x,
"Roe, Max",2,x,
"Noe, Ann",3,,7
"""
    book = canvas_gradebook([own("2")], canvas, "Problem Set 1", "group")
    points = [row[-1] for row in csv.reader(io.StringIO(book.content.decode(), newline=""))][2:]
    assert points[0] == points[1] != ""
    assert points[2] == "7"
    assert (book.unfinished, book.ungraded) == (("2",), ("Noe, Ann",))
    moodle = b"""Identifier,Full name,Group,Grade,Feedback comments
Participant 1,Jane Doe,x,,
Participant 2,Max Roe,x,,
Participant 3,Ann Noe,Default group,,
Participant 4,Sol Loe,Default group,,
"""
    sheet = moodle_worksheet([own("2"), own("3", 1)], moodle, "Group")
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode(), newline="")))
    assert rows[0]["Grade"] == rows[1]["Grade"] != ""
    assert rows[0]["Feedback comments"] == rows[1]["Feedback comments"] != ""
    assert rows[3]["Grade"] == "", "who has no group shares nothing"
