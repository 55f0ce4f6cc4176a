"""When a game of many rounds is decided, and what its counts say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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

    @property
    def lowest(self) -> float:
        """The share of right rounds in the whole game, if all that are left are lost."""
        return self.right / self.draws

    @property
    def highest(self) -> float:
        """The same, if all that are left are won."""
        return (self.draws - self.wrong) / self.draws

    def after(self, *, right: bool) -> "Tally":
        """The game with one more round."""
        if right:
            return replace(self, right=self.right + 1)
        return replace(self, wrong=self.wrong + 1)

    def decided(self, thresholds: Sequence[float]) -> bool:
        """Whether the rest of the game can't change which thresholds its share reaches.

        To stop then (curtailment) gives the very decision of the full game; any share between
        `lowest` and `highest` gives it, that of the rounds played among them.
        """
        return all((self.lowest >= bar) == (self.highest >= bar) for bar in thresholds)

    def interval(self) -> tuple[float, float]:
        """95 % confidence interval for the chance of a right answer, both sides 2.5 %.

        Taken as if the number of rounds had been fixed beforehand.

        Source: Clopper, Pearson: The use of confidence or fiducial limits illustrated in the case
        of the binomial, Biometrika 26 (1934).
        """
        tail = (1 - CONFIDENCE) / 2
        low = betaincinv(self.right, self.wrong + 1, tail) if self.right else 0.0
        high = betaincinv(self.right + 1, self.wrong, 1 - tail) if self.wrong else 1.0
        return float(low), float(high)
