"""What 3.2 gives to compressed networks that are right, and takes from those that are not."""

from collections.abc import Mapping

import pytest

from grader.checks.interface import CHECKS, Outcome, SubmissionFault
from grader.model import Status
from tests.checks.compressed_sources import FUNCTION, PLAIN, RIGHT, WRONG, changed
from tests.checks.inprocess import bench_for
from tests.checks.small_baseline import small_baseline

ROWS = ("truncation", "flops", "unchanged", "edge_ranks", "trainable", "storage")
"""In the rubric's order."""


def graded(source: str, rows: tuple[str, ...] = ROWS) -> Mapping[str, Outcome | SubmissionFault]:
    """What each row finds, in one item."""
    bench = bench_for(source, baseline=small_baseline)
    found: dict[str, Outcome | SubmissionFault] = {}
    for row in rows:
        spec = CHECKS[f"compression.{row}"]
        try:
            found[row] = spec.run(spec.params(), bench)
        except SubmissionFault as fault:
            found[row] = fault
    return found


def words(found: Outcome | SubmissionFault) -> str:
    return f"{found.feedback} {found.hint}"


def lost(found: Mapping[str, Outcome | SubmissionFault]) -> dict[str, str]:
    return {
        row: words(one)
        for row, one in found.items()
        if isinstance(one, SubmissionFault) or one.value < 1
    }


@pytest.mark.parametrize("source", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_network_earns_every_row(source: str) -> None:
    """However the factors are arranged, stored and multiplied."""
    assert lost(graded(source)) == {}


@pytest.mark.parametrize(("source", "expected"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_network_loses_its_rows(source: str, expected: Mapping[str, str]) -> None:
    """Each flaw costs the rows that it breaks, and no other; the words say what it is."""
    losses = lost(graded(source))
    assert set(losses) == set(expected), losses
    for row, word in expected.items():
        assert word in losses[row], losses[row]
