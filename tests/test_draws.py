"""Seeded randomness: repeatable for ever, different wherever anything differs."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.draws import SeededDraws, fingerprint, practice_secret

GOLDEN_INTEGERS = [1786169112060148120, 365193916421362444, 1489115293450417190]
GOLDEN_NORMAL = [1.6241755929788668, -1.3483712291371457]
labels = st.lists(st.text() | st.integers(), max_size=4)


def words(draws: SeededDraws, *parts: str | int) -> list[int]:
    """The first numbers of a stream."""
    found: list[int] = draws.rng(*parts).integers(0, 1 << 62, size=4).tolist()
    return found


def test_rng_gives_the_draws_that_past_grades_were_given_by() -> None:
    """The numbers below decide grades: a change here is a change of every hidden draw."""
    draws = SeededDraws(b"golden", "ps1", "2.1a")
    assert draws.rng("gradient", "U", 0).integers(0, 1 << 62, size=3).tolist() == GOLDEN_INTEGERS
    normal = draws.rng("gradient", "U", 1).normal(size=2)
    np.testing.assert_allclose(normal, GOLDEN_NORMAL, rtol=1e-15)


@given(labels)
def test_rng_repeats_itself(parts: list[str | int]) -> None:
    """The same secret, assignment, item and labels give the same stream, from its start."""
    draws = SeededDraws(b"s", "ps1", "1")
    assert words(draws, *parts) == words(draws, *parts)
    assert words(draws, *parts) == words(SeededDraws(b"s", "ps1", "1"), *parts)


@given(labels, labels)
def test_rng_differs_wherever_the_labels_do(one: list[str | int], other: list[str | int]) -> None:
    """Two lists of labels share a stream only if they are the same."""
    draws = SeededDraws(b"s", "ps1", "1")
    alike = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    assert (words(draws, *one) == words(draws, *other)) is alike


@pytest.mark.parametrize(
    ("one", "other"),
    list(
        itertools.combinations(
            [
                ("ab", "c"),
                ("a", "bc"),
                ("abc",),
                ("abc", ""),
                ("", "abc"),
                (1, 23),
                (12, 3),
                (123,),
                ("123",),
                ("1", 23),
                (-1,),
                ("-1",),
                ("é",),
                ("e\u0301",),
                ("a\0", "b"),
                ("a", "\0b"),
                (),
                ("",),
            ],
            2,
        )
    ),
)
def test_rng_does_not_confuse_labels_that_read_alike(
    one: tuple[str | int, ...], other: tuple[str | int, ...]
) -> None:
    """Where one label ends and the next begins, and whether it is a number, matters."""
    draws = SeededDraws(b"s", "ps1", "1")
    assert words(draws, *one) != words(draws, *other)


def test_rng_differs_by_secret_assignment_and_item() -> None:
    """Nobody who knows one course's draws knows another's; names don't run into each other."""
    streams = [
        words(SeededDraws(secret, assignment, item), "x")
        for secret in (b"s", b"t", b"")
        for assignment, item in (("ps1", "2.1a"), ("ps1", "2.1b"), ("ps12", ".1a"), ("ps2", "2.1a"))
    ]
    assert len({tuple(stream) for stream in streams}) == len(streams)


def test_rng_takes_numpy_integers_for_integers() -> None:
    """A draw's number is the same label however it was counted."""
    draws = SeededDraws(b"s", "ps1", "1")
    assert words(draws, "x", int(np.int64(3))) == words(draws, "x", np.int64(3))  # type: ignore[arg-type]


def test_rng_refuses_other_labels() -> None:
    """A float would make draws depend on how it is printed."""
    with pytest.raises(TypeError):
        SeededDraws(b"s", "ps1", "1").rng(0.5)  # type: ignore[arg-type]


def test_the_order_of_questions_does_not_matter() -> None:
    """A draw is the same whichever was asked for before it."""
    first, second = SeededDraws(b"s", "ps1", "1"), SeededDraws(b"s", "ps1", "1")
    first.rng("a").normal(size=10)
    assert words(first, "b") == words(second, "b")


def test_fingerprint_names_a_secret_without_giving_it_away() -> None:
    """Sixteen digits, the same in every record of a course, different for another secret."""
    assert fingerprint(b"course secret") == "7419d5905e7902f9"
    assert fingerprint(b"course secret 2") != "7419d5905e7902f9"


def test_the_practice_secret_is_public() -> None:
    """A student's own check repeats on every machine."""
    assert practice_secret() == b"practice"
