"""What wrong answers have in common is said; what belongs to one draw is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.checks.diagnosis import Notes, describe
from grader.checks.interface import SubmissionFault
from grader.checks.reducio import read_answer
from grader.model import Status

RANKS = [int(r) for r in np.random.default_rng(0).integers(1, 96, size=60)]


def notes_of(answer: Callable[[int], Any], ranks: list[int] = RANKS) -> Notes:
    notes = Notes()
    for r in ranks:
        given = answer(r)
        notes.add(r, read_answer(given), given)
    return notes


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: 42, "the same in every round"),
        (lambda _: 100, "finite differences in float32"),
        (lambda r: r + 1, "off by the same number"),
        (lambda r: r - 1, "off by the same number"),
        (lambda r: r if r < 60 else r - r % 5 - 1, "several x on top of each other"),
        (lambda r: r + r % 3, "raise the threshold"),
        (lambda r: 96 - r, "rank of the function's Jacobian"),
        (lambda _: None, "return r as a whole number"),
        (np.zeros, "return r as a whole number"),
    ],
)
def test_hint_names_what_the_wrong_answers_share(answer: Callable[[int], Any], words: str) -> None:
    """One step for each kind of mistake."""
    assert words in notes_of(answer).hint()


def test_hint_of_rare_losses_is_about_small_singular_values() -> None:
    """Two answers of sixty that are one too small are lost singular values, no miscounting."""
    ranks = [*[r for r in RANKS if r < 90][:58], 95, 94]
    notes = notes_of(lambda r: r if r < 94 else r - 1, ranks)
    assert "several x on top of each other" in notes.hint()


def test_hint_of_rounds_that_raise_is_that_of_the_first() -> None:
    """The exception tells more than a number would."""
    notes = Notes()
    notes.lose(5, SubmissionFault(Status.ERRORED, "your code raised KeyError: 3", "first step"))
    notes.lose(6, SubmissionFault(Status.ERRORED, "your code raised ValueError", "second step"))
    assert notes.hint() == "first step"
    assert notes.summary() == " (2 raised); the first that raised: your code raised KeyError: 3"


def test_counts_add_up_and_name_no_draw() -> None:
    """Every round is in one count, and only counts are there."""
    notes = notes_of(lambda r: r if r % 2 else r + (-1) ** r * 3 if r % 4 else None)
    notes.lose(7, SubmissionFault(Status.ERRORED, "x"))
    counts = notes.counts()
    right = sum(band["right"] for band in counts["by_r"])
    played = sum(band["played"] for band in counts["by_r"])
    wrong = sum(counts[name] for name in ("too_small", "too_large", "raised", "no_whole_number"))
    assert played == 61 == right + wrong
    assert [(band["from"], band["to"]) for band in counts["by_r"]] == [
        (1, 19),
        (20, 38),
        (39, 57),
        (58, 76),
        (77, 95),
    ]


def test_summary_is_empty_where_all_is_right() -> None:
    """Nothing is said about nothing."""
    assert notes_of(lambda r: r).summary() == ""


def test_summary_counts_every_kind_and_shows_the_first_odd_answer() -> None:
    """Each kind once, in one order, and what the first answer that is no whole number read like."""
    notes = notes_of({1: 0, 2: 1, 3: 4, 4: 3.5, 5: "5"}.__getitem__, [1, 2, 3, 4, 5])
    assert notes.summary() == (
        " (2 too small, 1 too large, 2 no whole number); the first that is no whole number was 3.5"
    )


def test_add_tells_right_from_wrong() -> None:
    """The answer counts for the game as it counts here."""
    notes = Notes()
    assert notes.add(3, 3, 3)
    assert not notes.add(3, 4, 4)
    assert not notes.add(3, None, "three")


def test_a_copy_goes_on_by_itself() -> None:
    """What is noted in an extended game does not change what the first rounds were."""
    notes = notes_of(lambda r: r - 1, [5, 30])
    before = notes.counts()
    more = notes.copy()
    more.lose(7, SubmissionFault(Status.ERRORED, "x"))
    more.add(8, 9, 9)
    more.add(8, None, "nine")
    assert notes.counts() == before
    assert more.counts()["too_small"] == 2
    assert more.counts()["raised"] == more.counts()["too_large"] == 1
    assert more.counts()["by_r"][0] == {"from": 1, "to": 19, "right": 0, "played": 4}


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([50] * 5, "the same in every round"),
        ([5] * 4, "several x on top of each other"),
        ([90, 90, 90, 90, 2], "finite differences in float32"),
        (["x", "y", 2, 30], "rank of the function's Jacobian"),
        (["x", "y", 2], "return r as a whole number"),
    ],
)
def test_hints_begin_where_most_answers_share_something(answers: list[Any], words: str) -> None:
    """Four of five, or more than half, or five of one kind, and not one fewer."""
    ranks = [10, 20, 30, 40, 50][: len(answers)]
    notes = Notes()
    for r, answer in zip(ranks, answers, strict=True):
        notes.add(r, read_answer(answer), answer)
    assert words in notes.hint()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (37.5, "37.5"),
        (np.array([37.5]), "37.5"),
        (np.zeros((3, 2)), "an array of shape (3, 2)"),
        ("37", "the text '37'"),
        ([1, 2], "a list with 2 entries"),
    ],
)
def test_describe_is_short(value: Any, text: str) -> None:
    """An answer that is no whole number, in a few words."""
    assert describe(value) == text
