"""How far two graders agree on the same answers."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Pair = tuple[float, float]
Distance = Callable[[float, float], float]


@dataclass(frozen=True)
class Agreement:
    """Of two judgements of each of some answers."""

    pairs: int
    percent: float
    """Share of answers with the same points, of 100."""
    kappa: float | None
    """Cohen's kappa: 1 is full agreement, 0 what chance alone gives; None where it has no value."""
    weighted: float | None
    """The same with squared distances between points, so that a near miss counts as one."""
    mean_difference: float
    """Second less first, in points: who is milder."""


def agreement(pairs: Sequence[Pair]) -> Agreement | None:
    """How far two judgements of the same answers agree; None without any.

    Args:
        pairs: (first, second) points of each answer.

    Source: J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20 (1960), eq. 1; weighted: Psychological Bulletin 70 (1968).
    """
    if not pairs:
        return None
    same = sum(first == second for first, second in pairs)
    return Agreement(
        pairs=len(pairs),
        percent=100.0 * same / len(pairs),
        kappa=_kappa(pairs, lambda a, b: float(a != b)),
        weighted=_kappa(pairs, lambda a, b: (a - b) ** 2),
        mean_difference=sum(second - first for first, second in pairs) / len(pairs),
    )


def _kappa(pairs: Sequence[Pair], distance: Distance) -> float | None:
    # kappa = 1 - D_o / D_e, where D_o is the mean distance within the pairs, and D_e the mean
    # distance of a first judgement to any second one, as if they had nothing to do with each other.
    count = len(pairs)
    firsts = Counter(first for first, _ in pairs)
    seconds = Counter(second for _, second in pairs)
    observed = sum(distance(first, second) for first, second in pairs) / count
    expected = sum(
        many * others * distance(first, second)
        for first, many in firsts.items()
        for second, others in seconds.items()
    ) / (count * count)
    return None if expected == 0 else 1.0 - observed / expected
