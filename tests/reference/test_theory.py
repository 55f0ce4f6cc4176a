import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reference.theory import extremal_matrix, norm_constants, projector_pinv, rank_one_svd


@pytest.mark.parametrize("n", [1, 2, 3, 10, 100])
def test_norm_constants_bound_every_vector_and_are_reached(n: int) -> None:
    """No random vector leaves the bounds; equal entries and a single one reach them."""
    low, high = norm_constants(n)
    x = np.random.default_rng(n).normal(size=(1000, n))
    x = np.vstack([x, np.ones(n), np.eye(n)[-1]])
    ratio = np.abs(x).max(axis=1) / np.linalg.norm(x, axis=1)
    assert low == pytest.approx(ratio.min(), rel=1e-14)
    assert high == pytest.approx(ratio.max(), rel=1e-14)


@pytest.mark.parametrize(
    ("m", "n", "k"), [(1, 1, 1), (4, 4, 4), (5, 3, 1), (3, 5, 3), (7, 4, 2), (30, 40, 17)]
)
def test_extremal_matrix_has_the_rank_and_the_norms(m: int, n: int, k: int) -> None:
    """NumPy's rank and norms agree with the claim in every shape."""
    A = extremal_matrix(m, n, k)
    assert A.shape == (m, n)
    assert np.linalg.matrix_rank(A) == k
    assert np.linalg.norm(A) == pytest.approx(math.sqrt(k) * np.linalg.norm(A, 2), rel=1e-14)


Inexact = type[np.floating[Any] | np.complexfloating[Any, Any]]


def orthonormal(n: int, k: int, dtype: Inexact) -> NDArray[Any]:
    rng = np.random.default_rng(n * k)
    matrix = rng.normal(size=(n, k))
    if issubclass(dtype, np.complexfloating):
        matrix = matrix + 1j * rng.normal(size=(n, k))
    return np.asarray(np.linalg.qr(matrix).Q.astype(dtype))


@pytest.mark.parametrize(("n", "k"), [(1, 1), (4, 1), (5, 5), (9, 4), (40, 17)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_projector_pinv_is_the_pseudoinverse(n: int, k: int, dtype: Inexact) -> None:
    """NumPy's pseudoinverse by the SVD agrees, and the dtype is kept."""
    U = orthonormal(n, k, dtype)
    expected = np.linalg.pinv(U.astype(np.complex128) @ U.conj().T, rcond=1e-3)
    P = projector_pinv(U)
    assert P.dtype == dtype
    np.testing.assert_allclose(P, expected, atol=100 * float(np.finfo(U.dtype).eps))


@pytest.mark.parametrize("n", [1, 2, 3, 8, 50, 301])
def test_rank_one_svd_is_the_svd(n: int) -> None:
    """NumPy finds the same singular value, and the factors give back A."""
    A = np.outer(np.sqrt(2 * np.arange(1, n + 1) - 1), (-1.0) ** np.arange(1, n + 1))
    U, s, Vh = rank_one_svd(n)
    assert (U.shape, s.shape, Vh.shape) == ((n, 1), (1,), (1, n))
    assert s[0] == pytest.approx(np.linalg.svd(A, compute_uv=False)[0], rel=1e-13)
    np.testing.assert_allclose(U * s @ Vh, A, rtol=1e-14)
    np.testing.assert_allclose(U.T @ U, 1, rtol=1e-14)
    np.testing.assert_allclose(Vh @ Vh.T, 1, rtol=1e-14)


def test_rank_one_svd_takes_a_million() -> None:
    """A itself, 8 TB, is never formed."""
    U, s, Vh = rank_one_svd(1_000_000)
    assert s[0] == pytest.approx(1e9, rel=1e-15)
    assert float(np.linalg.norm(U)) == pytest.approx(1, rel=1e-12)
    assert float(np.linalg.norm(Vh)) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: norm_constants(0), ValueError, "n must be at least 1, got 0"),
        (lambda: norm_constants(2.0), TypeError, "n must be an integer, got 2.0"),  # type: ignore[arg-type]
        (lambda: extremal_matrix(3, 2, 3), ValueError, "k must be at most min"),
        (lambda: extremal_matrix(3, -2, 1), ValueError, "n must be at least 1, got -2"),
        (lambda: projector_pinv(np.eye(2, dtype=int)), TypeError, "floating, got int"),
        (lambda: projector_pinv(np.ones(3)), ValueError, "a matrix, got shape"),
        (lambda: projector_pinv(np.ones((3, 2))), ValueError, "orthonormal"),
        (lambda: projector_pinv(np.full((3, 2), np.nan)), ValueError, "orthonormal"),
        (lambda: rank_one_svd(0), ValueError, "n must be at least 1, got 0"),
    ],
)
def test_theory_refuses_what_has_no_answer(
    call: Callable[[], object], error: type[Exception], text: str
) -> None:
    """The message says what was asked for and what came."""
    with pytest.raises(error, match=text):
        call()
