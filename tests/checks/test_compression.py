"""What 3.2 gives to compressed networks that are right, and takes from those that are not."""

import re
from collections.abc import Mapping

import pytest

from grader.checks.interface import Outcome
from tests.checks.compressed_family import FUNCTION, RIGHT, WRONG
from tests.checks.rows import ROWS, found, graded, lost, words


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
    # No feedback on answers shows a value of the grader's.
    assert not any(re.search(r"\d\.\d", losses.get(row, "")) for row in FUNCTION)


@pytest.mark.parametrize("rows", [ROWS[::-1], ("storage", "truncation", "trainable", "unchanged")])
def test_rows_do_not_depend_on_their_order(rows: tuple[str, ...]) -> None:
    """A check that finds another process than it left sets up what it needs."""
    assert lost(graded(RIGHT["three tensors"], rows)) == {}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_stands_alone(row: str) -> None:
    """No check needs another one to have run."""
    assert lost(graded(RIGHT["√s on both sides"], (row,))) == {}


@pytest.mark.parametrize(
    ("flaw", "row", "least", "most"),
    [
        ("leaves the last layer dense", "storage", 0.9, 0.999),
        ("compresses the square layers alone", "storage", 0.02, 0.1),
        ("compresses the square layers alone", "flops", 0.02, 0.1),
        ("rank r + 1", "storage", 0.9, 0.999),
        ("compresses nothing", "storage", 0, 0),
        ("compresses nothing", "flops", 0, 0),
        ("forms the product in forward", "flops", 0, 0),
        ("keeps the net in an attribute", "storage", 0, 0),
    ],
)
def test_what_is_saved_counts_in_proportion(flaw: str, row: str, least: float, most: float) -> None:
    """Storage and operations that are saved in part have that part as their value."""
    one = found(WRONG[flaw][0], row)
    assert isinstance(one, Outcome)
    assert least <= one.value <= most


def test_truncation_tells_close_ranks_apart() -> None:
    """Neighbouring ranks are no rounding, also where the rank is higher."""
    source = WRONG["rank r + 1"][0]
    for rank in (1, 5, 20, 40):
        assert f"looks like rank {rank + 1}" in words(found(source, "truncation", ranks=(rank,)))


def test_a_check_that_is_not_implemented_says_so() -> None:
    """The template's body costs every row, in the words of its error."""
    source = "def CompressedNet(net, r):\n    raise NotImplementedError('factor the weights')"
    losses = lost(graded(source))
    assert set(losses) == set(ROWS)
    assert all("factor the weights" in said for said in losses.values())
    assert len(set(losses.values())) == 1


def test_feedback_names_the_rank_that_raised() -> None:
    """A student learns for which r the model fails."""
    said = words(graded(WRONG["crashes beyond a smaller side"][0])["edge_ranks"])
    assert said.startswith("CompressedNet(net, 20): ")
    assert "rank is too large" in said
