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
"Roe, Max";u2;A;team 1, red
"Noe, Ann";u3;B;TEAM 1, RED
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
        [own("team 1, Red"), own("Team 2", 1), own("u6", 2)],
        ["team 1, Red"] * 3 + ["Team 2", "", "u6"],
        "the points of Team 2 also go to u4",
    ),
    "one file twice": Case([own("u1"), own("u3")], ["u1", "u1", "u3", "", "", ""]),
    "a member without a notebook": Case(
        [own("u1"), own("u2", record=None)], ["u1", "u1", "u1", "", "", ""]
    ),
    "two files": Case(
        [own("u1"), own("u3", 1)],
        ["u1", "", "u3", "", "", ""],
        "in conflict (u1, u3), so none is the group's; u2 get no points",
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
    students, _ = with_members([own("X")], roster, "group")
    assert [one.student for one in students] == ["X", "u1", "u2"]


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
