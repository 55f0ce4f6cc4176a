"""grader/report/html.py: one page for a student, whole in itself."""

import re

import msgspec
import pytest
from lxml import html
from lxml.html import HtmlElement

from grader.model import ItemRecord, Record, Status
from grader.report.html import render_html
from grader.report.interface import Graded, HandGiven
from tests.records import check, item, record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty, nasty_unread

PICTURE = re.compile(rb'<svg viewBox="0 0 3.*?</svg>', re.DOTALL)


def parsed(graded: Graded) -> HtmlElement:
    return html.document_fromstring(render_html(graded).decode())


def words(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def test_page_is_as_it_was(golden: Golden) -> None:
    """The page of a known hand-in, but for its pictures, is the golden one."""
    page = render_html(samples.student(12, judged=True))
    golden("student.html", PICTURE.sub(b"<svg></svg>", page))


def test_page_is_pure() -> None:
    """The same record always gives the same bytes."""
    graded = samples.student(7, judged=True)
    assert render_html(graded) == render_html(graded)


def test_page_of_a_record_alone_has_its_file_as_heading() -> None:
    """A file graded at home needs no student."""
    page = parsed(Graded(record=record()))
    assert page.findtext(".//h1") == "ps1.ipynb"


def test_page_holds_points_feedback_hint_and_command() -> None:
    """What was asked, what came, what to do, and how to repeat it."""
    text = words(parsed(Graded(record=record())))
    assert "grad_U: expected shape (5, 3), got (3, 5)" in text
    assert "Hint: dF/dU has the shape of U" in text
    assert "grader check ps1.ipynb --item 2.1a" in text
    assert "checked automatically 2 / 4" in text


def test_page_gives_no_command_for_what_passed() -> None:
    """There is nothing to repeat."""
    assert "--item 1.1a" not in words(parsed(Graded(record=record())))


def test_page_shows_code_between_backticks() -> None:
    """Names of functions are set as code."""
    failed = item("2.1a", Status.FAILED, 0.0, (check(Status.FAILED, 0.0, "`f(x)` is wrong"),))
    page = parsed(Graded(record=record(made=(failed,))))
    assert "f(x)" in [words(code) for code in page.iter("code")]


def test_page_holds_nothing_for_staff() -> None:
    """Staff notes and tracebacks are not for students."""
    fault = check(Status.GRADER_FAULT, 0.0, "secret feedback")
    page = render_html(
        Graded(record=record(made=(item("3.1", Status.GRADER_FAULT, 0.0, (fault,)),)))
    )
    assert b"draw 3: 1.2e-3" not in page
    assert b"secret" not in page
    assert b"costs you no points" in page


@pytest.mark.parametrize("graded", [nasty(), nasty_unread()], ids=["graded", "unread"])
def test_page_is_not_harmed_by_a_text(graded: Graded) -> None:
    """No element, attribute or override of a stranger gets into the page."""
    raw = render_html(graded).decode()
    page = html.document_fromstring(raw)
    assert page.findall(".//script") == []
    assert "\u202e" not in raw
    assert "<script>alert(1)</script>" in "".join(map(str, page.itertext()))
    shown = {str(element.tag) for element in page.iter()}
    assert not shown & {"iframe", "object", "embed", "img", "form", "base"}


def test_page_shows_what_a_person_gave() -> None:
    """Points by criterion, their sum, and the comment."""
    made = samples.record(3)
    given = HandGiven(points=4.0, criteria=(2.0, None, 2.0), comment="UA is not shown.")
    page = parsed(Graded(record=made, hand={"1.1b": given}))
    (article,) = [part for part in page.iter("article") if "1.1b" in words(part)[:6]]
    rows = [words(row) for row in article.iter("tr")]
    assert rows[1].endswith("2 / 2")
    assert rows[2].endswith("not judged / 1")
    assert rows[4] == "Together 4 / 5"
    assert "in part 4 / 5" in words(article)
    assert "Comment: UA is not shown." in words(article)


def test_page_shows_criteria_while_they_are_open() -> None:
    """A student sees what a person will look at."""
    page = words(parsed(Graded(record=samples.record(3))))
    assert "uses U*U = I for UA, and says where it is used open / 1" in page


def test_page_adds_hand_points_to_the_problems() -> None:
    """Points of a problem are the grader's and the person's."""
    made = samples.record(3, skill=1.0)
    hand = {one.id: HandGiven(points=one.hand_points) for one in made.items if one.hand_points}
    totals = [words(part) for part in parsed(Graded(record=made, hand=hand)).iter("dd")][:3]
    assert totals == ["54 / 54", "15 / 15", "69 / 69"]


def test_page_stays_small_when_output_floods() -> None:
    """A page is under 1 MB, however much every item printed, and shows both ends."""
    flood = "START" + "<&\"'\U0001f600" * 40_000 + "END"
    made = samples.record(0)
    items = tuple(msgspec.structs.replace(one, output=flood) for one in made.items)
    page = render_html(Graded(record=msgspec.structs.replace(made, items=items * 2)))
    assert len(page) < 1_000_000
    output = html.document_fromstring(page.decode()).findtext(".//pre") or ""
    assert output.startswith("START")
    assert output.endswith("END")
    assert "characters left out" in output


def _ids(page: HtmlElement) -> list[str]:
    return [element.attrib["id"] for element in page.iter() if "id" in element.attrib]


@pytest.mark.parametrize("graded", [samples.student(7), nasty()], ids=["sample", "nasty"])
def test_page_refers_to_what_is_there(graded: Graded) -> None:
    """Ids are unique, and every link within the page and every label meets one."""
    page = parsed(graded)
    ids = _ids(page)
    assert len(ids) == len(set(ids))
    for element in page.iter():
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.attrib.get(name, "").split()) <= set(ids)
        if element.attrib.get("href", "").startswith("#"):
            assert element.attrib["href"][1:] in ids


def test_page_names_items_twice_the_same_apart() -> None:
    """Two items with one id each get an anchor of their own."""
    twice: tuple[ItemRecord, ...] = (item("4", Status.PASSED, 1.0, ()),) * 2
    made: Record = record(made=twice)
    page = parsed(Graded(record=made))
    assert [part.attrib["id"] for part in page.iter("article")] == ["item-1", "item-2"]


def test_page_of_an_unread_file_says_why() -> None:
    """The reason is shown, its texts escaped."""
    graded = Graded(student="u1", file="a.pdf", error="a.pdf: must be a notebook, got a PDF")
    assert "a.pdf: must be a notebook, got a PDF" in words(parsed(graded))


def test_page_shows_a_command_for_a_shell() -> None:
    """A file name with quotes and spaces is quoted."""
    page = parsed(Graded(record=record(name="my 'best' work.ipynb")))
    commands = [words(code) for code in page.iter("code")]
    assert "grader check 'my '\"'\"'best'\"'\"' work.ipynb' --item 2.1a" in commands
