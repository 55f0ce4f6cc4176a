"""When a game of many rounds is decided, by what number, and what its counts say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from scipy.special import betaincinv

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Tally:
    """A game so far."""

    draws: int
    """Rounds of the whole game."""
    right: int = 0
    wrong: int = 0

    @property
    def played(self) -> int:
        """Rounds so far."""
        return self.right + self.wrong

    def after(self, *, right: bool) -> "Tally":
        """The game with one more round."""
        if right:
            return replace(self, right=self.right + 1)
        return replace(self, wrong=self.wrong + 1)

    def interval(self) -> tuple[float, float]:
        """95 % confidence interval for the chance of a right answer.

        Taken as if the number of rounds had been fixed beforehand.
        """
        return interval(self.right, self.played)


def interval(right: float, rounds: float) -> tuple[float, float]:
    """Both ends of the 95 % interval for the chance of a right answer, 2.5 % beyond each.

    Source: Clopper, Pearson: The use of confidence or fiducial limits illustrated in the case
    of the binomial, Biometrika 26 (1934).
    """
    tail = (1 - CONFIDENCE) / 2
    wrong = rounds - right
    low = betaincinv(right, wrong + 1, tail) if right > 0 else 0.0
    high = betaincinv(right + 1, wrong, 1 - tail) if wrong > 0 else 1.0
    return float(low), float(high)


@dataclass(frozen=True)
class Rule:
    """By what a game is decided: after `draws` rounds, or where that is too close after more.

    Two decisions at most, at numbers of rounds fixed beforehand: whoever plays on gets no look in
    between, so the chance of error at the second is that of a game of its length.
    """

    draws: int
    bars: Sequence[float]
    """What the value has to reach."""
    extend_to: int | None = None
    """Rounds of the whole game where the interval after `draws` holds a bar; None: no such game."""
    benefit_of_doubt: bool = False
    """Whether the value is the upper end of the interval, instead of the share of right rounds."""

    def value(self, right: float, rounds: int) -> float:
        """What the bars are held against after `rounds` rounds; it grows with `right`."""
        return interval(right, rounds)[1] if self.benefit_of_doubt else right / rounds

    def close(self, right: int) -> bool:
        """Whether so many right of `draws` rounds leave a bar within the interval."""
        low, high = interval(right, self.draws)
        return self.extend_to is not None and any(low < bar < high for bar in self.bars)

    def decided(self, tally: Tally) -> bool:
        """Whether no course of the rounds that are left changes which bars are reached.

        To stop then (curtailment) gives the very decision of the full game.
        """
        if tally.draws != self.draws:
            fewest = self._reached(tally.right, tally.draws)
            return fewest == self._reached(tally.draws - tally.wrong, tally.draws)
        spans = self._spans[tally.right : self.draws - tally.wrong + 1]
        return min(low for low, _ in spans) == max(high for _, high in spans)

    def final(self, tally: Tally, *, lost: bool = False) -> float:
        """The value of a decided game, with the rounds that were not played.

        They count as the others, so that the value is the one of the full game or lies on the same
        side of every bar; or as wrong, where the game could not go on.
        """
        right = tally.right if lost else tally.draws * tally.right / max(tally.played, 1)
        return self.value(right, tally.draws)

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        """By right rounds of `draws`: the fewest and the most bars that may be reached then."""
        spans = []
        for right in range(self.draws + 1):
            fewest = most = self._reached(right, self.draws)
            if self.extend_to is not None and self.close(right):
                # The game may also have to end here, for want of time: so three ways, not two.
                fewest = min(fewest, self._reached(right, self.extend_to))
                most = max(most, self._reached(right + self.extend_to - self.draws, self.extend_to))
            spans.append((fewest, most))
        return spans

    def _reached(self, right: int, rounds: int) -> int:
        value = self.value(right, rounds)
        return sum(value >= bar for bar in self.bars)
