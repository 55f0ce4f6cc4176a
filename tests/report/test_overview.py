"""grader/report/overview.py: a class on one page."""

import re
from collections.abc import Iterable

import msgspec
import pytest
from lxml import html
from lxml.html import HtmlElement

from grader.model import Status
from grader.report.interface import Graded
from grader.report.overview import render_overview
from tests.records import check, item, record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty, nasty_unread

PICTURE = re.compile(rb'<svg viewBox="0 0 3.*?</svg>', re.DOTALL)


def parsed(run: Iterable[Graded]) -> HtmlElement:
    return html.document_fromstring(b"".join(render_overview(run)).decode())


def words(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def faulty() -> Graded:
    fault = msgspec.structs.replace(
        check(Status.GRADER_FAULT, 0.0, "x"), staff_note="Traceback\n  <boom>"
    )
    return Graded(
        student="u7", record=record(made=(item("3.1", Status.GRADER_FAULT, 0.0, (fault,)),))
    )


def test_overview_is_as_it_was(golden: Golden) -> None:
    """The page of a known class, but for its picture, is the golden one."""
    page = b"".join(render_overview([*samples.class_of(6), faulty()]))
    golden("overview.html", PICTURE.sub(b"<svg></svg>", page))


def test_overview_is_pure() -> None:
    """The same class always gives the same bytes."""
    pages = {b"".join(render_overview(samples.class_of(8))) for _ in range(2)}
    assert len(pages) == 1


def test_overview_links_every_student() -> None:
    """Each row leads to the student's page."""
    page = parsed(samples.class_of(6))
    links = [row.find("th/a") for row in page.findall(".//table[@id='students']/tbody/tr")]
    assert [link.attrib["href"] for link in links if link is not None] == [
        f"students/u{1000 + number}.html" for number in range(6)
    ]


def test_overview_has_faults_on_top() -> None:
    """What the staff must mend comes before all numbers, with its note."""
    page = parsed([*samples.class_of(3), faulty()])
    headings = [words(heading) for heading in page.iter("h2")]
    assert headings[0] == "The grader failed 1 time"
    assert "<boom>" in words(page)


def test_overview_names_what_was_not_graded() -> None:
    """A file that can't be read is on top too, with the reason."""
    page = parsed(samples.class_of(6))
    (section,) = page.xpath("//section[@aria-labelledby='unread']")
    assert "Mei-Ling Lovelace : notes.pdf: must be a notebook" in words(section)


def test_overview_marks_a_weak_item() -> None:
    """An item that the others contradict stands out."""
    rows = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)]
    made = [
        Graded(
            student=f"u{number}",
            record=record(
                made=tuple(
                    item(name, Status.PARTIAL, score, ())
                    for name, score in zip("ab", row, strict=True)
                )
            ),
        )
        for number, row in enumerate(rows)
    ]
    weak = parsed(made).xpath("//td[contains(@class, 'weak')]")
    assert [words(cell) for cell in weak] == ["-1.00", "-1.00"]


def test_overview_runs_its_own_script_alone() -> None:
    """The policy names the hash of the only script that is there."""
    raw = b"".join(render_overview([nasty(), nasty_unread(), faulty()])).decode()
    page = html.document_fromstring(raw)
    (script,) = page.iter("script")
    assert "alert(1)" not in (script.text or "")
    policy = page.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert re.search(r"script-src 'sha256-[\w+/]+=*'", str(policy))
    assert "\u202e" not in raw
    assert "<script>alert(1)</script>" in "".join(map(str, page.itertext()))


@pytest.mark.parametrize(
    "run",
    [[], [nasty_unread()], [Graded(student="a", record=record(made=()))]],
    ids=["nobody", "unread", "no items"],
)
def test_overview_of_little_is_a_page(run: list[Graded]) -> None:
    """A run that has just begun can be looked at."""
    assert parsed(run).find(".//table[@id='students']") is not None


def test_overview_tints_cells_by_share() -> None:
    """Nothing, less than half, less than all, all; what is open has no tint."""
    scores = {"a": 0.0, "b": 0.4, "c": 0.9, "d": 1.0}
    made = record(made=tuple(item(n, Status.PARTIAL, s, ()) for n, s in scores.items()))
    cells = parsed([Graded(student="u", record=made)]).findall(
        ".//table[@id='students']/tbody/tr/td"
    )[-4:]
    assert [cell.attrib["class"] for cell in cells] == [
        "number q0",
        "number q1",
        "number q2",
        "number",
    ]


def test_overview_shows_conflicts_on_top() -> None:
    """The contested id once, with all that claim it, and a way to find them in the table."""
    claims = [Graded(student=f"7 ({place})", contested="7", record=record()) for place in "ab"]
    page = parsed([*samples.class_of(2), *claims])
    (section,) = page.findall(".//section[@aria-labelledby='conflicts']")
    assert words(section).count("7 (") == 2
    assert "1 student is claimed by several hand-ins" in words(section)
    marks = [row.attrib["data-marks"].split() for row in page.findall(".//tr[@data-marks]")]
    assert sum("conflict" in of_row for of_row in marks) == 2
    assert not parsed(samples.class_of(2)).findall(".//section[@aria-labelledby='conflicts']")
