"""The pages in a browser: nothing is fetched, nothing fails, everything has a text and works."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.report.html import render_html
from grader.report.interface import Graded
from grader.report.links import page_link
from grader.report.overview import render_overview
from tests.report import samples
from tests.report.nasty import nasty, nasty_unread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = {"wide": 1280, "narrow": 390}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class's pages as they lie in a folder."""
    folder = tmp_path_factory.mktemp("site")
    run = [*samples.class_of(40), nasty(), nasty_unread()]
    (folder / "overview.html").write_bytes(b"".join(render_overview(run)))
    (folder / "students").mkdir()
    for graded in (*run[:6], *run[-2:]):
        (folder / page_link(graded)).write_bytes(render_html(graded))
    (folder / "sample.html").write_bytes(render_html(samples.student(7, judged=True)))
    (folder / "nasty.html").write_bytes(render_html(nasty()))
    return folder


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page that tells of every error and every request but for its own file."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(f"console: {message.text}"))
    opened.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    opened.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
    opened.on(
        "request",
        lambda request: (
            troubles.append(f"request: {request.url}")
            if not request.url.startswith(("file:", "data:"))
            else None
        ),
    )
    yield opened
    context.close()
    assert troubles == []


@pytest.mark.parametrize("name", ["overview", "sample", "nasty"])
@pytest.mark.parametrize(("width", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_page_passes_the_rules_of_accessibility(
    page: "Page", site: Path, name: str, width: str, scheme: str
) -> None:
    """Axe finds nothing: contrast, names, headings, landmarks, keyboard."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": WIDTHS[width], "height": 900})
    page.goto(f"file://{site / name}.html")
    # What is folded is looked at too.
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    results = axe.Axe().run(page)
    assert [
        (found["id"], [node["html"][:200] for node in found["nodes"]][:3])
        for found in results.response["violations"]
    ] == []


@pytest.mark.parametrize("name", ["overview", "sample", "nasty"])
def test_every_image_has_a_text(page: "Page", site: Path, name: str) -> None:
    """A picture has a name, or is hidden from who can't see it."""
    page.goto(f"file://{site / name}.html")
    pictures = page.locator("svg, img, [role=img]")
    assert pictures.count() > 0
    for picture in pictures.all():
        if picture.get_attribute("aria-hidden") == "true":
            continue
        text = picture.get_attribute("aria-label") or picture.locator("title").text_content()
        assert text


@pytest.mark.parametrize("name", ["overview", "sample", "nasty"])
def test_page_is_no_wider_than_a_telephone(page: "Page", site: Path, name: str) -> None:
    """Nothing but tables within their frames needs sideways scrolling."""
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"file://{site / name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def column(page: "Page", place: int) -> list[str]:
    cells = page.locator(f"#students tbody tr:not([hidden]) > :nth-child({place})")
    return [text.strip() for text in cells.all_text_contents()]


def points(page: "Page") -> list[float]:
    return [float(text) for text in column(page, 3) if text]


def test_table_sorts(page: "Page", site: Path) -> None:
    """A click sorts, another turns it round; what has no value stays last."""
    page.goto(f"file://{site / 'overview.html'}")
    head = page.locator("#students thead th").nth(2)
    before = points(page)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert points(page) == sorted(before, reverse=True)
    assert column(page, 3)[-1] == ""
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert points(page) == sorted(before)
    assert column(page, 3)[-1] == ""


def test_table_sorts_by_the_keyboard(page: "Page", site: Path) -> None:
    """The heads are buttons: Tab reaches them, Enter presses them; one is sorted at a time."""
    page.goto(f"file://{site / 'overview.html'}")
    page.locator("#students thead button").first.focus()
    page.keyboard.press("Enter")
    names = column(page, 1)
    assert names[0].startswith("Ada")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("#students th[aria-sort]").count() == 1
    assert page.locator("#students thead th").nth(1).get_attribute("aria-sort") == "ascending"


def test_table_filters(page: "Page", site: Path) -> None:
    """By words, by what happened, by the item where points were lost; the count is told."""
    page.goto(f"file://{site / 'overview.html'}")
    status = page.get_by_role("status")
    assert status.text_content() == "42 of 42 shown"
    page.get_by_label("Name, id or file").fill("lovelace u1003")
    assert column(page, 2) == ["u1003"]
    assert status.text_content() == "1 of 42 shown"
    page.get_by_label("Name, id or file").fill("")
    page.get_by_label("Show").select_option("not graded")
    assert column(page, 2) == ["u1004", "other"]
    page.get_by_label("Show").select_option("all")
    page.get_by_label("Lost points in").select_option("2.1a")
    place = 8 + [one.id for one in samples.ITEMS].index("2.1a")
    lost = column(page, place)
    assert 0 < len(lost) < 42
    assert all(float(text) < 2 for text in lost)


def test_a_link_leads_to_the_students_page(page: "Page", site: Path) -> None:
    """From the table to the page and its name."""
    page.goto(f"file://{site / 'overview.html'}")
    page.locator("#students tbody a").first.click()
    assert page.locator("h1").text_content() == "Ada Lovelace"


def test_skip_link_leads_to_the_results(page: "Page", site: Path) -> None:
    """The first stop of the keyboard leads past the head."""
    page.goto(f"file://{site / 'sample.html'}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_folds_are_open_on_paper(page: "Page", site: Path) -> None:
    """What is folded on the screen is printed."""
    page.goto(f"file://{site / 'sample.html'}")
    output = page.locator("pre.output").first
    assert not output.is_visible()
    page.emulate_media(media="print")
    assert output.bounding_box() is not None
    assert (output.bounding_box() or {"height": 0.0})["height"] > 0


def test_pages_need_no_server(site: Path) -> None:
    """The pages name no address but their own files."""
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "https://" not in text
        assert "http://" not in text


def test_a_page_of_every_kind_is_there(site: Path) -> None:
    """The class holds what these tests look for."""
    kinds: list[Graded] = [*samples.class_of(6), nasty(), nasty_unread()]
    assert all((site / page_link(graded)).is_file() for graded in kinds)
