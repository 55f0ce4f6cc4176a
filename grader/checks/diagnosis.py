"""What the wrong answers of a game have in common, in words that give no draw away."""

import statistics
from collections.abc import Iterator
from copy import copy, deepcopy
from typing import Any

import numpy as np

from grader.checks.compare import short
from grader.checks.game import LARGEST_R
from grader.checks.interface import SubmissionFault, Value

BAND = 19
"""Answers are counted by bands of so many r; 95 are five of them."""
MOSTLY = 0.8
"""The share of wrong answers from which a hint is about what they have in common."""
ENOUGH = 5
"""So many answers that are all the same are no chance."""
NEARLY_ALL = 90
"""From here on an answer counts singular values that are only rounding."""


class Notes:
    """Counts the rounds of one game by how they went."""

    def __init__(self) -> None:
        self.raised: SubmissionFault | None = None
        """The first round that raised."""
        self.lost = 0
        """Rounds that raised."""
        self._guesses: list[int] = []
        self._errors: list[int] = []
        """guess - r of the wrong ones."""
        self._strange: list[str] = []
        """How answers that are no whole numbers read."""
        self._bands = [[0, 0] for _ in range(-(-LARGEST_R // BAND))]
        """Right, played."""

    def copy(self) -> "Notes":
        """The same notes, to go on from here."""
        made = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, list):
                setattr(made, name, deepcopy(value))
        return made

    def lose(self, r: int, fault: SubmissionFault) -> None:
        """Note a round that raised."""
        self.raised = self.raised or fault
        self.lost += 1
        self._count(r, right=False)

    def add(self, r: int, guess: int | None, answer: Value) -> bool:
        """Note an answer, and what it was read as.

        Returns:
            Whether it is right.
        """
        right = guess == r
        self._count(r, right=right)
        if guess is None:
            self._strange.append(describe(answer))
            return False
        self._guesses.append(guess)
        if not right:
            self._errors.append(guess - r)
        return right

    def _count(self, r: int, *, right: bool) -> None:
        band = self._bands[(r - 1) // BAND]
        band[0] += right
        band[1] += 1

    @property
    def _under(self) -> int:
        return sum(error < 0 for error in self._errors)

    @property
    def _over(self) -> int:
        return sum(error > 0 for error in self._errors)

    def counts(self) -> dict[str, Any]:
        """The record's part: nothing in it belongs to one round."""
        return {
            "too_small": self._under,
            "too_large": self._over,
            "raised": self.lost,
            "no_whole_number": len(self._strange),
            "by_r": [
                {
                    "from": BAND * at + 1,
                    "to": min(BAND * (at + 1), LARGEST_R),
                    "right": right,
                    "played": played,
                }
                for at, (right, played) in enumerate(self._bands)
            ],
        }

    def summary(self) -> str:
        """How the other rounds went, to end a sentence with; empty where there were none."""
        parts = [
            f"{count} {what}"
            for count, what in (
                (self._under, "too small"),
                (self._over, "too large"),
                (len(self._strange), "no whole number"),
                (self.lost, "raised"),
            )
            if count
        ]
        text = f" ({', '.join(parts)})" if parts else ""
        if self._strange:
            text += f"; the first that is no whole number was {self._strange[0]}"
        if self.raised is not None:
            text += f"; the first that raised: {self.raised.feedback}"
        return text

    def hint(self) -> str:
        """One step to take, for what most of the wrong rounds have in common."""
        return next(text for holds, text in self._hints() if holds)

    def _hints(self) -> Iterator[tuple[bool, str]]:
        """Whether a hint fits, and its text; the first that fits is meant."""
        guesses, errors = self._guesses, self._errors
        wrong = len(errors) + len(self._strange) + self.lost
        if self.raised is not None:
            yield self.lost > wrong / 2, self.raised.hint
        yield (
            len(self._strange) > wrong / 2,
            "return r as a whole number, such as `int(...)` makes",
        )
        rounding = self._over >= MOSTLY * wrong
        yield (
            rounding and bool(guesses) and statistics.median(guesses) >= NEARLY_ALL,
            (
                "rounding is counted as rank: raise the threshold; and ask JAX for the Jacobian, "
                "for finite differences in float32 are rounding only"
            ),
        )
        yield (
            len(guesses) >= ENOUGH and len(set(guesses)) == 1,
            "the answer is the same in every round: it must come from the function",
        )
        yield (
            len(errors) >= MOSTLY * len(guesses) and len(set(errors)) == 1,
            "the answers are off by the same number: look at where the counting starts",
        )
        yield (
            self._under >= MOSTLY * wrong,
            (
                "small singular values are lost: lower the threshold, or put the Jacobians at "
                "several x on top of each other, which leaves the rank and widens the gap"
            ),
        )
        yield (
            rounding,
            (
                "rounding is counted as rank: raise the threshold, or look for the widest gap "
                "between singular values"
            ),
        )
        yield True, "how does r show in the rank of the function's Jacobian?"


def describe(value: Value) -> str:
    """An answer that is no whole number, for feedback."""
    if isinstance(value, np.ndarray):
        if value.shape in {(), (1,)}:
            return short(value.reshape(()).item())
        return f"an array of shape {value.shape}"
    return short(value)
