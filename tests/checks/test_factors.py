"""Whose factor an array is."""

import numpy as np
import pytest

from grader.checks.factors import Role, describe, find_roles, needs_values, unaccounted
from grader.checks.truncation import TruncatedNet, truncated_net
from tests.checks.small_baseline import small_baseline

RANK = 5


@pytest.fixture(scope="module")
def net() -> TruncatedNet:
    return truncated_net(small_baseline())


def factors(net: TruncatedNet, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    one = net.layers[number]
    return one.left(RANK), one.values[:RANK], one.right(RANK).T


def parts(net: TruncatedNet, array: np.ndarray) -> set[tuple[str, str]]:
    roles = find_roles({"a": array}, net, RANK).get("a", frozenset())
    return {(role.layer, role.part) for role in roles}


@pytest.mark.parametrize("number", range(4))
def test_factors_are_found_in_every_arrangement(net: TruncatedNet, number: int) -> None:
    """Scaled, transposed, rotated and in float32 they stay what they are."""
    U, s, Vh = factors(net, number)
    name = net.layers[number].name
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(RANK, RANK))).Q
    for left in (U, U * s, (U * np.sqrt(s)).T, U @ rotation, (U * s).astype(np.float32), -U):
        assert parts(net, left) == {(name, "left factor")}
    for right in (Vh, s[:, None] * Vh, Vh.T, rotation @ Vh, Vh.astype(np.float32)):
        assert parts(net, right) == {(name, "right factor")}


def test_other_parts_are_found(net: TruncatedNet) -> None:
    """Singular values alone or as a diagonal, biases, and the weight matrix whole or truncated."""
    U, s, Vh = factors(net, 1)
    for values in (s, np.sqrt(s), np.diag(s), s[None]):
        assert parts(net, values) == {("fc2", "singular values")}
    assert parts(net, net.layers[1].bias) == {("fc2", "bias")}
    for weight in (net.layers[1].weight, net.layers[1].weight.T, (U * s) @ Vh):
        assert parts(net, weight) == {("fc2", "weight matrix")}


def test_a_stack_belongs_to_several_layers(net: TruncatedNet) -> None:
    """Layers of one shape may lie in one array."""
    stack = np.stack([factors(net, number)[0] for number in (1, 2)])
    assert parts(net, stack) == {("fc2", "left factor"), ("fc3", "left factor")}


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(0).normal(size=(60, RANK)),
        np.zeros((60, RANK)),
        np.full((60, RANK), np.nan),
        np.eye(60),
        np.ones((60, RANK)),
        np.arange(5),
        np.array(3.0),
        np.zeros((0, 5)),
        np.random.default_rng(0).normal(size=60),
    ],
    ids=["noise", "zero", "nan", "identity", "ones", "integers", "number", "empty", "vector"],
)
def test_other_arrays_are_nothing(net: TruncatedNet, array: np.ndarray) -> None:
    """Neither noise nor a matrix that spans everything is a factor."""
    assert parts(net, array) == set()


def test_wrong_triplets_are_factors_all_the_same(net: TruncatedNet) -> None:
    """Who takes the last ones has made one mistake, not several."""
    one = net.layers[1]
    assert parts(net, one.left(60)[:, -RANK:]) == {("fc2", "left factor")}


def test_unaccounted_names_the_layers_without_factors(net: TruncatedNet) -> None:
    """One factor of two is not enough; a dense weight matrix is."""
    arrays = {"U": factors(net, 0)[0], "V": factors(net, 0)[2], "half": factors(net, 1)[0]}
    arrays["W"] = net.layers[3].weight
    assert unaccounted(find_roles(arrays, net, RANK), net) == ["fc2", "fc3"]


@pytest.mark.parametrize(("power", "needed"), [(0.0, True), (0.5, True), (1.0, False)])
def test_needs_values_multiplies_the_factors(
    net: TruncatedNet, power: float, *, needed: bool
) -> None:
    """Singular values have to be trained only where the product lacks it."""
    U, s, Vh = factors(net, 2)
    arrays = {"U": U * s**power, "V": Vh, "s": s}
    roles = find_roles(arrays, net, RANK)
    assert needs_values(roles, arrays, net.layers[2], RANK) is needed


def test_describe_names_path_and_part() -> None:
    """For feedback, with nothing where nothing is known."""
    assert describe("a.b", frozenset({Role("fc1", "bias")})) == "`a.b` (bias of fc1)"
    assert describe("a.b", frozenset()) == "`a.b`"
