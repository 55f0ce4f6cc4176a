"""How often the reference names r, what it asks for, and how long it takes.

    python -m benchmarks.reducio_accuracy --draws 3000

Plays the grader's own game in this process: its draws, its NumPy oracle, its client for JAX, and no
channel or sandbox between them. The figures in `reference/reducio.py` come from here.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from grader.checks.game import LARGEST_R, Game
from grader.checks.oracle import Oracle
from grader.checks.rounds import Tally
from grader.worker.oracle_client import Link, make_function
from reference.reducio import harry_answers

HARD_R = 86
"""From here on single Jacobians fail most."""


@dataclass(frozen=True)
class Measurement:
    """What a number of rounds gave."""

    tally: Tally
    points_per_round: float
    milliseconds_per_round: float
    """The answer's time, the oracle's included, the draw's not."""


def measure(draws: int, *, seed: int, smallest_r: int = 1) -> Measurement:
    """Play `draws` rounds whose r is at least `smallest_r`, the first of them twice to warm up."""
    oracle = Oracle("vector", max_queries=1 << 30, seconds=float("inf"))
    link = Link(oracle.answer)
    function = make_function(link, "vector")
    rng = np.random.default_rng(seed)
    tally, seconds, warm = Tally(draws), 0.0, False
    while tally.played < draws:
        game = Game.draw(rng)
        if game.r < smallest_r:
            continue
        oracle.start(game)
        with link.round():
            if not warm:
                harry_answers(function)
                oracle.points, warm = 0, True
            began = time.perf_counter()
            answer = harry_answers(function)
            seconds += time.perf_counter() - began
        tally = tally.after(right=answer == game.r)
    return Measurement(tally, oracle.points / draws, 1e3 * seconds / draws)


def main() -> None:
    """Print one row for all r and one for the hardest."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--draws", type=int, default=3000, help="rounds in each row")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    print(f"{'r':>8} {'right':>12} {'95 % interval':>20} {'points':>7} {'ms':>6}  (a round)")
    with threadpool_limits(limits=1, user_api="blas"):
        for smallest in (1, HARD_R):
            found = measure(chosen.draws, seed=chosen.seed, smallest_r=smallest)
            low, high = found.tally.interval()
            right = f"{found.tally.right}/{chosen.draws}"
            print(
                f"{smallest:>3}...{LARGEST_R} {right:>12} {low:>11.3%}-{high:.3%} "
                f"{found.points_per_round:>7g} {found.milliseconds_per_round:>6.1f}"
            )


if __name__ == "__main__":
    main()
