"""Problem 2: gradients of a factorisation's misfit and of the Rayleigh quotient, and their time."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

REPEATS = 15
"""Of each measurement; the median counts."""


def _check_factors(where: str, X: NDArray[Any], U: NDArray[Any], V: NDArray[Any]) -> None:
    """Refuse arrays that X - UV is not defined for.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: a dtype is not real floating.
    """
    for name, array in (("X", X), ("U", U), ("V", V)):
        if not np.issubdtype(array.dtype, np.floating):
            raise TypeError(f"{where}: {name} must be real floating, got {array.dtype}")
        if array.ndim != 2:  # noqa: PLR2004 - rows and columns
            raise ValueError(f"{where}: {name} must be a matrix, got shape {array.shape}")
    if U.shape[1] != V.shape[0] or X.shape != (U.shape[0], V.shape[1]):
        raise ValueError(
            f"{where}: U V must have the shape of X, got {U.shape} times {V.shape} for {X.shape}"
        )


def grad_U(X: NDArray[Any], U: NDArray[Any], V: NDArray[Any]) -> NDArray[Any]:
    """Gradient of F(U, V) = ½‖X - UV‖_F² in U.

    Args:
        X: (n, n) float32 or float64. Not modified, nor are U and V.
        U: (n, k), dtype of X.
        V: (k, n), dtype of X.

    Returns:
        (n, k), dtype of X, units of F over units of U: (UV - X) Vᵀ.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: a dtype is not real floating.

    Cost: 4n²k floating point operations, n² numbers of extra memory.
    Accuracy: within 16 rounding units of (‖X‖ + ‖U‖‖V‖) ‖V‖ for n up to 40.
    Source: Petersen, Pedersen, The Matrix Cookbook (2012), section 2.5; derived below.
    """
    _check_factors("grad_U", X, U, V)
    # With R = X - UV and (A, B) = tr(AᵀB), a step dU changes R by -dU V, so
    #     dF = (R, dR) = -(R, dU V) = -tr(Rᵀ dU V) = -tr(V Rᵀ dU) = (-R Vᵀ, dU).
    # The residual is formed first: (UV)Vᵀ - XVᵀ would cancel only after rounding near X = UV.
    gradient: NDArray[Any] = (U @ V - X) @ V.T
    return gradient


def grad_V(X: NDArray[Any], U: NDArray[Any], V: NDArray[Any]) -> NDArray[Any]:
    """Gradient of F(U, V) = ½‖X - UV‖_F² in V.

    Args:
        X: (n, n) float32 or float64. Not modified, nor are U and V.
        U: (n, k), dtype of X.
        V: (k, n), dtype of X.

    Returns:
        (k, n), dtype of X, units of F over units of V: Uᵀ (UV - X).

    Raises:
        ValueError: the shapes don't fit.
        TypeError: a dtype is not real floating.

    Cost: 4n²k floating point operations, n² numbers of extra memory.
    Accuracy: within 16 rounding units of (‖X‖ + ‖U‖‖V‖) ‖U‖ for n up to 40.
    Source: Petersen, Pedersen, The Matrix Cookbook (2012), section 2.5; derived below.
    """
    _check_factors("grad_V", X, U, V)
    # As for U: dR = -U dV, so dF = -(R, U dV) = -tr(Rᵀ U dV) = (-Uᵀ R, dV).
    gradient: NDArray[Any] = U.T @ (U @ V - X)
    return gradient


def gradient_complexity() -> dict[str, float]:
    """Exponents of the time O(n^p k^q) that the gradients of F take.

    Returns:
        {"n": 2, "k": 1}.

    Source: Golub, Van Loan, Matrix Computations, 4th ed., section 1.1.11 (matrix products).
    """
    # UV takes n·n sums of k products: 2n²k operations. The residual times Vᵀ, or Uᵀ times the
    # residual, has nk entries that are sums of n products: 2n²k again. X is subtracted in n².
    return {"n": 2, "k": 1}


def time_gradients(ns: Sequence[int], ks: Sequence[int]) -> list[dict[str, float]]:
    """Time of both analytic gradients in NumPy, and of both by reverse mode in JAX, in float32.

    Args:
        ns: the n to measure, each at least 1.
        ks: the k to measure, each at least 1.

    Returns:
        {"n": n, "k": k, "analytic": seconds, "autodiff": seconds} for each pair; the median of
        `REPEATS` calls after one that is not counted.

    Raises:
        ValueError: a size is less than 1.

    Cost: a compilation (some 0.1 s) and 16 calls of each for every pair: under 1 s for n ≤ 400.
    Accuracy: of the machine's clock and load; the median ignores interruptions.
    Source: Griewank, Walther, Evaluating Derivatives, 2nd ed., chapter 4: the reverse mode costs a
        small multiple of the function.
    """
    if min(*ns, *ks, 1) < 1:
        raise ValueError(f"time_gradients: sizes must be at least 1, got {ns!r} and {ks!r}")
    rng = np.random.default_rng(0)
    automatic = jax.jit(jax.grad(_half_squared_residual, argnums=(1, 2)))
    records = []
    for n in ns:
        for k in ks:
            shapes = ((n, n), (n, k), (k, n))
            X, U, V = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
            on_device = [jnp.asarray(array) for array in (X, U, V)]
            analytic = _median_seconds(lambda *args: (grad_U(*args), grad_V(*args)), (X, U, V))
            # JAX hands out a promise; the clock must stop when the numbers are there.
            autodiff = _median_seconds(
                lambda *args: [part.block_until_ready() for part in automatic(*args)], on_device
            )
            records.append({"n": n, "k": k, "analytic": analytic, "autodiff": autodiff})
    return records


def _half_squared_residual(X: jax.Array, U: jax.Array, V: jax.Array) -> jax.Array:
    """F(U, V)."""
    return 0.5 * jnp.sum((X - U @ V) ** 2)


def _median_seconds(function: Callable[..., object], args: Sequence[object]) -> float:
    """Median time of a call, after one that compiles and fills the caches."""
    function(*args)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def rayleigh_gradient(A: NDArray[Any], x: NDArray[Any]) -> NDArray[Any]:
    """Gradient of the Rayleigh quotient R(x) = (Ax, x) / (x, x) at x.

    Args:
        A: (n, n) float32 or float64, symmetric. Not modified, nor is x.
        x: (n,), dtype of A, not zero.

    Returns:
        (n,), dtype of A, units of A over units of x: 2 (Ax - R(x) x) / (x, x).

    Raises:
        ValueError: A is not square, x does not fit it, or x is zero.
        TypeError: a dtype is not real floating.

    Cost: 2n² floating point operations, O(n) extra memory.
    Accuracy: within 16 rounding units of 4 ‖A‖_F / ‖x‖ for n up to 60.
    Source: Trefethen, Bau, Numerical Linear Algebra (1997), lecture 27; derived below.
    """
    for name, array in (("A", A), ("x", x)):
        if not np.issubdtype(array.dtype, np.floating):
            raise TypeError(f"rayleigh_gradient: {name} must be real floating, got {array.dtype}")
    if x.ndim != 1 or A.shape != (x.size, x.size):
        raise ValueError(
            f"rayleigh_gradient: A must be (n, n) and x (n,), got {A.shape} and {x.shape}"
        )
    scale = np.abs(x).max(initial=0)
    if not scale > 0:
        raise ValueError("rayleigh_gradient: x must not be zero, got zeros")
    # R(x) = R(y) for x = cy, so the gradient at x is that at y divided by c. With the largest |x_i|
    # for c the square (y, y) neither overflows nor underflows.
    y = x / scale
    # The quotient rule with d(Ay, y) = 2(Ay, dy), which needs A = Aᵀ, and d(y, y) = 2(y, dy):
    #     dR = [2(Ay, dy)(y, y) - 2(Ay, y)(y, dy)] / (y, y)² = (2(Ay - R(y)y)/(y, y), dy).
    image, square = A @ y, y @ y
    gradient: NDArray[Any] = 2 * (image - (image @ y) / square * y) / square / scale
    return gradient
