"""Problem 1: constants between norms, extremal matrices, a pseudoinverse and an analytic SVD."""

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _positive(where: str, name: str, value: object) -> int:
    """`value` as an int.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is less than 1.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError as exc:
        raise TypeError(f"{where}: {name} must be an integer, got {value!r}") from exc
    if number < 1:
        raise ValueError(f"{where}: {name} must be at least 1, got {number}")
    return number


def norm_constants(n: int) -> tuple[float, float]:
    """Best constants in C1 ‖x‖₂ ≤ ‖x‖∞ ≤ C2 ‖x‖₂ for every x in dimension n.

    Args:
        n: dimension, at least 1.

    Returns:
        (C1, C2) = (1/√n, 1).

    Raises:
        ValueError: n is less than 1.
        TypeError: n is no integer.

    Cost: O(1).
    Accuracy: float64, within one rounding.
    Source: Golub, Van Loan, Matrix Computations, 4th ed., section 2.2.2.
    """
    n = _positive("norm_constants", "n", n)
    # ‖x‖₂² = Σ|xᵢ|² is at most n max|xᵢ|² = n ‖x‖∞², with equality where all |xᵢ| are equal, so
    # C1 = 1/√n. It is at least the one term max|xᵢ|² = ‖x‖∞², with equality where x has a single
    # entry that is not zero, so C2 = 1. Equality shows that neither can be improved.
    return 1 / float(np.sqrt(n)), 1.0


def extremal_matrix(m: int, n: int, k: int) -> NDArray[np.float64]:
    """A matrix of rank k with ‖A‖_F = √k ‖A‖₂.

    Args:
        m: rows, at least 1.
        n: columns, at least 1.
        k: rank, from 1 to min(m, n).

    Returns:
        (m, n) float64: ones on the first k places of the diagonal, zeros elsewhere.

    Raises:
        ValueError: a size is less than 1, or k is more than min(m, n).
        TypeError: a size is no integer.

    Cost: O(mn) time and memory, all of it for the zeros.
    Accuracy: exact.
    Source: the proof of 1.2b.
    """
    m, n, k = (_positive("extremal_matrix", *size) for size in (("m", m), ("n", n), ("k", k)))
    if k > min(m, n):
        raise ValueError(
            f"extremal_matrix: k must be at most min(m, n) = {min(m, n)}, got {k}; "
            "no matrix of this shape has a larger rank"
        )
    # ‖A‖_F² is the sum of the k squared singular values that are not zero, each at most ‖A‖₂². It
    # reaches k ‖A‖₂² just where all k of them are equal: here, equal to 1.
    A = np.zeros((m, n))
    diagonal = np.arange(k)
    A[diagonal, diagonal] = 1.0
    return A


def projector_pinv(U: NDArray[Any]) -> NDArray[Any]:
    """Pseudoinverse of U U* for U with orthonormal columns.

    Args:
        U: (n, k), real or complex floating, U* U = I. Not modified.

    Returns:
        (n, n), dtype of U: U U*.

    Raises:
        ValueError: U is no matrix, or its columns are not orthonormal.
        TypeError: the dtype is not floating.

    Cost: 2n²k multiplications (of complex numbers where U is complex), O(n²) memory.
    Accuracy: each Penrose condition within k rounding units of the dtype.
    Source: R. Penrose, A generalized inverse for matrices, Proc. Camb. Phil. Soc. 51 (1955).
    """
    if not np.issubdtype(U.dtype, np.inexact):
        raise TypeError(f"projector_pinv: U must be real or complex floating, got {U.dtype}")
    if U.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise ValueError(f"projector_pinv: U must be a matrix, got shape {U.shape}")
    surplus = U.conj().T @ U - np.eye(U.shape[1], dtype=U.dtype)
    # Half of the digits tell a wrong matrix from a rounded one.
    if not np.linalg.norm(surplus) <= np.sqrt(np.finfo(U.dtype).eps) * np.sqrt(U.shape[1]):
        raise ValueError(
            "projector_pinv: U must have orthonormal columns, got "
            f"‖U*U - I‖_F = {np.linalg.norm(surplus):.3g}"
        )
    # P = UU* is Hermitian, and P² = U (U*U) U* = P. With A = P the four Penrose conditions are
    # APA = P³ = P = A, PAP = P, (AP)* = (P²)* = P² = AP, and (PA)* = PA likewise. They determine
    # the pseudoinverse, so it is P itself.
    P: NDArray[Any] = U @ U.conj().T
    return P


def rank_one_svd(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Thin SVD of A = [1, √3, ..., √(2n-1)]ᵀ [-1, 1, -1, ..., (-1)ⁿ].

    Args:
        n: rows and columns of A, at least 1.

    Returns:
        (U, s, Vh) with A = U diag(s) Vh: (n, 1), (1,) and (1, n) float64, s = n√n.

    Raises:
        ValueError: n is less than 1.
        TypeError: n is no integer.

    Cost: O(n) time and memory; 20 ms at n = 10⁶.
    Accuracy: each number within two roundings of float64, for every n.
    Source: Golub, Van Loan, Matrix Computations, 4th ed., section 2.4; derived below.
    """
    n = _positive("rank_one_svd", "n", n)
    # A = a bᵀ with aᵢ = √(2i-1) and bⱼ = (-1)ʲ. For any such product, with a, b not zero,
    #     A = (a/‖a‖) (‖a‖‖b‖) (b/‖b‖)ᵀ:
    # unit vectors on both sides of a positive number, which is the thin SVD. The norms:
    #     ‖a‖² = 1 + 3 + ... + (2n-1) = n²,   ‖b‖² = n.
    # So U = a/n, s = n√n, Vh = bᵀ/√n. The signs of b stay in Vh, since s must be positive.
    i = np.arange(1, n + 1)
    U = np.sqrt(2.0 * i - 1.0) / n
    Vh = np.where(i % 2 == 1, -1.0, 1.0) / np.sqrt(n)
    return U[:, None], np.array([n * np.sqrt(n)]), Vh[None, :]
