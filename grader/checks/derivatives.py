"""Derivatives by the complex step, how exact an answer can be, and what a wrong one looks like."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from grader.checks.compare import Array, close

Complex = NDArray[np.complex128]

STEP = 1e-100
"""Share of a variable's size; so small that its square vanishes in double precision."""
ROUNDING = 16.0
"""Rounding units that a right answer may lose, relative to the size of its terms."""
RECOGNISED = 1e-3
"""A wrong answer this close to a known mistake, relatively, is called by its name."""


def gradient(function: Callable[[Complex], Complex], at: Array) -> NDArray[np.float64]:
    """Gradient of a real function that extends analytically to complex arguments.

    f(x + i h e) = f(x) + i h f'(x) e + O(h²), so f'(x) e = Im f(x + i h e) / h with no difference
    of close numbers: a tiny h makes it exact up to rounding.
    Source: W. Squire, G. Trapp, Using complex variables to estimate derivatives of real functions,
    SIAM Review 40 (1998).

    Args:
        function: takes (B, *shape) complex128, returns (B,): `function` at each of B points. It
            must use no complex conjugate and no absolute value.
        at: (*shape) real.

    Returns:
        (*shape) float64, units of `function` over units of `at`.
    """
    point = at.astype(np.complex128)
    size = float(np.abs(at).max()) or 1.0
    rows, width = at.shape[0], int(np.prod(at.shape[1:]))
    each = np.arange(width)
    slices = []
    # One batch for each index of the first axis keeps the memory small.
    for row in range(rows):
        directions = np.zeros((width, rows, width), dtype=np.complex128)
        directions[each, row, each] = 1j * STEP * size
        moved = point + directions.reshape(width, *at.shape)
        slices.append(function(moved).imag / STEP / size)
    return np.array(slices).reshape(at.shape)


def half_squared_residual(X: Array, U: Array, V: Array) -> Complex:
    """F(U, V) = ½‖X - UV‖_F² for batches of U or of V, extended analytically.

    Args:
        X: (n, n).
        U: (n, k) or (B, n, k).
        V: (k, n) or (B, k, n).

    Returns:
        () or (B,) complex128, units of X squared.
    """
    residual = X - U @ V
    value: Complex = 0.5 * np.sum(residual * residual, axis=(-2, -1))
    return value


def rayleigh_quotient(A: Array, x: Array) -> Complex:
    """R(x) = (Ax, x) / (x, x) for a batch of x, extended analytically.

    Args:
        A: (n, n), symmetric.
        x: (B, n), nonzero.

    Returns:
        (B,) complex128, units of A.
    """
    value: Complex = np.sum((x @ A.T) * x, axis=-1) / np.sum(x * x, axis=-1)
    return value


def rounding_bound(terms: float) -> float:
    """How far a right answer that was computed in single precision may lie from the exact one.

    A gradient is a difference of terms that may nearly cancel; rounding is relative to the terms.
    An answer of float64 may have gone through float32 on the way (JAX, unless told otherwise), so
    the bound is the same for every type.

    Args:
        terms: sum of the Frobenius norms of the terms.

    Returns:
        ROUNDING units of single precision's rounding times `terms`, in units of `terms`.
    """
    return ROUNDING * float(np.finfo(np.float32).eps) / 2 * terms


def recognise(actual: Array, expected: Array, mistakes: Mapping[str, Array], otherwise: str) -> str:
    """The hint for a wrong answer: a constant factor, a known mistake, or `otherwise`.

    Args:
        actual: the wrong answer.
        expected: the right one, of the same shape.
        mistakes: hint -> what an answer with this mistake looks like.
        otherwise: the hint where nothing fits.
    """
    if not np.any(actual):
        return "the answer is 0 where the gradient is not"
    actual, expected = (array.astype(np.float64) for array in (actual, expected))
    factors = {
        "the sign is wrong: the gradient points to where the function grows": -1.0,
        "the answer is twice the gradient: mind the constant in front": 2.0,
        "the answer is half the gradient: mind the constant in front": 0.5,
        "the sign is wrong, and so is the constant in front": -2.0,
    }
    known = {hint: factor * expected for hint, factor in factors.items()} | dict(mistakes)
    for hint, mistaken in known.items():
        if mistaken.shape == actual.shape and close(actual, mistaken, rtol=RECOGNISED):
            return hint
    scale = float(np.vdot(expected, actual) / (np.vdot(expected, expected) or 1.0))
    if expected.size > 1 and close(actual, scale * expected, rtol=RECOGNISED):
        return "the direction is right and the length is not: look for a lost or surplus factor"
    return otherwise
