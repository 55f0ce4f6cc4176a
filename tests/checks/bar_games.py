"""Games of a solver that is right by chance, decided as the check decides them."""

from dataclasses import replace

import numpy as np

from grader.checks.rounds import Rule, Tally


def play(rule: Rule, p: float, rng: np.random.Generator) -> float:
    """The value of a game, stopped when it is decided, of a solver right with chance p."""
    tally = Tally(rule.draws)
    while not rule.decided(tally):
        if tally.played == tally.draws:
            assert rule.extend_to is not None
            tally = replace(tally, draws=rule.extend_to)
        tally = tally.after(right=rng.random() < p)
    return rule.final(tally)
