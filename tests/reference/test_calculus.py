from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from reference.calculus import (
    grad_U,
    grad_V,
    gradient_complexity,
    rayleigh_gradient,
    time_gradients,
)

PRECISIONS = [np.float32, np.float64]
Real = type[np.floating[Any]]


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    """JAX's own derivatives are computed in float64, whatever the reference is given."""
    with jax.enable_x64(True):
        yield


def misfit(X: jax.Array, U: jax.Array, V: jax.Array) -> jax.Array:
    value: jax.Array = 0.5 * jnp.linalg.norm(X - U @ V) ** 2
    return value


def quotient(A: jax.Array, x: jax.Array) -> jax.Array:
    value: jax.Array = jnp.vdot(A @ x, x) / jnp.vdot(x, x)
    return value


@pytest.mark.parametrize("sides", [(1, 1), (2, 1), (5, 3), (4, 4), (3, 6), (40, 7)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(("gradient", "place"), [(grad_U, 1), (grad_V, 2)], ids=["U", "V"])
def test_gradients_agree_with_autodiff(
    gradient: Callable[..., NDArray[Any]],
    place: int,
    sides: tuple[int, int],
    scale: float,
    dtype: Real,
) -> None:
    """Reverse mode in float64 gives the same, in every shape, scale and precision."""
    n, k = sides
    rng = np.random.default_rng(n + k)
    X, U, V = ((scale * rng.normal(size=shape)).astype(dtype) for shape in ((n, n), (n, k), (k, n)))
    before = [array.copy() for array in (X, U, V)]
    actual = gradient(X, U, V)
    expected = jax.grad(misfit, place)(*(jnp.asarray(array, jnp.float64) for array in (X, U, V)))
    assert actual.dtype == dtype
    terms = (np.linalg.norm(X) + np.linalg.norm(U) * np.linalg.norm(V)) * np.linalg.norm(
        (X, V, U)[place]
    )
    assert np.linalg.norm(actual - expected) <= 16 * np.finfo(dtype).eps / 2 * terms
    for array, copy in zip((X, U, V), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("n", [1, 2, 7, 60])
@pytest.mark.parametrize("length", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_rayleigh_gradient_agrees_with_autodiff(n: int, length: float, dtype: Real) -> None:
    """Reverse mode in float64 gives the same, for vectors of any length."""
    rng = np.random.default_rng(n)
    A, x = rng.normal(size=(n, n)), length * rng.normal(size=n)
    A, x = (A + A.T).astype(dtype), x.astype(dtype)
    actual = rayleigh_gradient(A, x)
    expected = jax.grad(quotient, 1)(*(jnp.asarray(array, jnp.float64) for array in (A, x)))
    assert actual.dtype == dtype
    terms = 4 * np.linalg.norm(A) / np.linalg.norm(x)
    assert np.linalg.norm(actual - expected) <= 16 * np.finfo(dtype).eps / 2 * terms


def test_rayleigh_gradient_vanishes_at_eigenvectors() -> None:
    """Eigenvectors are the stationary points of R."""
    A = np.random.default_rng(1).normal(size=(6, 6))
    A = A + A.T
    for vector in np.linalg.eigh(A).eigenvectors.T:
        np.testing.assert_allclose(rayleigh_gradient(A, 5 * vector), 0, atol=1e-14)


def test_rayleigh_gradient_survives_lengths_whose_square_overflows() -> None:
    """R(cx) = R(x), so the gradient at cx is that at x divided by c."""
    A, x = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -2.0])
    for c in (1e-200, 1e200):
        np.testing.assert_allclose(c * rayleigh_gradient(A, c * x), rayleigh_gradient(A, x))


def test_gradient_complexity_counts_the_products() -> None:
    """XLA's own count of floating point operations has these exponents."""

    def operations(n: int, k: int) -> float:
        arrays = [jnp.zeros(shape) for shape in ((n, n), (n, k), (k, n))]
        counts = jax.jit(lambda X, U, V: (U @ V - X) @ V.T).lower(*arrays).compile().cost_analysis()
        assert counts is not None
        return float(counts["flops"])

    found = gradient_complexity()
    assert found["n"] == pytest.approx(np.log2(operations(256, 64) / operations(128, 64)), abs=0.05)
    assert found["k"] == pytest.approx(np.log2(operations(256, 64) / operations(256, 32)), abs=0.05)


def test_time_gradients_has_a_record_for_each_pair() -> None:
    """Times are positive, and no two were copied."""
    ns, ks = [16, 32, 64], [2, 8]
    records = time_gradients(ns, ks)
    assert [(record["n"], record["k"]) for record in records] == list(product(ns, ks))
    for way in ("analytic", "autodiff"):
        times = [record[way] for record in records]
        assert 0 < min(times) <= max(times) < 1
        assert len(set(times)) > 1


def test_time_gradients_takes_the_median(monkeypatch: pytest.MonkeyPatch) -> None:
    """One long interruption of each measurement changes nothing."""
    ticks = 0
    now = 0.0

    def clock() -> float:
        nonlocal ticks, now
        ticks += 1
        # Each second call ends a measurement of 2 s; every fifteenth of these takes an hour.
        if ticks % 2 == 0:
            now += 3600 if ticks % 30 == 0 else 2
        return now

    monkeypatch.setattr("reference.calculus.time.perf_counter", clock)
    (record,) = time_gradients([8], [2])
    assert (record["analytic"], record["autodiff"]) == (2, 2)


X, U, V = np.ones((3, 3)), np.ones((3, 2)), np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: grad_U(X, V, U), ValueError, "U V must have the shape of X"),
        (lambda: grad_U(X, U, U), ValueError, "U V must have the shape of X"),
        (lambda: grad_V(X[0], U, V), ValueError, "X must be a matrix"),
        (lambda: grad_V(X, U.astype(int), V), TypeError, "U must be real floating, got int"),
        (lambda: rayleigh_gradient(X, np.ones(2)), ValueError, "A must be"),
        (lambda: rayleigh_gradient(X, np.zeros(3)), ValueError, "x must not be zero"),
        (lambda: rayleigh_gradient(X * 1j, np.ones(3)), TypeError, "A must be real"),
        (lambda: time_gradients([4, 0], [2]), ValueError, "at least 1"),
    ],
)
def test_calculus_refuses_what_has_no_answer(
    call: Callable[[], object], error: type[Exception], text: str
) -> None:
    """The message says what was asked for and what came."""
    with pytest.raises(error, match=text):
        call()
