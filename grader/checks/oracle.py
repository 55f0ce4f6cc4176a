"""The grader's end of the oracle: reads the worker's queries, counts and answers them."""

import time
from typing import Literal

import numpy as np

from grader.checks.game import DIMENSION, HIGHEST_ORDER, Array, Game
from grader.checks.interface import SubmissionFault, Value
from grader.model import Status

MOST_NUMBERS = 1 << 22
"""The largest answer to one query, in numbers; the worker's own client asks for a quarter of it."""
Form = Literal["vector", "scalar"]


class Oracle:
    """Answers queries about the current draw, as many as are allowed."""

    def __init__(self, form: Form, *, max_queries: int, seconds: float) -> None:
        """Nothing is answered before `start`.

        Args:
            form: Of the game.
            max_queries: Points at which may be asked in one round.
            seconds: Time that all answers together may take.
        """
        self._form = form
        self._max_queries = max_queries
        self._max_seconds = seconds
        self._game: Game | None = None
        self._round = 0
        self.points = 0
        """Points asked for in all rounds."""
        self.seconds = 0.0
        """Time spent on answers."""
        self.refusal: SubmissionFault | None = None
        """Set once a query was too much, or no query at all."""

    def start(self, game: Game) -> None:
        """From now on answer about this draw; nothing that the worker says can do that."""
        self._game, self._round = game, 0

    def answer(self, query: Value) -> list[Array]:
        """The function and its derivatives at the points that the query names.

        Args:
            query: {"order": of the highest derivative, "x": (B, 100) float32 or float64}.

        Returns:
            order + 1 arrays, as `Game.derivatives` gives them.

        Raises:
            SubmissionFault: the round's points or the game's seconds are used up, or the query is
                none that our own client in the worker would send.
        """
        assert self._game is not None  # noqa: S101 - narrows the type
        order, points = self._read(query)
        # A query about no point takes a message too.
        self._round += max(len(points), 1)
        self.points += len(points)
        if self._round > self._max_queries:
            raise self._refuse(
                Status.FAILED,
                "hermione_computes_function was asked for more than "
                f"{self._max_queries} points in one round",
                "ask for the Jacobian at a few points instead of a value at a time",
            )
        if self.seconds > self._max_seconds:
            raise self._refuse(
                Status.TIMED_OUT,
                "the answers of hermione_computes_function took more than "
                f"{self._max_seconds:g} s together",
                "ask for fewer points; first derivatives are enough",
            )
        began = time.perf_counter()
        found = self._game.derivatives(self._form, order, points)
        self.seconds += time.perf_counter() - began
        return found

    def _read(self, query: Value) -> tuple[int, Array]:
        """The parts of a query; the worker is not trusted to ask sensibly."""
        asked = query if isinstance(query, dict) else {}
        order, points = asked.get("order"), asked.get("x")
        if type(order) is int and 0 <= order <= HIGHEST_ORDER and isinstance(points, np.ndarray):
            value_size = DIMENSION if self._form == "vector" else 1
            numbers = sum(value_size * DIMENSION**power for power in range(order + 1))
            if (
                points.dtype in (np.float32, np.float64)
                and points.ndim == 2  # noqa: PLR2004 - points by entries
                and points.shape[1] == DIMENSION
                and len(points) * numbers <= MOST_NUMBERS
            ):
                return order, points
        raise self._refuse(
            Status.KILLED,
            "the grader was asked for something that hermione_computes_function never asks for",
            "call the function, and leave alone what is below it",
        )

    def _refuse(self, status: Status, feedback: str, hint: str) -> SubmissionFault:
        self.refusal = SubmissionFault(status, f"harry_answers: {feedback}", hint)
        return self.refusal
