"""Tables of measurements in every form that they come in."""

from typing import Any

import numpy as np
import pytest

from grader.checks.interface import Outcome
from grader.checks.records import read_records

COLUMNS = ("rank", "seconds")


@pytest.mark.parametrize(
    "answer",
    [
        [{"rank": 1, "seconds": 0.5}, {"rank": 2, "seconds": 0.25}],
        [{"seconds": 0.5, "rank": 1, "more": "text"}, {"rank": 2, "seconds": np.array(0.25)}],
        [[1, 0.5], [2, 0.25]],
        [np.array([1, 0.5]), [2, 0.25]],
        np.array([[1, 0.5], [2, 0.25]]),
        {"rank": [1, 2], "seconds": np.array([0.5, 0.25])},
    ],
    ids=["dicts", "more keys", "rows", "mixed rows", "array", "columns"],
)
def test_read_records_accepts_every_form(answer: Any) -> None:
    """Lists of dicts or rows, arrays and tables of columns say the same."""
    assert read_records(answer, COLUMNS, name="f") == [(1.0, 0.5), (2.0, 0.25)]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (None, "got None"),
        (3, "got 3"),
        ([{"rank": 1}], "without seconds"),
        ([[1, 2, 3]], "got a list with 3 entries"),
        ([[1]], "expected records"),
        ({"rank": [1, 2], "seconds": [1]}, "several lengths"),
        ({"rank": 1, "seconds": 2}, "expected records"),
        ([{"rank": 1, "seconds": float("nan")}], "record 1: seconds"),
        ([{"rank": 1, "seconds": 1}, {"rank": "two", "seconds": 1}], "record 2: rank"),
        ("text", "the text"),
    ],
)
def test_read_records_says_what_is_wrong(answer: Any, word: str) -> None:
    """Feedback names the record, the field and what came."""
    found = read_records(answer, COLUMNS, name="f")
    assert isinstance(found, Outcome)
    assert found.value == 0
    assert found.feedback.startswith("f: ")
    assert word in found.feedback


def test_read_records_has_none_of_an_empty_list() -> None:
    """What is missing then is for the caller to say."""
    assert read_records([], COLUMNS, name="f") == []


RETURN = "return a list of dicts with these keys, one for each case that was asked for"


@pytest.mark.parametrize(
    ("answer", "feedback", "hint"),
    [
        (None, "f: expected records with rank, seconds, got None", RETURN),
        (
            [{"rank": 1}, {"rank": 1, "seconds": 2}],
            "f: expected records with rank, seconds, got a dict with 1 entries without seconds",
            RETURN,
        ),
        (
            [{}],
            (
                "f: expected records with rank, seconds, "
                "got a dict with 0 entries without rank, seconds"
            ),
            RETURN,
        ),
        (
            [[1, 2], [3]],
            "f: expected records with rank, seconds, got a list with 1 entries",
            RETURN,
        ),
        (
            {"rank": [1, 2], "seconds": 3},
            "f: expected records with rank, seconds, got a dict with 2 entries",
            RETURN,
        ),
        (
            {"rank": [1, 2], "seconds": [3]},
            "f: expected columns of one length, got several lengths",
            "each record needs rank, seconds",
        ),
        ([[1, 2], [3, [4, 5]]], "f: record 2: seconds: expected shape (), got (2,)", ""),
        (
            {"rank": [1, 2]},
            "f: expected records with rank, seconds, got a dict with 1 entries without seconds",
            RETURN,
        ),
    ],
)
def test_students_are_told(answer: Any, feedback: str, hint: str) -> None:
    """What a record is, which one is none, and why."""
    found = read_records(answer, COLUMNS, name="f")
    assert isinstance(found, Outcome)
    assert (found.feedback, found.hint) == (feedback, hint)
