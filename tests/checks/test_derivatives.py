"""Complex-step derivatives against closed forms, and names for wrong answers."""

import numpy as np
import pytest

from grader.checks.derivatives import (
    gradient,
    half_squared_residual,
    rayleigh_quotient,
    recognise,
    rounding_bound,
)

OTHERWISE = "compare with finite differences"


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize(("n", "k"), [(5, 3), (2, 1), (60, 6), (7, 7)])
def test_gradient_of_the_residual_is_the_closed_form(n: int, k: int, scale: float) -> None:
    """Both gradients agree with -(X - UV)Vᵀ and -Uᵀ(X - UV) to double precision, at any scale."""
    rng = np.random.default_rng(n)
    U, V = rng.normal(size=(n, k)) * scale, rng.normal(size=(k, n)) / scale**2
    X = rng.normal(size=(n, n)) / scale
    residual = X - U @ V
    by_U = gradient(lambda moved: half_squared_residual(X, moved, V), U)
    by_V = gradient(lambda moved: half_squared_residual(X, U, moved), V)
    np.testing.assert_allclose(by_U, -residual @ V.T, rtol=0, atol=1e-13 * norm(by_U))
    np.testing.assert_allclose(by_V, -U.T @ residual, rtol=0, atol=1e-13 * norm(by_V))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_gradient_of_the_quotient_is_the_closed_form(scale: float) -> None:
    """It agrees with 2(Ax - R(x)x) / (x, x) to double precision, for long and for short x."""
    rng = np.random.default_rng(1)
    A, x = rng.normal(size=(8, 8)), rng.normal(size=8) * scale
    A += A.T
    expected = 2 * (A @ x - (x @ A @ x) / (x @ x) * x) / (x @ x)
    found = gradient(lambda moved: rayleigh_quotient(A, moved), x)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * norm(A) / norm(x))


def test_gradient_of_what_does_not_change_is_zero() -> None:
    """At n = 1 the quotient is a constant, and its derivative exactly 0."""
    A, x = np.array([[3.0]]), np.array([0.7])
    assert gradient(lambda moved: rayleigh_quotient(A, moved), x).tolist() == [0.0]


def test_gradient_is_taken_at_zero_too() -> None:
    """A point that is 0 has no size of its own to step by."""
    A = np.eye(3)
    found = gradient(lambda moved: np.sum(moved @ A, axis=-1), np.zeros(3))
    np.testing.assert_allclose(found, np.ones(3), rtol=1e-15)


def norm(array: np.ndarray) -> float:
    return float(np.linalg.norm(array))


def test_half_squared_residual_is_what_it_says() -> None:
    """The value for one pair of factors and for a batch of either."""
    rng = np.random.default_rng(2)
    X, U, V = rng.normal(size=(4, 4)), rng.normal(size=(4, 2)), rng.normal(size=(2, 4))
    value = 0.5 * np.linalg.norm(X - U @ V, "fro") ** 2
    np.testing.assert_allclose(half_squared_residual(X, U, V), value)
    np.testing.assert_allclose(half_squared_residual(X, np.array([U, U]), V), [value] * 2)
    np.testing.assert_allclose(half_squared_residual(X, U, np.array([V] * 3)), [value] * 3)


def test_rayleigh_quotient_takes_a_batch() -> None:
    """One value for each point, which does not depend on the others."""
    rng = np.random.default_rng(3)
    A, x = rng.normal(size=(3, 3)), rng.normal(size=(2, 3))
    expected = [point @ A @ point / (point @ point) for point in x]
    np.testing.assert_allclose(rayleigh_quotient(A, x), expected)


def test_rounding_bound_covers_float32_and_no_more() -> None:
    """The bound is some single rounding units of the terms."""
    assert 1e-7 < rounding_bound(1.0) < 2e-6
    assert rounding_bound(3e5) == pytest.approx(3e5 * rounding_bound(1.0))


@pytest.mark.parametrize(
    ("factor", "word"),
    [
        (0.0, "is 0 where"),
        (-1.0, "the sign is wrong: the gradient points"),
        (2.0, "twice"),
        (0.5, "half"),
        (-2.0, "the sign is wrong, and so is the constant"),
        (7.3, "the direction is right"),
        (-0.1, "the direction is right"),
    ],
)
def test_recognise_names_constant_factors(factor: float, word: str) -> None:
    """An answer that is a multiple of the right one is told as such, at any precision."""
    right = np.random.default_rng(3).normal(size=(3, 2))
    for dtype in (np.float64, np.float32):
        assert word in recognise((factor * right).astype(dtype), right, {}, OTHERWISE)


def test_recognise_names_a_known_mistake_before_a_factor() -> None:
    """What the check knows of a mistake says more than a factor."""
    rng = np.random.default_rng(4)
    right, wrong = rng.normal(size=(2, 3, 2))
    assert recognise(wrong * (1 + 1e-6), right, {"a term is lost": wrong}, OTHERWISE) == (
        "a term is lost"
    )


def test_recognise_does_not_guess() -> None:
    """Where nothing fits, the general hint is given."""
    rng = np.random.default_rng(5)
    right, wrong, other = rng.normal(size=(3, 3, 2))
    assert recognise(wrong, right, {"a term is lost": other}, OTHERWISE) == OTHERWISE


def test_recognise_passes_over_mistakes_of_another_shape() -> None:
    """A mistake that would have shown in the shape is no candidate."""
    rng = np.random.default_rng(6)
    right, wrong = rng.normal(size=(2, 3, 2))
    assert recognise(wrong, right, {"transposed": wrong.T}, OTHERWISE) == OTHERWISE


def test_recognise_says_nothing_of_directions_of_single_numbers() -> None:
    """Of one number every other is a multiple; that tells nothing."""
    assert recognise(np.array([3.7]), np.array([1.1]), {}, OTHERWISE) == OTHERWISE
