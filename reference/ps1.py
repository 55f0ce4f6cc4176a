"""Problem Set 1, solved. Generated: change the reference's modules instead."""

# %% [markdown]
# # Problem Set 1
#
# 93 points. Hand in **one** file, the notebook `ps1.ipynb` or the module `ps1.py`: both hold the
# same questions.
#
# - Write your code into the functions and classes below. Keep their names and signatures: the
#   grader finds them by name. Helper functions, imports and constants of your own are welcome.
# - Write proofs and explanations, in Markdown with LaTeX, into the cells that begin with *Your*,
#   and leave the headings as they are: people find your answers by them.
# - The grader runs definitions, not experiments: training loops, plots and downloads in cells of
#   their own cost it nothing, and a cell that raises harms nothing else.
# - A function must work for every input that its docstring allows, not only for the ones that you
#   tried, and must not change its arguments.
# - `grader check FILE` judges your own file before anybody else does.
#
# The norms are $\|x\|_2 = \sqrt{\sum_i |x_i|^2}$ and $\|x\|_\infty = \max_i |x_i|$ for vectors,
# the spectral norm $\|A\|_2 = \max_{\|x\|_2 = 1} \|Ax\|_2$ and the Frobenius norm
# $\|A\|_F = \sqrt{\sum_{i,j} |a_{ij}|^2}$ for matrices. The star is the conjugate transpose.
# Matrices are complex unless something else is said.

# %%
import operator
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import torch
from jax import Array
from matplotlib.axes import Axes
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

# %% [markdown]
# ## Problem 1. Theory

# %% [markdown] item="1.1a" role="question"
# ### 1.1a Two norms of a vector (1 point)
#
# Find the largest $C_1$ and the smallest $C_2$ for which
# $$C_1 \|x\|_2 \le \|x\|_\infty \le C_2 \|x\|_2$$
# holds for every vector $x$ with $n$ entries.


# %% item="1.1a" role="answer"
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


# %% [markdown] item="1.1b" role="question"
# ### 1.1b Frobenius norm under unitary matrices (5 points)
#
# Let $U$ be unitary and of the same size as the square matrix $A$. Prove that the Frobenius norm
# does not see $U$:
# $$\|UA\|_F = \|AU\|_F = \|A\|_F.$$

# %% [markdown] item="1.1b" role="answer"
# **Proof.** The $j$-th diagonal entry of $A^*A$ is
# $\sum_i \overline{a_{ij}} a_{ij} = \sum_i |a_{ij}|^2$, so
# $$\|A\|_F^2 = \sum_{i,j} |a_{ij}|^2 = \operatorname{tr}(A^*A).$$
#
# *From the left.* $U$ is unitary, that is $U^*U = UU^* = I$. With $U^*U = I$,
# $$\|UA\|_F^2 = \operatorname{tr}\big((UA)^*(UA)\big) = \operatorname{tr}(A^* U^*U A)
# = \operatorname{tr}(A^*A) = \|A\|_F^2.$$
#
# *From the right.* The trace of a product does not change when its last factor becomes the first,
# $\operatorname{tr}(BC) = \operatorname{tr}(CB)$. With $B = U^*$, $C = A^*AU$ and then $UU^* = I$,
# $$\|AU\|_F^2 = \operatorname{tr}(U^* A^*A U) = \operatorname{tr}(A^*A \, UU^*)
# = \operatorname{tr}(A^*A) = \|A\|_F^2.$$
#
# Norms are not negative, so the norms themselves are equal. The left part used only $U^*U = I$ and
# the right part only $UU^* = I$; $A$ need not be square. $\blacksquare$

# %% [markdown] item="1.1c" role="question"
# ### 1.1c Spectral norm under unitary matrices (5 points)
#
# Prove the same for the spectral norm, again for unitary $U$:
# $$\|UA\|_2 = \|AU\|_2 = \|A\|_2.$$

# %% [markdown] item="1.1c" role="answer"
# **Proof.** By definition $\|A\|_2 = \max_{\|x\|_2 = 1} \|Ax\|_2$. A unitary $U$ keeps lengths: for
# every $y$
# $$\|Uy\|_2^2 = y^* U^*U y = y^*y = \|y\|_2^2.$$
#
# *From the left.* With $y = Ax$ this says $\|UAx\|_2 = \|Ax\|_2$ for every $x$. The two functions
# of $x$ are the same, and so are their largest values over the unit sphere: $\|UA\|_2 = \|A\|_2$.
#
# *From the right.* Since $U$ keeps lengths, $x \mapsto Ux$ maps the unit sphere
# $S = \{x : \|x\|_2 = 1\}$ into itself. It maps it *onto* itself: each $z \in S$ is $U(U^*z)$
# because $UU^* = I$, and $U^*z \in S$, because $U^*$ is unitary too. So $Ux$ runs over all of $S$
# when $x$ does:
# $$\|AU\|_2 = \max_{x \in S} \|A(Ux)\|_2 = \max_{z \in S} \|Az\|_2 = \|A\|_2. \quad \blacksquare$$

# %% [markdown] item="1.2a" role="question"
# ### 1.2a Frobenius norm, rank and spectral norm (5 points)
#
# Prove that for every matrix $A$ the Frobenius norm is bounded through the rank:
# $$\|A\|_F \le \sqrt{\operatorname{rank}(A)} \; \|A\|_2.$$

# %% [markdown] item="1.2a" role="answer"
# **Proof.** For $A = 0$ both sides are 0. Otherwise let $A = W \Sigma V^*$ be the singular value
# decomposition of the $m \times n$ matrix $A$: $W$ and $V$ unitary, $\Sigma$ zero but for
# $\sigma_1 \ge \sigma_2 \ge \dots \ge \sigma_{\min(m, n)} \ge 0$ on its diagonal.
#
# 1. By 1.1b, whose proof holds for every shape of $A$,
#    $\|A\|_F^2 = \|\Sigma\|_F^2 = \sum_i \sigma_i^2$.
# 2. By 1.1c likewise $\|A\|_2 = \|\Sigma\|_2$. Every $x$ of length 1 has
#    $\|\Sigma x\|_2^2 = \sum_i \sigma_i^2 |x_i|^2 \le \sigma_1^2 \sum_i |x_i|^2 \le \sigma_1^2$,
#    with equality for $x = e_1$. So $\|A\|_2 = \sigma_1$.
# 3. $W$ and $V^*$ are invertible, so $\operatorname{rank}(A) = \operatorname{rank}(\Sigma)$, which
#    is the number of the $\sigma_i$ that are not zero. Call it $\rho$: they are
#    $\sigma_1, \dots, \sigma_\rho$.
#
# Each of the $\rho$ terms that are not zero is at most $\sigma_1^2$, and therefore
# $$\|A\|_F^2 = \sum_{i=1}^{\rho} \sigma_i^2 \le \rho \, \sigma_1^2
# = \operatorname{rank}(A) \, \|A\|_2^2.$$
# Take the square root. $\blacksquare$

# %% [markdown] item="1.2b" role="question"
# ### 1.2b Where the bound is sharp (5 points: 3 for the function, 2 for the proof)
#
# Show that equality can hold in 1.2a for every shape and every rank: for all $m$, $n$ and
# $1 \le k \le \min(m, n)$ there is an $m \times n$ matrix $A$ of rank $k$ with
# $\|A\|_F = \sqrt{k} \, \|A\|_2$. Write a function that returns one, and prove that it does.


# %% item="1.2b" role="answer"
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


# %% [markdown] item="1.2b" role="answer"
# **Proof.** Equality holds in 1.2a just where all singular values that are not zero are equal. So
# let $A$ be the $m \times n$ matrix with
# $$a_{ii} = 1 \text{ for } i = 1, \dots, k, \qquad a_{ij} = 0 \text{ else,}$$
# which there is since $k \le \min(m, n)$; `extremal_matrix` returns it.
#
# *Rank.* Its first $k$ columns are $e_1, \dots, e_k$, which are linearly independent, and the
# others are zero: $\operatorname{rank}(A) = k$. It is its own $\Sigma$ with
# $\sigma_1 = \dots = \sigma_k = 1$ and all further singular values 0.
#
# *Norms.* $\|A\|_F^2$ is the sum of $k$ ones, so $\|A\|_F = \sqrt{k}$. And
# $\|Ax\|_2^2 = |x_1|^2 + \dots + |x_k|^2 \le \|x\|_2^2$ with equality for $x = e_1$, so
# $\|A\|_2 = 1$. Together
# $\|A\|_F = \sqrt{k} = \sqrt{k} \, \|A\|_2$, for every shape and for every $k$ from 1 to
# $\min(m, n)$. $\blacksquare$

# %% [markdown] item="1.2c" role="question"
# ### 1.2c Matrices of rank 1 (5 points)
#
# Prove that $\operatorname{rank}(A) = 1$ implies $\|A\|_F = \|A\|_2$.

# %% [markdown] item="1.2c" role="answer"
# **Proof.** Let $\operatorname{rank}(A) = 1$. As in 1.2a the number of singular values that are not
# zero is the rank, so there is exactly one, $\sigma_1 > 0$, and by steps 1 and 2 there
# $$\|A\|_F = \sqrt{\sigma_1^2} = \sigma_1 = \|A\|_2. \quad \blacksquare$$
#
# The same without singular values: all columns of $A$ are multiples of one vector $u \ne 0$, so
# $A = uv^*$ with $v \ne 0$. Then $\|A\|_F^2 = \sum_{i,j} |u_i|^2 |v_j|^2 = \|u\|_2^2 \|v\|_2^2$.
# And $\|Ax\|_2 = \|u\|_2 |v^*x| \le \|u\|_2 \|v\|_2$ for $\|x\|_2 = 1$ by the inequality of Cauchy
# and Schwarz, with equality for $x = v / \|v\|_2$. So both norms are $\|u\|_2 \|v\|_2$.

# %% [markdown] item="1.2d" role="question"
# ### 1.2d Frobenius norm of a product (5 points)
#
# Prove that for every product $AB$
# $$\|AB\|_F \le \|A\|_2 \, \|B\|_F.$$

# %% [markdown] item="1.2d" role="answer"
# **Proof.** Let $b_1, \dots, b_p$ be the columns of $B$. Those of $AB$ are $Ab_1, \dots, Ab_p$,
# and the squared Frobenius norm is the sum of the squared lengths of the columns.
#
# For every vector $b$
# $$\|Ab\|_2 \le \|A\|_2 \, \|b\|_2:$$
# for $b = 0$ both sides are 0, else $\|Ab\|_2 = \|b\|_2 \, \big\|A \tfrac{b}{\|b\|_2}\big\|_2$,
# where $A$ is applied to a vector of length 1 and gives at most $\|A\|_2$, the maximum over all of
# them.
#
# Adding up over the columns,
# $$\|AB\|_F^2 = \sum_{j=1}^{p} \|Ab_j\|_2^2 \le \|A\|_2^2 \sum_{j=1}^{p} \|b_j\|_2^2
# = \|A\|_2^2 \, \|B\|_F^2,$$
# and the square root is the claim. $\blacksquare$

# %% [markdown] item="1.3a" role="question"
# ### 1.3a Pseudoinverse of a projector (2 points)
#
# Let $U$ be a complex $n \times k$ matrix with $U^* U = I$. Find the pseudoinverse of $UU^*$.


# %% item="1.3a" role="answer"
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


# %% [markdown] item="1.3b" role="question"
# ### 1.3b SVD of a matrix of rank 1 (3 points)
#
# Derive, for every $n$, the singular value decomposition of the $n \times n$ matrix
# $$A = \begin{pmatrix} 1 \\ \sqrt{3} \\ \vdots \\ \sqrt{2n-1} \end{pmatrix}
# \begin{pmatrix} -1 & 1 & -1 & \dots & (-1)^n \end{pmatrix}.$$
# Return the one triplet whose singular value is not zero. The function is asked for $n$ up to
# $10^6$, where $A$ has $10^{12}$ entries, so it can't decompose $A$ numerically.


# %% item="1.3b" role="answer"
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


# %% [markdown]
# ## Problem 2. Matrix calculus
#
# Everything in this problem is real.

# %% [markdown] item="2.1a" role="question"
# ### 2.1a Gradient in U (2 points)
#
# An $n \times n$ matrix $X$ is to be approximated by the product of an $n \times k$ matrix $U$ and
# a $k \times n$ matrix $V$, with $k < n$. The misfit is
# $$F(U, V) = \tfrac12 \, \|X - UV\|_F^2.$$
# Derive $\partial F / \partial U$.


# %% item="2.1a" role="answer"
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


# %% [markdown] item="2.1b" role="question"
# ### 2.1b Gradient in V (2 points)
#
# Derive $\partial F / \partial V$ for the same $F$.


# %% item="2.1b" role="answer"
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


# %% [markdown] item="2.1c" role="question"
# ### 2.1c Complexity, and autodiff (6 points: 3 for the functions, 3 for plots and conclusion)
#
# What is the complexity of your two gradients, as $O(n^p k^q)$? Derive it. Then measure: the time
# of the analytic gradients against that of automatic differentiation in JAX (autodiff), over a
# range of $n$ and over a range of $k$. Plot both, in scales in which $p$ and $q$ are slopes, and
# conclude. JAX compiles a jitted function at its first call and returns before a result is there:
# call it once before the clock starts, and `block_until_ready()` before the clock stops.


# %% item="2.1c" role="answer"
def gradient_complexity() -> dict[str, float]:
    """Exponents of the time O(n^p k^q) that the gradients of F take.

    Returns:
        {"n": 2, "k": 1}.

    Source: Golub, Van Loan, Matrix Computations, 4th ed., section 1.1.11 (matrix products).
    """
    # UV takes n·n sums of k products: 2n²k operations. The residual times Vᵀ, or Uᵀ times the
    # residual, has nk entries that are sums of n products: 2n²k again. X is subtracted in n².
    return {"n": 2, "k": 1}


REPEATS = 15
"""Of each measurement; the median counts."""


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


# %% [markdown] item="2.1c" role="answer"
# **Complexity.** The gradients are $\partial F / \partial U = (UV - X) V^T$ and
# $\partial F / \partial V = U^T (UV - X)$.
#
# | step | entries of the result | products for each | operations |
# |---|---|---|---|
# | $UV$ | $n^2$ | $k$ | $2n^2k$ |
# | $R = UV - X$ | $n^2$ | | $n^2$ |
# | $R V^T$ or $U^T R$ | $nk$ | $n$ | $2n^2k$ |
#
# Each gradient takes $4n^2k + n^2 = O(n^2 k)$ operations: $p = 2$ and $q = 1$.


# %% item="2.1c" role="answer"
def plot_times(axes: Axes, records: list[dict[str, float]], over: str, order: float) -> None:
    """Both ways' times against n or k, with a line of the expected slope."""
    sizes = [record[over] for record in records]
    for way, mark in (("analytic", "o-"), ("autodiff", "s-")):
        axes.loglog(sizes, [record[way] for record in records], mark, label=way)
    last = records[-1]
    line = [last["analytic"] * (size / last[over]) ** order for size in sizes]
    axes.loglog(sizes, line, "k:", label=f"slope {order:g}")
    fixed = "k" if over == "n" else "n"
    axes.set(xlabel=over, ylabel="seconds for both gradients", title=f"{fixed} = {last[fixed]:g}")
    axes.legend()


# %% [markdown] item="2.1c" role="answer"
# **Conclusion.** Both ways are of the same order. On log-log axes their times approach lines of
# slope 2 in $n$ and of slope 1 in $k$. That is what theory says of the reverse mode: it computes a
# gradient in a small multiple of the time of the function, and the function $F$ itself costs
# $2n^2k$ for $UV$. Its backward pass multiplies the residual by $V^T$ and by $U^T$, just as the
# formulas above do, so between the two there is only a constant factor, which is near 1. JAX needs
# three products for both gradients, $6n^2k$ operations, since they share the residual; my two
# functions form it twice, $8n^2k$.
#
# For small matrices the lines are flat. There the time is that of a call, some tens of
# microseconds in JAX and less in NumPy, and not that of the arithmetic. Over $k$ the slope is
# below 1 while $k$ is small, since the $n^2$ numbers of $X$ and of the residual have to be read
# and written in any case.

# %% [markdown] item="2.2" role="question"
# ### 2.2 Gradient of the Rayleigh quotient (2 points)
#
# For a symmetric matrix $A$ and $x \ne 0$ let
# $$R(x) = \frac{(Ax, x)}{(x, x)}.$$
# Derive $\nabla R(x)$. Mind that $x$ need not have length 1.


# %% item="2.2" role="answer"
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


# %% [markdown]
# ## Problem 3. Compression of fully-connected layers
#
# A network with five wide layers learns to tell the ten classes of CIFAR-10 apart. Its weight
# matrices hold some seven million numbers; this problem asks how many of them it needs. The
# network, its training and its test are given: use them, don't change them.


# %%
class Net(nn.Module):
    """The network: six fully connected layers with ReLU between, log-probabilities at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(3 * 32 * 32, 1000)
        self.fc2 = nn.Linear(1000, 1000)
        self.fc3 = nn.Linear(1000, 1000)
        self.fc4 = nn.Linear(1000, 1000)
        self.fc5 = nn.Linear(1000, 1000)
        self.fc6 = nn.Linear(1000, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities of the classes.

        Args:
            x: (B, 3, 32, 32) float32 in [-1, 1].

        Returns:
            (B, 10) float32.
        """
        x = x.flatten(1)
        x = functional.relu(self.fc1(x))
        x = functional.relu(self.fc2(x))
        x = functional.relu(self.fc3(x))
        x = functional.relu(self.fc4(x))
        x = functional.relu(self.fc5(x))
        return functional.log_softmax(self.fc6(x), dim=1)


Loader = DataLoader[tuple[Tensor, Tensor]]
"""Gives batches: images (B, 3, 32, 32) float32 in [-1, 1], labels (B,) int64."""


def load_cifar10(folder: str = "data", batch: int = 100) -> tuple[Loader, Loader]:
    """CIFAR-10, downloaded once, each channel with mean 0.5 and standard deviation 0.5 taken out.

    Args:
        folder: where the images are kept.
        batch: images in a batch.

    Returns:
        Loaders of the 50,000 training images, in random order, and of the 10,000 test images.
    """
    from torchvision import datasets, transforms  # noqa: PLC0415 - slow, needed here alone

    normalise = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
    )
    training, testing = (
        datasets.CIFAR10(folder, train=train, download=True, transform=normalise)
        for train in (True, False)
    )
    return DataLoader(training, batch, shuffle=True), DataLoader(testing, batch)


def device_of(net: nn.Module) -> torch.device:
    """Where the parameters of a network are."""
    return next(net.parameters()).device


def train(
    net: nn.Module,
    loader: Loader,
    epochs: int = 7,
    lr: float = 1e-3,
    device: str | torch.device | None = None,
) -> None:
    """Train a network in place with Adam, on the negative log-likelihood.

    Args:
        net: gives log-probabilities.
        loader: the training images.
        epochs: how often each image is seen.
        lr: Adam's learning rate.
        device: where the network is moved to first; None leaves it where it is.
    """
    net.to(device or device_of(net)).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for epoch in range(1, epochs + 1):
        total = seen = 0.0
        for images, labels in loader:
            optimizer.zero_grad()
            answers = net(images.to(device_of(net)))
            loss = functional.nll_loss(answers, labels.to(answers.device))
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            seen += len(labels)
        print(f"epoch {epoch} of {epochs}: mean loss {total / seen:.3f}")


def test(net: nn.Module, loader: Loader) -> float:
    """The share of images whose class a network names, between 0 and 1."""
    net.eval()
    right = seen = 0
    with torch.no_grad():
        for images, labels in loader:
            answers = net(images.to(device_of(net))).argmax(dim=1)
            right += int((answers == labels.to(answers.device)).sum())
            seen += len(labels)
    return right / seen


# %% [markdown] item="3.1" role="question"
# ### 3.1 Singular values of the layers (3 points: 2 for the function, 1 for plot and conclusion)
#
# Compute the singular values of the weight matrix of every layer of the trained network. Plot
# those of a $1000 \times 1000$ layer, in a scale in which their decay can be seen. What do you
# conclude about compressing the layer?


# %% item="3.1" role="answer"
def _layers(net: nn.Module) -> dict[str, nn.Linear]:
    """The fully connected layers by name, in the order in which they were made."""
    return {name: part for name, part in net.named_modules() if isinstance(part, nn.Linear)}


def layer_singular_values(net: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Singular values of the weight matrix of every fully connected layer.

    Args:
        net: a network. Not modified.

    Returns:
        Name of the layer -> (q,) in the weights' dtype, descending, q the smaller side.

    Cost: O(m n q) for an m x n matrix; 0.8 s for `Net` on two cores.
    Accuracy: within a few rounding units of the largest one.
    Source: Golub, Van Loan, Matrix Computations, 4th ed., section 8.6.
    """
    return {
        name: torch.linalg.svdvals(layer.weight.detach()).cpu().numpy()
        for name, layer in _layers(net).items()
    }


# %% item="3.1" role="answer"
def plot_singular_values(axes: Axes, values: dict[str, np.ndarray]) -> None:
    """The layers' singular values, largest first, logarithmic."""
    for name, sigma in values.items():
        axes.semilogy(np.arange(1, len(sigma) + 1), sigma, label=name)
    axes.set(xlabel="number", ylabel="singular value")
    axes.legend()


# %% [markdown] item="3.1" role="answer"
# **Conclusion.** After training on CIFAR-10 (test accuracy 0.530) the second layer has
# $\sigma_1 = 16.6$, $\sigma_{10} = 5.3$, $\sigma_{50} = 2.4$, $\sigma_{100} = 1.8$,
# $\sigma_{500} = 0.64$ and $\sigma_{1000} = 0.001$, and the other $1000 \times 1000$ layers look
# alike. The values fall fast over the first ten, then slowly, with no gap after which all would be
# zero: numerically the rank is full. But the long tail is of the size that the random initial
# weights have: a matrix with entries uniform in $\pm 1/\sqrt{1000}$ has singular values that
# spread from 0 to about $2/\sqrt{3} \approx 1.15$. What was learned shows in the first tens. The
# best approximation of rank $r$ misses $W$ by $\sigma_{r+1}$ in the spectral norm, so a rank of 50
# to 100 leaves out directions that are seven to nine times weaker than the strongest; it should do
# for the accuracy, with a tenth to a fifth of the numbers. What is lost is for the experiment to
# say, since the classes and not the weights count.

# %% [markdown] item="3.2" role="question"
# ### 3.2 The compressed network (17 points)
#
# Write a network that is made of a trained `Net` and a rank $r > 0$. Each of its weight matrices is
# the best approximation of rank $r$ of the given one: its first $r$ singular triplets. In all else
# it is the same network: the same biases, ReLU and log-softmax. It should
#
# - store factors, not products, and never more numbers than the weight matrix has;
# - use the factors in `forward` with as few multiplications as possible;
# - be trainable: every factor and every bias is a parameter;
# - leave the given network as it is, and share nothing with it;
# - work for every $r > 0$, also where $r$ exceeds the smaller side of a matrix.


# %% item="3.2" role="answer"
Triplets = tuple[Tensor, Tensor, Tensor]
"""U (m, q), s (q,) descending, Vh (q, n): the thin SVD of a weight matrix, q = min(m, n)."""


def _decompose(net: nn.Module) -> dict[str, Triplets]:
    """The thin SVD of every weight matrix."""
    decomposed = {}
    for name, layer in _layers(net).items():
        U, s, Vh = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
        decomposed[name] = (U, s, Vh)
    return decomposed


class TruncatedLinear(nn.Module):
    """x -> W_r x + b, where W_r is the best approximation of rank r of a layer's weight matrix.

    Args:
        triplets: the weight matrix's SVD.
        bias: (m,); a copy is stored.
        r: the rank, at least 1; what exceeds the smaller side is ignored.

    Cost: r(m + n) numbers stored and multiplied for each x, or mn where that is no more.
    Source: Eckart, Young, The approximation of one matrix by another of lower rank, Psychometrika
        1 (1936).
    """

    def __init__(self, triplets: Triplets, bias: Tensor, r: int) -> None:
        super().__init__()
        U, s, Vh = triplets
        m, n = len(U), Vh.shape[1]
        # W_r = U_r diag(s_r) Vh_r = (U_r √s_r)(√s_r Vh_r). With √s on both sides the factors are of
        # one size, which suits steps of one length in training; s needs no place of its own.
        root = s[:r].sqrt()
        left, right = U[:, :r] * root, root[:, None] * Vh[:r]
        # Applied one after the other they cost r(m + n) for each x. Where that is not less than mn,
        # the product itself is the cheaper form of the same function.
        factors = [right, left] if r * (m + n) < m * n else [left @ right]
        self.factors = nn.ParameterList(nn.Parameter(factor.clone()) for factor in factors)
        self.bias = nn.Parameter(bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, m)."""
        *inner, last = self.factors
        for factor in inner:
            x = functional.linear(x, factor)
        return functional.linear(x, last, self.bias)


class CompressedNet(nn.Module):
    """A network whose weight matrices are cut down to rank r, otherwise the same.

    Args:
        net: fully connected layers with ReLU between and log-softmax at the end. Not modified; the
            compressed network has its device and dtype and shares no memory with it.
        r: the rank, at least 1; what exceeds the smaller side of a matrix is ignored there.
        decomposed: the SVD of each layer, where it is known already.

    Raises:
        ValueError: r is less than 1.
        TypeError: r is no integer.

    Cost: one SVD of each layer, 0.8 s for `Net` on two cores, none where they are given.
    Accuracy: the truncated matrices within some 10 rounding units of ‖W‖₂.
    Source: Xue, Li, Gong, Restructuring of deep neural network acoustic models with singular value
        decomposition, Interspeech 2013.
    """

    def __init__(
        self, net: nn.Module, r: int, decomposed: Mapping[str, Triplets] | None = None
    ) -> None:
        super().__init__()
        r = operator.index(r)
        if r < 1:
            raise ValueError(f"CompressedNet: r must be at least 1, got {r}")
        decomposed = decomposed or _decompose(net)
        self.layers = nn.ModuleList(
            TruncatedLinear(decomposed[name], layer.bias, r) for name, layer in _layers(net).items()
        )
        self.train(net.training)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities of the classes.

        Args:
            x: (B, 3, 32, 32), or (B, n) with n the inputs of the first layer.

        Returns:
            (B, classes), dtype of x.
        """
        x = x.flatten(1)
        *inner, last = self.layers
        for layer in inner:
            x = functional.relu(layer(x))
        return functional.log_softmax(last(x), dim=1)


# %% [markdown] item="3.3" role="question"
# ### 3.3 Accuracy, parameters and time (5 points: 3 for the function, 2 for plots and explanation)
#
# Compress the trained network to several ranks. Plot the test accuracy against the number of
# parameters, and the time that inference takes against $r$. Explain what you see: from which rank
# on is accuracy lost, and when does compression save time?


# %% item="3.3" role="answer"
TIMED_PASSES = 3
"""Over the images; the median time counts."""


def _inference_seconds(net: nn.Module, loader: Loader) -> float:
    """Median time of a pass over the images, without the time to load them."""
    device = device_of(net)
    net.eval()
    passes = []
    with torch.no_grad():
        for _ in range(1 + TIMED_PASSES):
            seconds = 0.0
            for images, _labels in loader:
                moved = images.to(device)
                _wait(device)
                start = time.perf_counter()
                net(moved)
                _wait(device)
                seconds += time.perf_counter() - start
            passes.append(seconds)
    # The first pass warms up: memory is allocated, kernels are chosen.
    return statistics.median(passes[1:])


def _wait(device: torch.device) -> None:
    """A GPU works on while Python goes ahead; let the clock see the end of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def compression_curve(
    net: nn.Module, ranks: Sequence[int], loader: Loader
) -> list[dict[str, float]]:
    """Accuracy, size and time of the compressed network at several ranks.

    Args:
        net: as `CompressedNet` takes it. Not modified.
        ranks: each at least 1.
        loader: the images to measure on; each pass must give the same ones.

    Returns:
        {"rank": r, "parameters": stored numbers, "accuracy": between 0 and 1, "seconds": of the
        network alone on all images, reading them excluded} for each rank.

    Raises:
        ValueError: a rank is less than 1.

    Cost: one SVD of each layer for all ranks together, then five passes over the images for each.
    Accuracy: times are medians of `TIMED_PASSES` passes after one that is not counted.
    """
    decomposed = _decompose(net)
    records = []
    for r in ranks:
        compressed = CompressedNet(net, r, decomposed)
        records.append(
            {
                "rank": r,
                "parameters": sum(part.numel() for part in compressed.parameters()),
                "accuracy": test(compressed, loader),
                "seconds": _inference_seconds(compressed, loader),
            }
        )
    return records


# %% item="3.3" role="answer"
def plot_curve(records: list[dict[str, float]], whole: float) -> None:
    """Accuracy against parameters, with the uncompressed network's; seconds against the rank."""
    _, (accuracy, seconds) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    parameters = [record["parameters"] for record in records]
    accuracy.semilogx(parameters, [record["accuracy"] for record in records], "o-")
    accuracy.axhline(whole, color="k", linestyle=":", label="uncompressed")
    accuracy.set(xlabel="parameters", ylabel="test accuracy")
    accuracy.legend()
    ranks = [record["rank"] for record in records]
    seconds.loglog(ranks, [record["seconds"] for record in records], "o-")
    seconds.set(xlabel="rank r", ylabel="seconds for the test images")


# %% [markdown] item="3.3" role="answer"
# **Explanation.** Measured on CIFAR-10, where the whole network has 7,087,010 parameters and a test
# accuracy of 0.530:
#
# | $r$ | parameters | accuracy | time, whole network = 1 |
# |---|---|---|---|
# | 5 | 70,420 | 0.185 | 0.06 |
# | 10 | 135,730 | 0.311 | 0.06 |
# | 20 | 256,450 | 0.428 | 0.05 |
# | 50 | 618,610 | 0.519 | 0.10 |
# | 100 | 1,222,210 | 0.530 | 0.19 |
# | 200 | 2,429,410 | 0.530 | 0.34 |
# | 400 | 4,843,810 | 0.528 | 0.65 |
# | 1000 | 7,087,010 | 0.530 | 1 |
#
# *Accuracy.* Down to $r = 100$, a sixth of the parameters, nothing is lost, and down to $r = 50$,
# an eleventh of them, a hundredth is. Below that the curve bends: at $r = 20$ a tenth of accuracy
# is gone, and at $r = 3$ the network guesses. The directions that are cut off first carry little
# more than the noise of the initial weights; those below 50 tell classes apart, and the error of
# each layer is handed on to the next one.
#
# *Time.* A layer of size $m \times n$ takes $mn$ multiplications for an image, its two factors
# $r(m + n)$. Factors save time and memory just where
# $$r (m + n) < mn, \qquad \text{that is} \qquad r < \frac{mn}{m + n},$$
# which is 500 for the square layers and 754 for the first one. The last one, $10 \times 1000$, is
# smaller than its factors at $r = 10$. Where it doesn't pay, I store the product, which is the
# same function; so from $r = 754$ on the time is that of the whole network. Between, the time
# grows in proportion to $r$, as the parameters do. Below some $r = 20$ it hardly gets shorter:
# there, the time is that of the calls, of ReLU and of reading the images, and not of
# multiplications.

# %% [markdown] item="3.4" role="question"
# ### 3.4 Fine-tuning (5 points: 3 for the function, 2 for comparison and explanation)
#
# Fine-tune compressed networks: train the factors for 1 to 5 epochs. Compare the test accuracy
# before and after, for several ranks, and explain the difference.


# %% item="3.4" role="answer"
FINE_TUNING_RATE = 3e-4
"""Adam's. At 1e-3, the rate of the first training, rank 50 gains almost nothing in two epochs."""


def fine_tune(compressed: nn.Module, loader: Loader, epochs: int) -> nn.Module:
    """Train the factors of a compressed network further, in place.

    Args:
        compressed: a `CompressedNet`; every factor and bias of it is trained.
        loader: the training images.
        epochs: how often each image is seen, at least 1.

    Returns:
        `compressed` itself, in evaluation mode.

    Raises:
        ValueError: epochs is less than 1.

    Cost: about three forward passes for each image and epoch.
    Source: as for `CompressedNet`, section 3.
    """
    if epochs < 1:
        raise ValueError(f"fine_tune: epochs must be at least 1, got {epochs}")
    train(compressed, loader, epochs, lr=FINE_TUNING_RATE)
    return compressed.eval()


# %% [markdown] item="3.4" role="answer"
# **Comparison** on the test images of CIFAR-10, on which nothing was trained, after three epochs:
#
# | $r$ | 5 | 10 | 20 | 50 | 100 |
# |---|---|---|---|---|---|
# | before | 0.185 | 0.311 | 0.428 | 0.519 | 0.530 |
# | after | 0.354 | 0.452 | 0.518 | 0.544 | 0.549 |
#
# **Explanation.** Fine-tuning gains most where truncation cost most: at rank 20 it brings back
# nearly all that was lost, and at ranks 50 and 100 the network is better than the whole one was.
# Truncation chooses the subspaces that serve $\|W - W_r\|$ best, layer by layer, and was never
# told of the loss function. Training moves both factors, hence the column space and the row space
# of each layer, to where they serve the classes, and lets each layer make up for the errors of the
# layers before it. At rank 5 too few directions are left to go back all the way.
#
# That ranks 50 and 100 overtake the whole network is no merit of the factors. It had three epochs
# less, at a larger learning rate: trained on in just the same way, it reaches 0.549 too. But on
# the training images it then has 0.85 against 0.70 at rank 50: with a tenth of the parameters the
# network generalises as well and overfits less.
#
# The learning rate is $3 \cdot 10^{-4}$, below that of the first training. With $10^{-3}$ rank 50
# gets to 0.535 in three epochs instead of 0.542, and after the first two it has gained almost
# nothing.

# %% [markdown]
# ## Problem 4. Reducio!

# %% [markdown] item="4" role="question"
# ### 4 Reducio! (15 points)
#
# Hermione draws a whole number $r$ between 1 and 95, each with the same chance, and two matrices
# whose entries are uniform in $[0, 100)$, in float32: $W_1$ of size $r \times 100$ and $W_2$ of
# size $100 \times r$. She keeps all three to herself. Harry may ask her for
# $$h(x) = \sin(W_2 \cos(W_1 x))$$
# at any $x$ with 100 entries, as often as he likes, and he may differentiate $h$ with JAX. Then he
# must name $r$. He should be right in at least 95 % of the rounds.


# %% item="4" role="given"
class Hermione:
    """Draws r and the matrices, and answers with her function."""

    def __init__(self, seed: int = 0) -> None:
        self.key = jax.random.PRNGKey(seed)
        self.draw()

    def draw(self) -> None:
        """Start a new round."""
        self.key, *keys = jax.random.split(self.key, 4)
        self.r = int(jax.random.randint(keys[0], (), 1, 96))
        # W2's columns past r are zero: the function is that of the first r rows and columns, and
        # JAX compiles once for this one shape, not anew for every r.
        self.W1 = jax.random.uniform(keys[1], (95, 100), maxval=100.0)
        W2 = jax.random.uniform(keys[2], (100, 95), maxval=100.0)
        self.W2 = jnp.where(jnp.arange(95) < self.r, W2, 0.0)

    def hermione_computes_function(self, x: jax.Array) -> jax.Array:
        """What Harry may ask: (100,) -> (100,)."""
        return jnp.sin(self.W2 @ jnp.cos(self.W1 @ x))


# %% [markdown] item="4" role="question"
# Write the function `harry_answers`, which is given Hermione's function. (A method
# `harry_answers(self)` of `Game` that calls `self.hermione_computes_function` is graded just as
# well; there, to read `self.r`, `self.W1` or `self.W2` is against the rules.)


# %% item="4" role="answer"
DIMENSION = 100


LARGEST_R = 95


POINTS = np.random.default_rng(2020).standard_normal((5, DIMENSION)).astype(np.float32)
"""Where the Jacobians are taken; any points in general position would do."""


def widest_gap(values: np.ndarray) -> int:
    """How many of the descending singular values stand before the widest gap of their logarithms.

    Args:
        values: (100,) descending, not negative.
    """
    # At most 95 are true; the floor keeps the logarithm of an exact zero finite.
    logs = np.log(np.maximum(values[: LARGEST_R + 1], 1e-12 * values[0]))
    return int(np.argmax(logs[:-1] - logs[1:])) + 1


def harry_answers(hermione_computes_function: Callable[[Array], Array]) -> int:
    """The r of Hermione's matrices.

    Args:
        hermione_computes_function: x (100,) -> (100,), may be differentiated by JAX.

    Returns:
        r, 1 to 95.

    Cost: five Jacobians, and the singular values of their stack, 500 x 100.
    Accuracy: right in 3000 of 3000 draws, measured by `benchmarks/reducio_accuracy.py`; each took
    5 points and 11 ms of CPU time.
    """
    jacobians = jax.vmap(jax.jacrev(hermione_computes_function))(jnp.asarray(POINTS))
    stack = np.asarray(jacobians, dtype=np.float64).reshape(-1, DIMENSION)
    return widest_gap(np.linalg.svd(stack, compute_uv=False))


class Game(Hermione):
    """The game: Hermione draws, Harry answers."""

    def play(self, rounds: int = 100) -> float:
        """The share of rounds in which Harry is right, between 0 and 1."""
        right = 0
        for _ in range(rounds):
            self.draw()
            right += int(harry_answers(self.hermione_computes_function)) == self.r
        return right / rounds


# %%
def main() -> None:
    """Train, measure and plot."""
    _, (over_n, over_k) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    plot_times(over_n, time_gradients([64, 128, 256, 512, 1024, 2048], [16]), "n", 2)
    plot_times(over_k, time_gradients([1024], [8, 16, 32, 64, 128, 256]), "k", 1)
    plt.show()

    train_loader, test_loader = load_cifar10()
    net = Net().to("cuda" if torch.cuda.is_available() else "cpu")
    train(net, train_loader)
    print(f"test accuracy {test(net, test_loader):.3f}")

    _, axes = plt.subplots(layout="constrained")
    plot_singular_values(axes, layer_singular_values(net))
    plt.show()

    curve = compression_curve(net, [1, 2, 3, 5, 10, 20, 50, 100, 200, 400, 600, 1000], test_loader)
    plot_curve(curve, test(net, test_loader))
    plt.show()

    for rank in (5, 10, 20, 50, 100):
        compressed = CompressedNet(net, rank)
        before = test(compressed, test_loader)
        fine_tune(compressed, train_loader, 3)
        print(f"rank {rank}: {before:.3f} before, {test(compressed, test_loader):.3f} after")

    print(f"Harry is right in {Game().play(20):.0%} of the rounds")


if __name__ == "__main__":
    main()
