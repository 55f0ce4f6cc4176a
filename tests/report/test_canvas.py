"""grader/report/canvas.py: the gradebook that Canvas exported, filled in."""

import csv
import io

import msgspec
import pytest

from grader.errors import UsageError
from grader.report.canvas import canvas_gradebook
from grader.report.interface import Graded
from grader.report.standing import record_standing
from tests.report import samples
from tests.report.conftest import Golden

ROSTER = '''\
Student,ID,SIS User ID,SIS Login ID,Section,Homework 0 (11),Problem Set 1 (12),Final (13),Total
,,,,,Manual Posting,,,
    Points Possible,,,,,10.00,69.00,100.00,(read only)
"Lovelace, Ada",501,S1,u1000,Math 101,9.00,,80,80
"=cmd(1), ""Søren""",502,S2,u1001,Math 101,,,70,70
"Hopper, Grace",503,S3,u1002,"Math 101, and lab",8,1.00,,1
"Петров, Иван",504,S4,nobody,Math 101,8,33.00,,1
"Student, Test",999,,,Math 101,,,,
'''.encode()


def run() -> list[Graded]:
    return [samples.student(number, judged=True) for number in range(3)]


def rows(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode(), newline="")))


def test_canvas_is_as_it_was(golden: Golden) -> None:
    """The gradebook of a known class is the golden one."""
    golden("canvas.csv", canvas_gradebook(run(), ROSTER).content)


def test_canvas_writes_points_in_the_students_rows() -> None:
    """Identity columns come back as they were, with the points in the assignment's column."""
    table = rows(canvas_gradebook(run(), ROSTER).content)
    assert table[0] == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "Problem Set 1 (12)",
    ]
    assert [row[:5] for row in table[1:]] == [row[:5] for row in rows(ROSTER)[1:]]
    assert [float(row[5]) for row in table[3:6]] == [
        record_standing(graded.record, graded.hand).given for graded in run() if graded.record
    ]


def test_canvas_leaves_alone_whom_it_does_not_know() -> None:
    """A row without a hand-in keeps its cell, and so do the rows that are no student's."""
    book = canvas_gradebook(run(), ROSTER)
    table = rows(book.content)
    assert table[2][5] == "69.00"
    assert [row[5] for row in table[6:]] == ["33.00", ""]
    assert book.ungraded == ("Петров, Иван", "Student, Test")


def test_canvas_keeps_a_name_that_looks_like_a_formula() -> None:
    """Canvas must find its row again: what it exported is written back to the letter."""
    assert rows(canvas_gradebook(run(), ROSTER).content)[4][0] == '=cmd(1), "Søren"'


def test_canvas_reports_who_is_in_no_row() -> None:
    """A hand-in without a row is named, never dropped in silence."""
    assert canvas_gradebook([*run(), samples.student(9)], ROSTER).unmatched == ("u1009",)


def test_canvas_reports_points_that_will_change() -> None:
    """Open points are given as they stand, and named."""
    book = canvas_gradebook([samples.student(0), samples.student(1, judged=True)], ROSTER)
    assert book.unfinished == ("u1000",)


def test_canvas_compares_what_the_assignment_is_worth() -> None:
    """Another number of points in the gradebook is worth a note."""
    assert canvas_gradebook(run(), ROSTER).notes == ()
    other = ROSTER.replace(b"69.00", b"100.00")
    assert canvas_gradebook(run(), other).notes == (
        "the assignment is worth 100 points in the gradebook and 69 in the rubric",
    )


@pytest.mark.parametrize("name", ["Problem Set 1", "problem set 1", "Problem Set 1 (12)"])
def test_canvas_finds_the_assignment(name: str) -> None:
    """With or without the number that Canvas adds."""
    assert rows(canvas_gradebook(run(), ROSTER, name).content)[0][-1] == "Problem Set 1 (12)"


@pytest.mark.parametrize("name", ["Problem Set 2", "Total"])
def test_canvas_names_the_assignments_it_has(name: str) -> None:
    """A wrong name is refused, with the right ones beside it."""
    if name == "Total":
        assert rows(canvas_gradebook(run(), ROSTER, name).content)[0][-1] == "Total"
        return
    with pytest.raises(UsageError, match=r"names 0; the assignments there are 'Homework 0 \(11\)'"):
        canvas_gradebook(run(), ROSTER, name)


def test_canvas_refuses_another_table() -> None:
    """A file that Canvas did not export is refused."""
    with pytest.raises(UsageError, match="must have the columns Student and ID"):
        canvas_gradebook(run(), b"Name,Points\nAda,3\n")


def test_canvas_reads_semicolons() -> None:
    """A gradebook exported with semicolons comes back with semicolons."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows(ROSTER))
    content = canvas_gradebook(run(), b"\xef\xbb\xbf" + text.getvalue().encode()).content
    assert content.startswith(b'\xef\xbb\xbf"Student";"ID"')


def test_canvas_leaves_the_cell_of_a_student_in_conflict() -> None:
    """Both claims are named, neither's points are written."""
    first, *others = run()
    claims = [
        msgspec.structs.replace(
            first, student=f"{first.student} ({place})", contested=first.student
        )
        for place in "ab"
    ]
    book = canvas_gradebook([*claims, *others], ROSTER)
    before, after = rows(canvas_gradebook([], ROSTER, "Problem Set 1").content), rows(book.content)
    assert after[3] == before[3]
    assert after[4] != before[4]
    assert book.contested == tuple(claim.student for claim in claims)
