"""grader/report/moodle.py: the grading worksheet that Moodle exported, filled in."""

import csv
import io
from html.parser import HTMLParser

import msgspec
import pytest

from grader.errors import UsageError
from grader.report.interface import Graded
from grader.report.moodle import moodle_worksheet
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty

WORKSHEET = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 7001","Ada Lovelace",u1000@uni.example,"Submitted for grading",,69.00,Yes,\
"Tuesday, 24 November 2026, 9:00 AM",-,
"Participant 7002","=cmd(1) Søren",u1001,"Submitted for grading",3.00,69.00,Yes,-,-,"<p>See me.</p>"
"Participant u1002","Grace Hopper",,"Submitted for grading",,69.00,No,-,-,
"Participant 7004","Nobody Known",x@uni.example,"No submission",,69.00,Yes,-,-,
""".encode()


def run() -> list[Graded]:
    first = msgspec.structs.replace(samples.student(0, judged=True), student="7001")
    return [first, msgspec.structs.replace(samples.student(1), student="7002")]


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


def test_moodle_is_as_it_was(golden: Golden) -> None:
    """The worksheet of a known class is the golden one."""
    golden("moodle.csv", moodle_worksheet(run(), WORKSHEET).content)


def test_moodle_changes_grade_and_comment_alone() -> None:
    """Every other cell comes back as Moodle exported it, in all rows."""
    before, after = rows(WORKSHEET), rows(moodle_worksheet(run(), WORKSHEET).content)
    for old, new in zip(before, after, strict=True):
        for name in old.keys() - {"Grade", "Feedback comments"}:
            assert new[name] == old[name]
    assert float(after[0]["Grade"]) > 0
    assert after[3] == before[3]


def test_moodle_finds_participants_by_number() -> None:
    """The number in the folder's name is that of the participant."""
    book = moodle_worksheet(run(), WORKSHEET)
    assert book.unmatched == ()
    assert book.ungraded == ("Grace Hopper", "Nobody Known")
    assert book.unfinished == ("7002",)


def test_moodle_finds_participants_by_address() -> None:
    """Where the run knows addresses, that column is used."""
    by_address = msgspec.structs.replace(samples.student(0), student="U1000@uni.example")
    after = rows(moodle_worksheet([by_address], WORKSHEET).content)
    assert float(after[0]["Grade"]) > 0


def test_moodle_keeps_a_persons_comment() -> None:
    """A comment that is not ours stays, and is named; ours is renewed."""
    book = moodle_worksheet(run(), WORKSHEET)
    after = rows(book.content)
    assert after[1]["Feedback comments"] == "<p>See me.</p>"
    assert book.notes == ("7002: the comment that is there was kept",)
    changed = msgspec.structs.replace(run()[0], hand={})
    again = rows(moodle_worksheet([changed], book.content).content)
    assert again[0]["Feedback comments"] != after[0]["Feedback comments"]


def test_moodle_leaves_a_locked_grade() -> None:
    """A grade that Moodle does not let be changed is left and named."""
    locked = msgspec.structs.replace(samples.student(2), student="u1002")
    book = moodle_worksheet([locked], WORKSHEET)
    assert rows(book.content)[2]["Grade"] == ""
    assert book.notes == ("Grace Hopper: Moodle does not let this grade be changed",)


def test_moodle_writes_the_decimal_sign_that_it_reads() -> None:
    """A worksheet with decimal commas gets decimal commas."""
    made = samples.student(0).record
    assert made is not None
    half = msgspec.structs.replace(made.items[0], score=0.5)
    changed = msgspec.structs.replace(made, items=(half, *made.items[1:]))
    graded = Graded(student="7001", record=changed)
    comma = WORKSHEET.replace(b"69.00", b'"69,00"')
    grade = rows(moodle_worksheet([graded], comma).content)[0]["Grade"]
    assert grade.endswith(",5")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_moodle_comment_is_harmless_html() -> None:
    """Moodle reads comments as HTML: no tag of a stranger is in them."""
    graded = msgspec.structs.replace(nasty(), student="7001", layout="moodle")
    comment = rows(moodle_worksheet([graded], WORKSHEET).content)[0]["Feedback comments"]
    tags = _Tags()
    tags.feed(comment)
    assert tags.seen == {"b", "br"}
    assert "<script>alert(1)</script>" in tags.text


def test_moodle_comment_is_cut_between_lines() -> None:
    """A long comment is cut where no tag is open."""
    made = samples.student(0).record
    assert made is not None
    many = msgspec.structs.replace(made, items=made.items * 20)
    (row, *_) = rows(moodle_worksheet([Graded(student="7001", record=many)], WORKSHEET).content)
    comment = row["Feedback comments"]
    assert comment.endswith("<br>…")
    assert len(comment) < 8100
    assert comment.count("<b>") == comment.count("</b>")


def test_moodle_refuses_another_table() -> None:
    """A worksheet in another language, or another file, is refused with the step to take."""
    with pytest.raises(UsageError, match="language set to English"):
        moodle_worksheet(run(), b"Kennung,Bewertung\nTeilnehmer 1,3\n")


def test_moodle_leaves_the_row_of_a_student_in_conflict() -> None:
    """Grade and comment stay as they were, and both claims are named."""
    first, second = run()
    claims = [
        msgspec.structs.replace(first, student=f"7001 ({place})", contested="7001")
        for place in "ab"
    ]
    book = moodle_worksheet([*claims, second], WORKSHEET)
    assert rows(book.content)[0] == rows(WORKSHEET)[0]
    assert rows(book.content)[1]["Grade"] != rows(WORKSHEET)[1]["Grade"]
    assert book.contested == ("7001 (a)", "7001 (b)")
