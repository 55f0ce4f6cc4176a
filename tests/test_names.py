"""grader/names.py: strangers' names and texts, made fit to be shown and compared."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.names import (
    LONGEST_NAME,
    clean_name,
    distinct_names,
    middle_cut,
    printable,
    same_name_key,
    short_name,
    shortened,
    unmarked,
)

NAMES = st.text(st.characters(exclude_categories=()), max_size=40)


@given(NAMES)
def test_clean_name_is_one_printable_line_and_stays(raw: str) -> None:
    """No control character, no override, nothing that breaks UTF-8; cleaning is done once."""
    name = clean_name(raw)
    name.encode()
    assert clean_name(name) == name
    assert len(name.splitlines()) <= 1
    unseen = {unicodedata.category(char) for char in name} & {"Cc", "Cs", "Zl", "Zp"}
    assert not unseen
    assert not set(name) & set("\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\u061c")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\n::error::b", "a\\x0a:\\x3aerror::b"),
        ("##[error]x", "#\\x23[error]x"),
        ("\x1b[31mred\x9b0m", "\\x1b[31mred\\x9b0m"),
        ("gnp.\u202eyp", "gnp.\\u202eyp"),
        ("bob\u200b", "bob\\u200b"),
        ("\udcff", "\\udcff"),
        ("Zoe\u0308", "Zoë"),
        ('O\'Brien, "Šimon" 日本 x[::-1]', 'O\'Brien, "Šimon" 日本 x[::-1]'),
    ],
)
def test_clean_name_shows_what_can_not_be_seen(raw: str, clean: str) -> None:
    """Escapes for what a terminal, a reader or a CI system would fall for; letters stay."""
    assert clean_name(raw) == clean


@given(st.lists(NAMES, unique=True, max_size=6))
def test_distinct_names_never_merge(raw: list[str]) -> None:
    """Different names of one folder stay different, whatever cleaning makes of them."""
    assert len(set(distinct_names(raw))) == len(raw)


def test_distinct_names_marks_only_what_would_be_equal() -> None:
    """The mark is before the ending, and can be taken off again."""
    names = distinct_names(["Zoë.py", "Zoe\u0308.py", "anna.py"])
    assert names[2] == "anna.py"
    assert {unmarked(name) for name in names[:2]} == {"Zoë.py"}
    assert all(name.endswith(".py") for name in names)


def test_short_name_cuts_and_keeps_apart() -> None:
    """Both ends are there, and two long names differ although their ends are the same."""
    one, two = ("x" * 400 + middle + "y" * 400 + ".ipynb" for middle in "ab")
    assert short_name(one) != short_name(two)
    assert len(short_name(one)) == LONGEST_NAME
    assert short_name(one).endswith(".ipynb")
    assert short_name("x" * LONGEST_NAME) == "x" * LONGEST_NAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob", "bob"),
        ("Zoë", "Zoe\u0308"),
        ("bob ", "bob"),
        ("a  b", "a\u00a0b"),
        ("bo\u200bb", "bob"),
        (clean_name("bo\u200bb"), "bob"),
        ("１２", "12"),  # noqa: RUF001
        ("straße", "STRASSE"),
        ("zoë~01234567", "zoë"),
    ],
)
def test_same_name_key_joins_what_people_take_for_one(one: str, other: str) -> None:
    """Capitals, normal forms, spaces and what can't be seen."""
    assert same_name_key(one) == same_name_key(other)


def test_same_name_key_keeps_others_apart() -> None:
    """Accents, leading zeros and signs belong to a name."""
    names = ["12", "012", "zoe", "zoë", "a b", "ab", "a-b", "a_b"]
    assert len(set(map(same_name_key, names))) == len(names)


def test_printable_defuses_commands_anywhere_in_a_text() -> None:
    """A terminal that wraps lines may put any word at the start of one; slices are left alone."""
    text = printable("note: ::set-output name=x::1\n  ::ERROR::y ##[warning]z\x1b]0;t\x07")
    assert "::set-output" not in text
    assert "::ERROR" not in text
    assert "##[" not in text
    assert "\x1b" not in text
    assert printable("x[::2], y[::-1, ::k]\nok") == "x[::2], y[::-1, ::k]\nok"


@pytest.mark.parametrize("cut", [shortened, middle_cut])
def test_a_cut_text_fits_and_is_not_cut_again(cut: type) -> None:
    """What is read back from a store is what was written."""
    once = cut("a" * 5000 + "end", 1000)
    assert len(once) <= 1000
    assert cut(once, 1000) == once
    assert middle_cut("a" * 5000 + "end", 1000).endswith("end")
