"""What a network of known sizes stores and spends, to the last number."""

import pytest

from grader.checks.compressed import storage_limit
from grader.checks.interface import Outcome
from grader.checks.truncation import truncated_net
from tests.checks.compressed_family import HEAD, PLAIN, WRONG
from tests.checks.rows import found, words
from tests.checks.small_baseline import WIDTHS, small_baseline

SHAPES = list(zip(WIDTHS[1:], WIDTHS[:-1], strict=True))
BIASES = sum(WIDTHS[1:])
DENSE = sum(m * n for m, n in SHAPES)
THIN = "every layer is applied as two thin products, of r(m + n) multiplications an image"
FACTORS_ALONE = "keep the two factors and the bias of each layer; nothing else may refer to `net`"


def factors(rank: int) -> int:
    return sum(min(rank, m, n) * (m + n) for m, n in SHAPES)


@pytest.mark.parametrize("rank", [1, 3, 8, 40])
def test_the_limit_holds_factors_values_and_biases(rank: int) -> None:
    """And one in a hundred more, and a hundred."""
    exact = factors(rank) + sum(min(rank, m, n) for m, n in SHAPES) + BIASES
    limit = storage_limit(truncated_net(small_baseline()), rank)
    assert limit == int(1.01 * exact) + 100


def test_what_is_stored_is_counted_for_every_rank() -> None:
    """Both factors and the bias of each layer."""
    one = found(PLAIN, "storage", ranks=(8, 2))
    assert isinstance(one, Outcome)
    assert one.data == {"stored": {str(rank): factors(rank) + BIASES for rank in (8, 2)}}


def test_operations_are_those_of_the_factors() -> None:
    """Two for each number of a factor and image."""
    one = found(PLAIN, "flops", rank=5)
    assert isinstance(one, Outcome)
    assert one.data == {"flops": 2 * 100 * factors(5)}


@pytest.mark.parametrize(
    ("flaw", "row", "feedback", "hint"),
    [
        (
            "compresses nothing",
            "storage",
            (
                "expected at most 10733 stored numbers, got 192319; the largest "
                "that is no factor or bias: `net.fc1.weight` (weight matrix of fc1)"
            ),
            FACTORS_ALONE,
        ),
        (
            "rank r + 1",
            "storage",
            (
                "expected at most 10733 stored numbers, got 13958; the largest "
                "that is no factor or bias: `layers.0.V` (right factor of fc1)"
            ),
            FACTORS_ALONE,
        ),
        (
            "compresses nothing",
            "flops",
            (
                "expected about 5.558 million operations for 100 images, got "
                "38.42 million; the given network takes 38.42 million"
            ),
            THIN,
        ),
        (
            "forms the product in forward",
            "flops",
            "a matrix of the size of a weight matrix, 10x60, is formed in `forward`",
            "multiply x by one factor and the result by the other: (x @ V) @ U.T",
        ),
        (
            "multiplies in NumPy",
            "flops",
            (
                "expected about 5.507 million operations for 100 images, only "
                "0 million were seen in torch"
            ),
            "use torch's matrix products (@, F.linear, nn.Linear) for every factor",
        ),
        (
            "a weight on the meta device",
            "storage",
            "`layers.0.W` holds no numbers",
            "don't keep tensors on the meta device",
        ),
    ],
)
def test_students_are_told(flaw: str, row: str, feedback: str, hint: str) -> None:
    """How much was allowed and what it was; or what was done that costs so much."""
    one = found(WRONG[flaw][0], row)
    name = f"CompressedNet(net, {3 if row == 'storage' else 8})"
    assert (one.feedback, one.hint) == (f"{name}: {feedback}", hint)


def test_points_are_in_proportion_to_what_is_saved() -> None:
    """Of what a right network saves at most; without the slack it would be a little less."""
    stored = found(WRONG["rank r + 1"][0], "storage", ranks=(3,))
    dense, limit = DENSE + BIASES, storage_limit(truncated_net(small_baseline()), 3)
    count = factors(4) + BIASES
    assert isinstance(stored, Outcome)
    assert stored.value == pytest.approx((dense - count) / (dense - limit))
    assert stored.data == {"stored": count, "limit": limit}
    spent = found(WRONG["rank r + 1"][0], "flops", rank=8)
    most = 200 * (factors(8) + len(SHAPES) * 8**2)
    assert isinstance(spent, Outcome)
    assert spent.value == pytest.approx((200 * DENSE - 200 * factors(9)) / (200 * DENSE - most))
    assert spent.data == {"flops": 200 * factors(9), "limit": most}


@pytest.mark.parametrize("row", ["storage", "flops"])
def test_what_is_no_compression_saves_nothing(row: str) -> None:
    """A network that computes a constant is small and quick, and earns no share for it."""
    source = (
        HEAD
        + """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.idle = nn.Parameter(torch.zeros(3072, 10))

    def forward(self, x):
        return (x.flatten(1) @ self.idle).log_softmax(1)
"""
    )
    one = found(source, row)
    assert isinstance(one, Outcome)
    assert one.value == 0
    assert "expected" in one.feedback


def test_the_first_rank_that_stores_too_much_is_told() -> None:
    """Of several ranks, in their order."""
    for ranks in ((8, 3), (3, 8)):
        said = words(found(WRONG["rank r + 1"][0], "storage", ranks=ranks))
        assert said.startswith(f"CompressedNet(net, {ranks[0]}): expected at most")
