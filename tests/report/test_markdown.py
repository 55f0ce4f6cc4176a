"""grader/report/markdown.py: the page in words and tables."""

import pytest
from lxml import html
from markdown_it import MarkdownIt

from grader.model import Status
from grader.report.interface import Graded
from grader.report.markdown import render_markdown, table, told
from tests.records import item, record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty, nasty_unread

GITHUB = MarkdownIt("gfm-like", {"linkify": False})


def test_markdown_is_as_it_was(golden: Golden) -> None:
    """The page of a known hand-in is the golden one."""
    golden("student.md", render_markdown(samples.student(12, judged=True)))


def test_markdown_tells_what_the_page_tells() -> None:
    """Points, feedback, hint, command, criteria, numbers of the charts."""
    text = GITHUB.render(render_markdown(Graded(record=record())).decode())
    for words in (
        "grad_U: expected shape (5, 3), got (3, 5)",
        "dF/dU has the shape of U",
        "grader check ps1.ipynb --item 2.1a",
        "uses U*U = I",
    ):
        assert words in "".join(map(str, html.fromstring(text).itertext()))


def test_markdown_holds_nothing_for_staff() -> None:
    """Staff notes are not for students."""
    assert b"draw 3: 1.2e-3" not in render_markdown(Graded(record=record()))


@pytest.mark.parametrize("graded", [nasty(), nasty_unread()], ids=["graded", "unread"])
def test_markdown_is_not_harmed_by_a_text(graded: Graded) -> None:
    """Rendered with HTML allowed, as GitHub does, the only HTML is the fold of our own."""
    text = render_markdown(graded).decode()
    assert "\u202e" not in text
    tokens = GITHUB.parse(text)
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    own = {"<details><summary>What your code printed</summary>", "</details>"}
    assert set(blocks) <= own
    inline = [child for token in tokens for child in token.children or []]
    assert not [child for child in inline if child.type in {"html_inline", "link_open", "image"}]


def test_markdown_shows_the_end_of_a_flood() -> None:
    """Output is cut in its middle."""
    flood = "START" + "x" * 100_000 + "END"
    graded = Graded(record=record(made=(item("4", Status.PASSED, 1.0, (), flood),)))
    text = render_markdown(graded).decode()
    assert len(text) < 30_000
    assert "STARTx" in text
    assert "xEND" in text


def test_table_keeps_a_cell_whole() -> None:
    """A bar within a cell, in code too, starts no other cell."""
    lines = "\n".join(table(("a", "b"), [(told("x | y `p|q`"), "1")], numbers=1))
    cells = [token.content for token in GITHUB.parse(lines) if token.type == "inline"]
    assert len(cells) == 4
    assert html.fromstring(GITHUB.render(lines)).findtext(".//code") == "p|q"
    assert "text-align:right" in GITHUB.render(lines)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`f` is *not* it", "<p><code>f</code> is *not* it</p>"),
        ("one ` alone", "<p>one ` alone</p>"),
        ("`` `` is empty", "<p> is empty</p>"),
        ("a `b` c `d`", "<p>a <code>b</code> c <code>d</code></p>"),
    ],
)
def test_told_marks_code(text: str, shown: str) -> None:
    """What stands between backticks is code, everything else is itself."""
    rendered = GITHUB.render(told(text)).strip().replace("<p> ", "<p>")
    assert rendered == shown.replace("<p> ", "<p>")
