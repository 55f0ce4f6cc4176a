"""How likely a solver passes a bar, by the share of draws in which it is right. Pure and exact.

Rounds are independent: every draw is new. With a chance p of a right answer the right ones of n
rounds are binomial (n, p). A game that may be extended is a Markov chain of two steps: the right
ones of the first n rounds, then those of the m - n others, where the first leave a bar within the
interval. Curtailment changes no decision, so it need not be modelled.

Source: Schultz, Nichol, Elfring, Weed: Multiple-stage procedures for drug screening, Biometrics 29
(1973), for the recursion over stages.
"""

import numpy as np
from scipy.stats import binom

from grader.checks.rounds import Rule


def pass_probability(rule: Rule, bar: float, p: float) -> float:
    """The chance that a solver's value reaches `bar`.

    Args:
        rule: Of the game; `bar` need not be one of its bars, but they decide what is close.
        bar: In the unit of the value, 0 to 1.
        p: The chance of a right answer in a round.
    """
    first = binom.pmf(np.arange(rule.draws + 1), rule.draws, p)
    return float(
        sum(
            chance * _from(rule, bar, p, right)
            for right, chance in enumerate(first)
            # What can't happen needs no second step.
            if chance > 0
        )
    )


def expected_rounds(rule: Rule, p: float) -> float:
    """Rounds of the game that count, on average, if none were curtailed."""
    if rule.extend_to is None:
        return float(rule.draws)
    first = binom.pmf(np.arange(rule.draws + 1), rule.draws, p)
    close = sum(chance for right, chance in enumerate(first) if rule.close(right))
    return float(rule.draws + close * (rule.extend_to - rule.draws))


def needed(rule: Rule, bar: float, rounds: int) -> int:
    """The fewest right ones of so many rounds whose value reaches `bar`, one more than all if none.

    The value grows with them, so halving finds it.
    """
    low, high = 0, rounds + 1
    while low < high:
        middle = (low + high) // 2
        if rule.value(middle, rounds) >= bar:
            high = middle
        else:
            low = middle + 1
    return low


def _from(rule: Rule, bar: float, p: float, right: int) -> float:
    """The chance to pass after `right` of the first rounds."""
    if rule.extend_to is None or not rule.close(right):
        return float(rule.value(right, rule.draws) >= bar)
    missing = needed(rule, bar, rule.extend_to) - right
    return float(binom.sf(missing - 1, rule.extend_to - rule.draws, p))
