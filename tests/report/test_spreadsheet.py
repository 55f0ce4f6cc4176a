"""grader/report/spreadsheet.py: points for a spreadsheet."""

import csv
import io

from grader.report.interface import Graded
from grader.report.spreadsheet import HEADS, render_csv
from tests.records import record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty, nasty_unread


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_csv_is_as_it_was(golden: Golden) -> None:
    """The table of a known class is the golden one."""
    golden("run.csv", b"".join(render_csv(samples.class_of(6))))


def test_csv_has_points_of_every_item() -> None:
    """What was given, what is open, nothing where nothing was graded."""
    table = rows(b"".join(render_csv(samples.class_of(5))))
    judged, waiting, unread = table[0], table[1], table[4]
    assert list(judged)[: len(HEADS)] == list(HEADS)
    assert judged["1.1b"] == "5"
    assert (judged["open"], waiting["open"]) == ("0", "15")
    assert waiting["1.1b"] == ""
    assert (unread["status"], unread["together"], unread["2.1a"]) == ("UNREADABLE", "", "")


def test_csv_has_the_maximum_of_every_item() -> None:
    """Also of items that nobody has judged; they make up what the whole is worth."""
    for row in rows(b"".join(render_csv(samples.class_of(3)))):
        most = {name.removesuffix(" max"): row[name] for name in row if name.endswith(" max")}
        assert sum(map(float, most.values())) == float(row["worth"])
        assert list(row)[len(HEADS) : -len(most)] == list(most)
        assert all(float(row[item] or 0) <= float(most[item]) for item in most)


def test_csv_holds_no_formula() -> None:
    """A name or an item that looks like a formula is text."""
    for name, value in rows(b"".join(render_csv([nasty(), nasty_unread()])))[0].items():
        for text in (name, value):
            assert not text.startswith(("=", "+", "-", "@"))
    made = samples.student(1)
    formula = type(made)(student="=1+1", name="@SUM(A1)", file="-2.ipynb", record=made.record)
    (row,) = rows(b"".join(render_csv([formula])))
    assert (row["student"], row["name"]) == ("'=1+1", "'@SUM(A1)")


def test_csv_quotes_every_cell() -> None:
    """Where semicolons separate cells, none splits into a formula."""
    made = samples.student(1)
    formula = type(made)(student="a;=cmd()", name="b", file="c", record=made.record)
    assert b'"a;=cmd()"' in b"".join(render_csv([formula]))


def test_csv_names_the_contested_id() -> None:
    """Whoever copies points from it sees whose they are not yet."""
    claim = Graded(student="7 (a)", contested="=7", record=record())
    text = b"".join(render_csv([claim])).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["in conflict over"] == "'=7"
