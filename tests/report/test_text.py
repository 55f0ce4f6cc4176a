"""grader/report: the same record gives the same bytes, and nothing in it does harm."""

import msgspec
import pytest

from grader.model import from_json, to_json
from grader.report import PER_SUBMISSION
from grader.report.text import points_text, render_text
from tests.records import nasty_record, record


def test_json_survives_a_round_trip() -> None:
    """What was written is read back equal."""
    for example in (record(), nasty_record()):
        assert from_json(to_json(example)) == example


def test_reports_are_pure() -> None:
    """The same record always gives the same bytes."""
    for report in PER_SUBMISSION.values():
        assert report.render(record()) == report.render(record())


def test_text_names_every_item_and_what_was_lost() -> None:
    """Points, feedback and hint of what was not full."""
    text = render_text(record()).decode()
    for words in ("1.1a", "2.1a", "4 ", "by hand", "time out", "expected shape (5, 3)", "hint: "):
        assert words in text


def test_text_stays_within_its_width() -> None:
    """Long feedback is wrapped."""
    lines = render_text(record()).decode().splitlines()
    assert all(len(line) <= 100 for line in lines)


def test_points_have_no_needless_fraction() -> None:
    """3, 2.5 and 0.33 rather than 3.00."""
    assert [points_text(value) for value in (3.0, 2.5, 1 / 3, 0.0, 10.0)] == [
        "3",
        "2.5",
        "0.33",
        "0",
        "10",
    ]


def test_an_unknown_field_is_an_error_of_the_reader() -> None:
    """A record of another shape is not half read."""
    raw = to_json(record()).replace(b'"items"', b'"rows"')
    with pytest.raises(msgspec.ValidationError, match="items"):
        from_json(raw)


def test_text_shows_what_can_not_be_seen() -> None:
    """A name is one line, and no control character or override reaches a terminal."""
    text = render_text(nasty_record()).decode()
    assert "\u202e" not in text
    first = text.splitlines()[0]
    assert first.endswith("=cmd(1)\\x0a<script>alert(1)</script> & ünïcode \\u202e")
