"""grader/report/links.py: a file for each student on every system."""

from hypothesis import given
from hypothesis import strategies as st

from grader.report.interface import Graded
from grader.report.links import page_link, page_stem


def test_page_stem_keeps_a_plain_identifier() -> None:
    """An identifier of letters and digits is the file's name."""
    assert page_link(Graded(student="u1004")) == "students/u1004.html"


def test_page_stem_tells_apart_what_systems_confuse() -> None:
    """Capitals, signs and reserved names never meet in one file."""
    names = [
        "ada",
        "Ada",
        "ADA",
        "a.da",
        "a da",
        "con",
        "Con",
        "../x",
        "..",
        "日本",
        "=cmd()",
        "x" * 99,
    ]
    stems = [page_stem(Graded(student=name)) for name in names]
    assert len({stem.casefold() for stem in stems}) == len(names)
    assert "con" not in stems


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_page_stem_is_safe(name: str) -> None:
    """Letters, digits and hyphens alone; the same for the same student."""
    stem = page_stem(Graded(student=name, file="f"))
    assert stem
    assert not set(stem) - set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert stem == page_stem(Graded(student=name, file="f"))


def test_page_stem_of_a_file_alone() -> None:
    """Without a student the file names the page."""
    assert page_stem(Graded(file="ps1")) == "ps1"


def test_page_stem_is_nobody_else_s_whatever_a_student_is_called() -> None:
    """A name that looks like another's with its hash is hashed itself."""
    other = page_stem(Graded(student="Bob Roe"))
    assert page_stem(Graded(student=other)) != other
