"""The grader's end of the oracle believes nothing that the worker sends, and counts questions."""

from typing import Any

import numpy as np
import pytest

from grader.checks.game import Game
from grader.checks.interface import SubmissionFault
from grader.checks.oracle import MOST_NUMBERS, Form, Oracle
from grader.model import Status


def oracle_for(form: Form = "vector", max_queries: int = 1000, seconds: float = 60.0) -> Oracle:
    oracle = Oracle(form, max_queries=max_queries, seconds=seconds)
    oracle.start(Game.draw(np.random.default_rng(0)))
    return oracle


def about(count: int, order: int = 0) -> dict[str, Any]:
    return {"order": order, "x": np.ones((count, 100), np.float32)}


@pytest.mark.parametrize("form", ["vector", "scalar"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_answer_gives_all_orders_up_to_the_one_asked(form: Form, order: int) -> None:
    """Value, first and second derivatives, of the current draw."""
    game = Game.draw(np.random.default_rng(1))
    oracle = oracle_for(form)
    oracle.start(game)
    points = np.random.default_rng(2).standard_normal((2, 100))
    found = oracle.answer({"order": order, "x": points})
    expected = game.derivatives(form, order, points)
    assert len(found) == order + 1
    for actual, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize(
    "query",
    [
        None,
        3,
        "f",
        [0, np.ones((1, 100))],
        {},
        {"order": 0},
        {"x": np.ones((1, 100))},
        {"order": 3, "x": np.ones((1, 100))},
        {"order": -1, "x": np.ones((1, 100))},
        {"order": True, "x": np.ones((1, 100))},
        {"order": 1.0, "x": np.ones((1, 100))},
        {"order": 0, "x": [1.0] * 100},
        {"order": 0, "x": np.ones(100)},
        {"order": 0, "x": np.ones((1, 99))},
        {"order": 0, "x": np.ones((1, 100), np.float16)},
        {"order": 0, "x": np.ones((1, 100), np.int64)},
        {"order": 0, "x": np.ones((1, 100), np.complex128)},
        {"order": 0, "x": np.ones((1, 1, 100))},
        {"order": 0, "x": np.ones((60_000, 100), np.float32)},
        {"order": 1, "x": np.ones((500, 100), np.float32)},
        {"order": 2, "x": np.ones((5, 100), np.float32)},
    ],
)
def test_answer_refuses_what_the_client_never_asks(query: Any) -> None:
    """Other shapes, types, orders, and answers that would take much memory."""
    oracle = oracle_for(max_queries=1 << 30)
    with pytest.raises(SubmissionFault) as caught:
        oracle.answer(query)
    assert caught.value.status is Status.KILLED
    assert oracle.refusal is caught.value


def test_answer_counts_points_and_not_queries() -> None:
    """A batch of ten is ten, a Jacobian as much as a value."""
    oracle = oracle_for()
    oracle.answer(about(10))
    oracle.answer(about(1, order=1))
    assert oracle.points == 11


def test_answer_refuses_more_points_than_a_round_has() -> None:
    """The first point too many ends it, and the feedback names the limit."""
    oracle = oracle_for(max_queries=20)
    oracle.answer(about(15))
    oracle.answer(about(5))
    with pytest.raises(SubmissionFault, match="more than 20 points in one round") as caught:
        oracle.answer(about(1))
    assert caught.value.status is Status.FAILED
    assert oracle.refusal is caught.value


def test_answer_counts_queries_about_nothing() -> None:
    """Messages without a point do not go on for ever either."""
    oracle = oracle_for(max_queries=3)
    for _ in range(3):
        oracle.answer(about(0))
    with pytest.raises(SubmissionFault):
        oracle.answer(about(0))


def test_start_gives_the_next_round_its_own_points() -> None:
    """What one round did not use is not kept, what it used is not charged to the next."""
    oracle = oracle_for(max_queries=20)
    oracle.answer(about(20))
    oracle.start(Game.draw(np.random.default_rng(1)))
    oracle.answer(about(20))
    assert oracle.points == 40
    assert oracle.refusal is None


def test_answer_stops_when_the_seconds_are_used_up() -> None:
    """The grader's own time is bounded, over all rounds together."""
    oracle = oracle_for(seconds=1e-9)
    oracle.answer(about(1))
    oracle.start(Game.draw(np.random.default_rng(1)))
    with pytest.raises(SubmissionFault) as caught:
        oracle.answer(about(1))
    assert caught.value.status is Status.TIMED_OUT


def test_answer_adds_up_its_seconds() -> None:
    """Many short answers use the time up as one long answer does."""
    oracle = oracle_for()
    spent = []
    for _ in range(3):
        oracle.answer(about(10, order=1))
        spent.append(oracle.seconds)
    assert 0 < spent[0] < spent[1] < spent[2]


def test_answer_of_the_scalar_form_may_be_about_more_points() -> None:
    """The limit is on the numbers of an answer: one and its hundred derivatives for each point."""
    largest = MOST_NUMBERS // 101
    oracle = oracle_for("scalar", max_queries=1 << 30)
    assert len(oracle.answer(about(largest, order=1))) == 2
    with pytest.raises(SubmissionFault) as caught:
        oracle.answer(about(largest + 1, order=1))
    assert caught.value.status is Status.KILLED
    assert caught.value.hint
