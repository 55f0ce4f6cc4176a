"""grader/report/clean.py: strangers' texts do no harm where they are written."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.report.clean import (
    csv_text,
    file_stem,
    markdown,
    markdown_block,
    markdown_code,
    one_line,
    shortened,
    visible,
)
from tests.records import NASTY

GITHUB = MarkdownIt("gfm-like", {"linkify": False})
SIGNS = "\\`*_[](){}#+-=!|~$<>&;@:/.w 1aé\n\t\u202e"
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.text(st.sampled_from(SIGNS), max_size=30),
)
"""Any text, and texts of the signs that mean something somewhere."""


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("a\rb", "a\\x0db"),
        ("\ud800", "\\ud800"),
        ("\ufffe\ufeff", "\\ufffe\\ufeff"),
        ("日本 ünïcode 👩‍🔬", "日本 ünïcode 👩‍🔬"),
    ],
    ids=["escape", "bidi", "isolate", "newlines", "return", "surrogate", "noncharacter", "letters"],
)
def test_visible_shows_what_can_not_be_seen(raw: str, shown: str) -> None:
    """Control characters and overrides become escapes; every letter stays."""
    assert visible(raw) == shown


@given(TEXTS)
def test_visible_fits_xml_and_utf8(text: str) -> None:
    """Whatever comes, the result can be encoded and put into XML 1.0."""
    shown = visible(text)
    shown.encode()
    assert all(char in "\t\n" or 0x20 <= ord(char) < 0x7F or ord(char) >= 0xA0 for char in shown)
    assert not set(shown) & {"\ufffe", "\uffff"}


@given(TEXTS)
def test_markdown_shows_the_very_text(text: str) -> None:
    """Rendered as GitHub renders it, the text is what it was: no markup, no HTML, no link."""
    line = one_line(text)
    inline = GITHUB.parse(markdown(text))
    if not line:
        assert inline == []
        return
    assert [token.type for token in inline] == ["paragraph_open", "inline", "paragraph_close"]
    children = inline[1].children or []
    assert {token.type for token in children} <= {"text", "text_special"}
    assert "".join(token.content for token in children) == line


@pytest.mark.parametrize("text", ["# head", "- item", "+ item", "1. item", "2) item", "===", "---"])
def test_markdown_starts_nothing(text: str) -> None:
    """A text at the start of a line is a paragraph, never a heading or a list."""
    html = GITHUB.render(markdown(text))
    assert html.startswith("<p>")
    assert text in html


@given(TEXTS)
def test_markdown_code_shows_the_very_text(text: str) -> None:
    """Inline code holds the text, backticks and all."""
    line = one_line(text)
    if not line:
        return
    tokens = GITHUB.parse(f"x {markdown_code(text)} x")
    (code,) = [token for token in tokens[1].children or [] if token.type == "code_inline"]
    assert code.content == line


def test_markdown_block_can_not_be_ended() -> None:
    """A fence in the text ends nothing."""
    tokens = GITHUB.parse(markdown_block("```\n<script>\n````\n# head"))
    assert [token.type for token in tokens] == ["fence"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\n", "＝"])  # noqa: RUF001
def test_csv_text_is_no_formula(start: str) -> None:
    """A cell that a spreadsheet would compute starts with an apostrophe."""
    assert csv_text(f"{start}cmd()").startswith("'")
    assert csv_text(f"a{start}b") == f"a{start}b"


def test_csv_text_survives_a_round_trip() -> None:
    """Quotes, commas and newlines are the format's business and come back."""
    file = io.StringIO(newline="")
    csv.writer(file).writerow([csv_text(NASTY), "2"])
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [visible(NASTY), "2"]


def test_shortened_keeps_short_texts() -> None:
    """Only what is too long is cut."""
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "ab…"


@given(TEXTS)
def test_file_stem_is_plain(name: str) -> None:
    """Letters, digits and hyphens alone, whatever the name."""
    stem = file_stem(name)
    assert len(stem) <= 40
    assert not set(stem) - set("abcdefghijklmnopqrstuvwxyz0123456789-")
