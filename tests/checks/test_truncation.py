"""The grader's own truncation, against NumPy's SVD and torch's network."""

import numpy as np
import pytest
import torch

from grader.checks.compare import relative_error
from grader.checks.compressed import RTOL, as_inputs
from grader.checks.truncation import Form, Layer, TruncatedNet, log_softmax, truncated_net
from tests.checks.small_baseline import small_baseline

SHAPES = [(4, 7), (7, 4), (5, 5), (1, 6), (6, 1)]


def layer(m: int, n: int, seed: int = 0) -> Layer:
    rng = np.random.default_rng(seed)
    weight, bias = rng.normal(size=(m, n)), rng.normal(size=m)
    return Layer.of("fc1", weight.astype(np.float32), bias.astype(np.float32))


@pytest.fixture(scope="module")
def net() -> TruncatedNet:
    return truncated_net(small_baseline())


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return as_inputs(small_baseline().dataset.hidden.pixels[:60])


@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_layer_has_the_singular_values(m: int, n: int) -> None:
    """Those of NumPy's SVD, descending, one for each row of the smaller side."""
    one = layer(m, n)
    assert one.values == pytest.approx(np.linalg.svd(one.weight, compute_uv=False), abs=1e-12)


@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_layer_has_both_sides_of_the_triplets(m: int, n: int) -> None:
    """U diag(s) Vᵀ is the best approximation of each rank, and all of W in the end."""
    one = layer(m, n)
    U, s, Vh = np.linalg.svd(one.weight, full_matrices=False)
    for rank in range(1, len(s) + 2):
        product = (one.left(rank) * one.values[:rank]) @ one.right(rank).T
        assert product == pytest.approx((U[:, :rank] * s[:rank]) @ Vh[:rank], abs=1e-12)


@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_layer_applies_chosen_triplets(m: int, n: int) -> None:
    """Any triplets with any gain, as the product of the chosen factors would."""
    one, x = layer(m, n), np.random.default_rng(1).normal(size=(3, n))
    U, s, Vh = np.linalg.svd(one.weight, full_matrices=False)
    kept = slice(len(s) // 2, None)
    gain = np.arange(1.0, len(s[kept]) + 1)
    matrix = (U[:, kept] * (gain * s[kept])) @ Vh[kept]
    assert one.apply(x, kept, gain) == pytest.approx(x @ matrix.T, abs=1e-12)


@pytest.mark.parametrize(("m", "n"), [(4, 7), (7, 4), (5, 5)])
def test_layer_knows_how_a_space_lies_to_its_vectors(m: int, n: int) -> None:
    """Singular vectors show up alone, rotated ones together, others nowhere."""
    one = layer(m, n)
    for side, vectors in (("left", one.left(3)), ("right", one.right(3))):
        rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3))).Q
        spread = one.energies(vectors @ rotation, side)  # type: ignore[arg-type]  # two literals
        assert spread == pytest.approx([1, 1, 1, *[0] * (len(one.values) - 3)], abs=1e-10)


def test_layer_survives_singular_values_of_zero() -> None:
    """A matrix of rank one has no more than one direction, and no NaN."""
    weight = np.outer(np.arange(1.0, 5), np.ones(4)).astype(np.float32)
    one = Layer.of("fc1", weight, np.zeros(4, np.float32))
    assert np.all(np.isfinite(one.left(4)))
    assert np.all(np.isfinite(one.right(4)))
    assert one.apply(np.eye(4), slice(1)) == pytest.approx(weight.T, abs=1e-6)


@pytest.mark.parametrize(("m", "n"), [(6, 9), (9, 6), (7, 7)])
def test_wobble_is_what_errors_of_the_matrix_do(m: int, n: int) -> None:
    """Its size, over many draws, is that of the truncation's answer to random errors."""
    one, rng = layer(m, n, seed=3), np.random.default_rng(4)
    q, rank, size, x = min(m, n), 2, 1e-6, rng.normal(size=(5, n))
    exact = one.apply(x, slice(rank))
    told, real = [], []
    for _ in range(400):
        noise = rng.normal(size=(rank, q - rank))
        told.append(np.linalg.norm(one.wobble(x, rank, noise, size)))
        error = size * rng.normal(size=(m, n))
        U, s, Vh = np.linalg.svd(one.weight + error, full_matrices=False)
        moved = x @ ((U[:, :rank] * s[:rank]) @ Vh[:rank]).T
        # Errors within the kept triplets are no question of gaps, and are left out on both sides.
        U, s, Vh = np.linalg.svd(one.weight, full_matrices=False)
        left, right = U[:, :rank] @ U[:, :rank].T, Vh[:rank].T @ Vh[:rank]
        real.append(np.linalg.norm(moved - exact - x @ (left @ error @ right).T))
    ratio = np.sqrt(np.mean(np.square(told)) / np.mean(np.square(real)))
    assert 0.5 < ratio < 1.5


def test_a_full_network_is_the_one_that_was_trained(net: TruncatedNet, images: np.ndarray) -> None:
    """At full rank the log-probabilities are those of torch's layers."""
    x = torch.from_numpy(images)
    weights = small_baseline().weights
    for number in range(1, 5):
        x = torch.relu(x) if number > 1 else x
        weight, bias = (
            torch.from_numpy(weights[f"fc{number}.{kind}"]).double() for kind in ("weight", "bias")
        )
        x = torch.nn.functional.linear(x, weight, bias)
    expected = torch.log_softmax(x, dim=1).numpy()
    for rank in (60, 61, 1000):
        assert net.log_probabilities(images, Form(rank)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("rank", [1, 3, 8, 20, 59])
def test_float32_reaches_the_tolerance_easily(
    net: TruncatedNet, images: np.ndarray, rank: int
) -> None:
    """A right answer in single precision is ten times closer than it must be."""
    x = torch.from_numpy(images).float()
    for number, one in enumerate(net.layers):
        x = torch.relu(x) if number else x
        U, s, Vh = torch.linalg.svd(torch.from_numpy(one.weight).float(), full_matrices=False)
        x = (x @ Vh[:rank].T * s[:rank]) @ U[:, :rank].T + torch.from_numpy(one.bias).float()
    actual = torch.log_softmax(x, dim=1).numpy().astype(np.float64)
    error = relative_error(actual, net.log_probabilities(images, Form(rank)))
    assert error < RTOL / 10 + net.sensitivity(images, rank, np.random.default_rng(0))


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_every_mistake_lies_beyond_the_tolerance(
    net: TruncatedNet, images: np.ndarray, rank: int
) -> None:
    """No known mistake could pass for a right answer at the ranks that are asked for."""
    right = net.log_probabilities(images, Form(rank))
    allowed = RTOL + net.sensitivity(images, rank, np.random.default_rng(0))
    mistakes = net.mistakes(rank)
    assert len(mistakes) > 12
    for hint, form in mistakes.items():
        assert relative_error(net.log_probabilities(images, form), right) > 2 * allowed, hint


def test_sensitivity_grows_where_singular_values_meet(images: np.ndarray) -> None:
    """A cut between equal singular values can't be asked to be exact, one beside them can."""
    rng = np.random.default_rng(6)
    left, right = (np.linalg.qr(rng.normal(size=(n, 10))).Q for n in (10, 3072))
    values = np.array([9, 8, 7, 6, 5, 5 * (1 + 1e-6), 3, 2, 1, 0.5])
    weight = ((left * values) @ right.T).astype(np.float32)
    net = TruncatedNet((Layer.of("fc1", weight, np.zeros(10, np.float32)),))
    meeting, apart = (net.sensitivity(images, rank, np.random.default_rng(0)) for rank in (5, 3))
    assert apart < 1e-4
    assert meeting > 100 * apart


def test_sensitivity_is_that_of_the_function() -> None:
    """A factor that one layer has more and the next has less changes neither."""
    rng = np.random.default_rng(7)
    first = rng.normal(size=(12, 20)).astype(np.float32)
    second = rng.normal(size=(5, 12)).astype(np.float32)
    images = rng.normal(size=(9, 20))
    found = []
    for factor in (1, 64):
        layers = (
            Layer.of("fc1", (factor * first).astype(np.float32), np.zeros(12, np.float32)),
            Layer.of("fc2", (second / factor).astype(np.float32), np.zeros(5, np.float32)),
        )
        found.append(TruncatedNet(layers).sensitivity(images, 3, np.random.default_rng(0)))
    assert found[0] == pytest.approx(found[1], rel=1e-6)
    assert 1e-7 < found[0] < 1e-3


@pytest.mark.parametrize(("rank", "numbers"), [(1, 11), (3, 33), (4, 44), (9, 44)])
def test_factors_have_so_many_numbers(rank: int, numbers: int) -> None:
    """r(m + n), and no more triplets than the smaller side has."""
    assert layer(4, 7).factored(rank) == layer(7, 4).factored(rank) == numbers


def test_layers_have_the_names_and_numbers_of_the_baseline(net: TruncatedNet) -> None:
    """fc1, fc2, ... in double precision."""
    baseline = small_baseline()
    assert [one.name for one in net.layers] == ["fc1", "fc2", "fc3", "fc4"]
    for one in net.layers:
        assert one.weight.dtype == one.bias.dtype == np.float64
        assert np.array_equal(one.weight, baseline.weights[f"{one.name}.weight"])
        assert np.array_equal(one.bias, baseline.weights[f"{one.name}.bias"])


def test_sides_are_named_once_in_order(net: TruncatedNet) -> None:
    """What edge ranks are made of."""
    assert net.sides == (10, 60)


def test_the_decomposition_is_kept_for_a_baseline() -> None:
    """Several submissions share one."""
    assert truncated_net(small_baseline()) is truncated_net(small_baseline())


def test_log_softmax_does_not_overflow() -> None:
    """Scores of any size give finite log-probabilities that sum to one."""
    logs = log_softmax(np.array([[1e4, 0.0], [-1e4, -1e4]]))
    assert np.exp(logs).sum(axis=1) == pytest.approx([1, 1])
    assert np.all(np.isfinite(logs))
