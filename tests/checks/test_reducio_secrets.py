"""The points of item 4 are the solver's and not the draws': other secrets give the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from grader.checks.reducio import AccuracyParams, check_accuracy
from grader.checks.rounds import Rule
from tests.checks.bar_games import play
from tests.checks.inprocess import bench_for
from tests.checks.strategies import IMPORTS, RIGHT, answering

ROOT = Path(__file__).parents[2]
TIERS = (0.5, 0.8, 0.95)
POINTS = (0, 5, 10, 15)
REFERENCE = (ROOT / "reference" / "reducio.py").read_text(encoding="utf-8")
SECRETS = 200


@pytest.fixture(autouse=True)
def _restore_precision() -> Iterator[None]:
    """A submission may turn x64 on; in this process that would outlive it."""
    yield
    jax.config.update("jax_enable_x64", False)  # type: ignore[no-untyped-call]  # jax leaves it untyped


def points(value: float) -> int:
    return POINTS[sum(value >= bar for bar in TIERS)]


def over_secrets(source: str, secrets: int, **params: Any) -> set[int]:
    """The points that one submission gets; it is loaded once, as rounds leave nothing behind."""
    found = set()
    session = bench_for(IMPORTS + source).session
    for number in range(secrets):
        bench = replace(bench_for("", seed=f"course {number}", item="4"), session=session)
        bench.memo["tiers"] = TIERS
        found.add(points(check_accuracy(AccuracyParams(**params), bench).value))
    return found


def test_a_few_secrets_give_the_same_points() -> None:
    """In games of six rounds, none of which may be lost."""
    assert over_secrets(REFERENCE, 12, draws=6) == {15}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("source", [REFERENCE, RIGHT["stacked, by vmap"]], ids=["reference", "gap"])
def test_two_hundred_secrets_give_the_same_points(source: str) -> None:
    """In games of ten rounds, none of which may be lost."""
    assert over_secrets(source, SECRETS, draws=10) == {15}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_secrets_give_a_wrong_solver_the_same_points() -> None:
    """None, for an answer that is one too many."""
    source = answering("return 1 + widest(vmap(jacrev(h))(points(5)).reshape(-1, 100))")
    assert over_secrets(source, SECRETS, draws=10) == {0}


@pytest.mark.parametrize(
    ("p", "expected"), [(0.3, 0), (0.6, 5), (0.65, 5), (0.88, 10), (0.98, 15), (0.9956, 15)]
)
def test_solvers_away_from_the_bars_get_the_same_points(p: float, expected: int) -> None:
    """In the assignment's game, however the draws fall."""
    rule, rng = Rule(200, TIERS, 1000), np.random.default_rng(4)
    assert {points(play(rule, p, rng)) for _ in range(SECRETS)} == {expected}
