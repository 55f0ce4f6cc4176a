"""grader/report/github.py: annotations that nothing can forge, and a summary that fits."""

import json

import msgspec
import pytest
from markdown_it import MarkdownIt

from grader.model import Status
from grader.report.github import MOST_SUMMARY, render_annotations, render_summary
from tests.records import check, item, record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty

NOTEBOOK = json.dumps(
    {"cells": [{"source": ["import numpy\n", "def f(x):\n", "    return x\n"]}]}, indent=1
).encode()


def commands(raw: bytes) -> list[tuple[str, dict[str, str], str]]:
    """(level, properties, message) as GitHub's runner reads them."""
    found = []
    for line in raw.decode().splitlines():
        assert line.startswith("::")
        head, _, message = line[2:].partition("::")
        level, _, rest = head.partition(" ")
        named = dict(part.split("=", 1) for part in rest.split(","))
        found.append((level, {key: plain(value) for key, value in named.items()}, plain(message)))
    return found


def plain(text: str) -> str:
    for code, sign in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_annotations_are_as_they_were(golden: Golden) -> None:
    """The annotations of a known hand-in are the golden ones."""
    made = samples.student(12).record
    assert made is not None
    golden("annotations.txt", render_annotations(made, path="work/ps1.ipynb"))


def test_annotations_point_to_the_cells_line() -> None:
    """A place in a cell becomes a line of the notebook's file."""
    told = "`f` raised ValueError: 100 % wrong, really (cell 1, line 2)"
    made = record(made=(item("2.1a", Status.ERRORED, 0.0, (check(Status.ERRORED, 0.0, told),)),))
    level, named, message = commands(render_annotations(made, path="a/b.ipynb", source=NOTEBOOK))[0]
    assert level == "error"
    assert named == {"file": "a/b.ipynb", "line": "6", "title": "2.1a Title of 2.1a (0 of 1)"}
    assert "def f" in NOTEBOOK.decode().splitlines()[int(named["line"]) - 1]
    assert message == f"{told}\nHint: dF/dU has the shape of U"


def test_annotations_tell_most_points_first() -> None:
    """GitHub shows ten of a step: those that cost most."""
    made = samples.student(12).record
    assert made is not None
    titles = [named["title"] for _, named, _ in commands(render_annotations(made))]
    assert titles[0].startswith("4 Reducio!")


def test_annotations_end_with_the_points() -> None:
    """All points are told even where none was lost."""
    made = record(made=(item("4", Status.PASSED, 1.0, (check(),)),))
    assert commands(render_annotations(made)) == [
        (
            "notice",
            {"title": "Problem Set 1"},
            "1 of 1 points that are checked automatically",
        )
    ]


def test_annotations_can_not_be_forged() -> None:
    """No text starts a command or adds a property; a fault tells no note for staff."""
    evil = "x\n::error file=other.py,line=1::forged\r::add-mask::a,line=9%0A::stop"
    made = record(
        name=evil, made=(item(evil, Status.FAILED, 0.0, (check(Status.FAILED, 0.0, evil),)),)
    )
    found = commands(render_annotations(made))
    assert [level for level, _, _ in found] == ["error", "notice"]
    assert found[0][1].keys() == {"file", "title"}
    assert "line" not in found[0][1]
    assert found[0][2].startswith("x\n::error file=other.py,line=1::forged")


def test_annotations_survive_any_text() -> None:
    """A hostile record gives as many lines as it has findings."""
    graded = nasty()
    assert graded.record is not None
    raw = render_annotations(graded.record)
    assert "\u202e" not in raw.decode()
    assert len(commands(raw)) == 4


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (Status.PARTIAL, "warning"),
        (Status.FAILED, "error"),
        (Status.MISSING, "error"),
        (Status.GRADER_FAULT, "warning"),
    ],
)
def test_annotations_have_a_level(status: Status, level: str) -> None:
    """Some points are a warning, none an error."""
    made = record(made=(item("4", status, 0.0, (check(status, 0.0, "secret"),)),))
    (found, _, message), _ = commands(render_annotations(made))
    assert found == level
    assert ("secret" in message) == (status is not Status.GRADER_FAULT)


def test_summary_is_as_it_was(golden: Golden) -> None:
    """The summary of a known hand-in is the golden one."""
    made = samples.student(12).record
    assert made is not None
    golden("summary.md", render_summary(made))


def test_summary_is_not_harmed_by_a_text() -> None:
    """No HTML and no link of a stranger."""
    graded = nasty()
    assert graded.record is not None
    text = render_summary(graded.record).decode()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    kinds = {child.type for token in tokens for child in token.children or []}
    assert not kinds & {"html_inline", "link_open", "image"}
    assert not [token for token in tokens if token.type == "html_block"]


def test_summary_fits_what_github_takes() -> None:
    """A summary is cut at a line's end."""
    made = samples.record(3, skill=0.0)
    many = msgspec.structs.replace(made, items=made.items * 400)
    summary = render_summary(many)
    assert len(summary) <= MOST_SUMMARY + 100
    assert summary.endswith(b"(cut: the record holds the rest)\n")
