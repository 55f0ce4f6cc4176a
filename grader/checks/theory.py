"""Checks of problem 1: constants, matrices and factors, each verified from its definition."""

from functools import partial
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from grader.checks.compare import Array, as_array, close, is_series, is_single, short, unchanged
from grader.checks.interface import Bench, Outcome, Params, Value, check, failed, passed
from grader.checks.margins import agrees, within

SINGLE_RTOL = 1e-5
"""What float32 and complex64 answers are held to: some 80 times their rounding unit."""
LARGEST_N = 1_000_000
"""Bound on the dimension of `norm_constants`."""
LARGEST_SIDE = 40
"""Bound on the sides of random matrices."""
ANSWER_BYTES = 1 << 24
"""The largest answer of `rank_one_svd`, beside what its vectors take."""
BYTES_PER_ROW = 64
"""Of U and Vh together: a complex number of double precision in each, and as much to spare."""
ZERO = 1e-5
"""Singular values below this share of the largest count as zero: rounding in single precision
leaves some 1e-7 of it, in an answer of double precision too where a step before was in single."""


class DrawsParams(Params):
    """How often to draw, how close an answer must be."""

    draws: int = Field(gt=0, le=1000)
    """Arguments to try."""
    rtol: float = Field(gt=0, lt=1)
    """How close an answer of double precision must be; 1e-5 is allowed in single precision.

    JAX computes in float32 by default, so that an answer finished in NumPy may be of float64 with
    an error of some 1e-7: 1e-6 leaves room for that.
    """


class NormConstantsParams(DrawsParams):
    """Parameters of `theory.norm_constants`."""

    draws: int = Field(default=20, gt=0, le=1000)
    rtol: float = Field(default=1e-6, gt=0, lt=1)


class ExtremalMatrixParams(DrawsParams):
    """Parameters of `theory.extremal_matrix`."""

    draws: int = Field(default=16, gt=0, le=1000)
    rtol: float = Field(default=1e-6, gt=0, lt=1)


class ProjectorPinvParams(DrawsParams):
    """Parameters of `theory.projector_pinv`."""

    draws: int = Field(default=8, gt=0, le=1000)
    rtol: float = Field(default=1e-6, gt=0, lt=1)


class RankOneSvdParams(Params):
    """Parameters of `theory.rank_one_svd`."""

    sizes: tuple[Annotated[int, Field(gt=0, le=10_000_000)], ...] = Field(
        default=(1, 2, 3, 5, 8, 50, 1000, 1_000_000), min_length=1
    )
    """The n to ask for, taken in ascending order."""
    rtol: float = Field(default=1e-6, gt=0, lt=1)


@check("theory.norm_constants", NormConstantsParams, calls=["norm_constants"])
def norm_constants(params: NormConstantsParams, bench: Bench) -> Outcome:
    """`norm_constants(n)` returns the best constants between the 2-norm and the infinity norm."""
    sizes = [1, 2, 3, 4]
    for draw in range(len(sizes), params.draws):
        exponent = bench.draws.rng("norm_constants", draw).uniform(np.log(5), np.log(LARGEST_N))
        sizes.append(round(float(np.exp(exponent))))
    for n in sizes[: params.draws]:
        answer = bench.session.call("norm_constants", n)
        bounds = bench.once(("norm_constants", n), partial(_best_constants, n))
        finding = _judge_constants(answer, n, bounds, params.rtol)
        if finding is not None:
            return finding
    return passed()


def _best_constants(n: int) -> list[float]:
    """‖x‖∞ / ‖x‖₂ where it is smallest, all entries of one size, and largest, one entry alone."""
    equal, alone = np.ones(n), np.zeros(n)
    alone[-1] = 1.0
    return [float(np.abs(x).max() / np.linalg.norm(x)) for x in (equal, alone)]


def _judge_constants(answer: Value, n: int, bounds: list[float], rtol: float) -> Outcome | None:
    name = f"norm_constants({n})"
    if not is_series(answer) or len(answer) != 2:  # noqa: PLR2004 - C1 and C2
        return failed(f"{name}: expected two numbers (C1, C2), got {short(answer)}")
    for label, value, bound, above in zip(("C1", "C2"), answer, bounds, (True, False), strict=True):
        constant = as_array(value, name=f"{name}: {label}", shape=())
        if isinstance(constant, Outcome):
            return constant
        tolerance = max(rtol, SINGLE_RTOL) if is_single(constant) else rtol
        if agrees(constant, np.array(bound), rtol=tolerance):
            continue
        if (constant > bound) == above:
            side = "C1·‖x‖₂ ≤ ‖x‖∞" if above else "‖x‖∞ ≤ C2·‖x‖₂"
            return failed(
                f"{name}: {side} does not hold for every x of dimension {n}",
                f"look for the x with the {'smallest' if above else 'largest'} ‖x‖∞ for ‖x‖₂ = 1",
            )
        return failed(
            f"{name}: the inequality holds, but {label} is not the best possible constant",
            f"is there an x for which your {label} gives equality?",
        )
    return None


@check("theory.extremal_matrix", ExtremalMatrixParams, calls=["extremal_matrix"])
def extremal_matrix(params: ExtremalMatrixParams, bench: Bench) -> Outcome:
    """`extremal_matrix(m, n, k)` has rank k and Frobenius norm √k times its 2-norm."""
    cases = [(1, 1, 1), (2, 2, 1), (5, 3, 1), (3, 5, 1), (5, 3, 3), (3, 5, 3), (4, 4, 4), (7, 4, 2)]
    for draw in range(len(cases), params.draws):
        rng = bench.draws.rng("extremal_matrix", draw)
        m, n = (int(side) for side in rng.integers(2, LARGEST_SIDE + 1, size=2))
        cases.append((m, n, int(rng.integers(1, min(m, n) + 1))))
    for m, n, k in cases[: params.draws]:
        answer = bench.session.call("extremal_matrix", m, n, k)
        name = f"extremal_matrix({m}, {n}, {k})"
        matrix = as_array(
            answer, name=name, shape=(m, n), kind="complex", hint="A has m rows and n columns"
        )
        finding = (
            matrix if isinstance(matrix, Outcome) else _judge_extremal(matrix, name, k, params.rtol)
        )
        if finding is not None:
            return finding
    return passed()


def _judge_extremal(matrix: Array, name: str, k: int, rtol: float) -> Outcome | None:
    wide = matrix.astype(np.complex128)
    largest = float(max(np.abs(wide.real).max(), np.abs(wide.imag).max()))
    if largest == 0:
        return failed(f"{name}: expected rank {k}, got the zero matrix")
    # Part by part: dividing a complex number by the smallest ones of all gives infinity.
    scaled = wide.real / largest + 1j * (wide.imag / largest)
    values = np.linalg.svd(scaled, compute_uv=False)
    rank = int(np.count_nonzero(values > ZERO * values[0]))
    if rank != k:
        return failed(
            f"{name}: expected rank {k}, got rank {rank}",
            "the rank is the number of singular values that are not zero",
        )
    norms = np.array([np.linalg.norm(values)]), np.array([np.sqrt(k) * values[0]])
    tolerance = max(rtol, SINGLE_RTOL) if is_single(matrix) else rtol
    if not agrees(*norms, rtol=tolerance):
        return failed(
            f"{name}: the rank is {k}, but ‖A‖_F = √{k}·‖A‖₂ does not hold",
            "write both norms in singular values: when are they equal?",
            f"ratio of the sides {norms[0][0] / norms[1][0]:.9g}",
        )
    return None


@check("theory.projector_pinv", ProjectorPinvParams, calls=["projector_pinv"])
def projector_pinv(params: ProjectorPinvParams, bench: Bench) -> Outcome:
    """`projector_pinv(U)` is the pseudoinverse of UU* for complex U with orthonormal columns."""
    # One shape twice: what was kept from an earlier call is no answer to this one.
    cases = [(3, 2), (4, 1), (5, 5), (3, 2), (1, 1)]
    for draw in range(params.draws):
        rng = bench.draws.rng("projector_pinv", draw)
        if draw < len(cases):
            n, k = cases[draw]
        else:
            n = int(rng.integers(2, LARGEST_SIDE + 1))
            k = int(rng.integers(1, n + 1))
        shape = (n, k)
        orthonormal = np.linalg.qr(rng.normal(size=shape) + 1j * rng.normal(size=shape)).Q
        # Householder's Q leaves diagonal phases of its own; random ones make U unbiased.
        orthonormal *= np.exp(2j * np.pi * rng.random(k))
        # Every third draw in single precision, the last ones of the fixed shapes in double.
        U = orthonormal.astype(np.complex64 if draw % 3 == 1 else np.complex128)
        reply = bench.session.call_watched("projector_pinv", U)
        name = f"projector_pinv(U), U of shape {shape}, {U.dtype}"
        if not unchanged([U], reply.inputs):
            return failed(f"{name}: U is changed by the call", "work on a copy of U")
        hint = "UU* has n rows and n columns, and so has its pseudoinverse"
        P = as_array(reply.value, name=name, shape=(n, n), kind="complex", hint=hint)
        finding = P if isinstance(P, Outcome) else _judge_pinv(P, U, name, params.rtol)
        if finding is not None:
            return finding
    return passed()


def _judge_pinv(P: Array, U: Array, name: str, rtol: float) -> Outcome | None:
    """The four conditions that define the pseudoinverse.

    Source: R. Penrose, A generalized inverse for matrices, Proc. Camb. Phil. Soc. 51 (1955).
    """
    tolerance = max(rtol, SINGLE_RTOL) if is_single(P, U) else rtol
    U, P = U.astype(np.complex128), P.astype(np.complex128)
    A = U @ U.conj().T
    with np.errstate(over="ignore", invalid="ignore"):
        AP, PA = A @ P, P @ A
        conditions = {
            "A P A = A": (AP @ A, A),
            "P A P = P": (PA @ P, P),
            "(A P)* = A P": (AP.conj().T, AP),
            "(P A)* = P A": (PA.conj().T, PA),
        }
    for condition, (left, right) in conditions.items():
        if not agrees(left, right, rtol=tolerance):
            transposed = close(P, U @ U.T, rtol=tolerance)
            return failed(
                f"{name}: {condition} does not hold for A = UU*",
                "U is complex: the star conjugates as well as transposes"
                if transposed
                else "which matrix fulfils the four Penrose conditions, knowing U*U = I?",
            )
    return None


@check("theory.rank_one_svd", RankOneSvdParams, calls=["rank_one_svd"])
def rank_one_svd(params: RankOneSvdParams, bench: Bench) -> Outcome:
    """`rank_one_svd(n)` returns the thin singular value decomposition of A for every n."""
    for done, n in enumerate(sorted(params.sizes)):
        bench.progress(done, len(params.sizes))
        answer = bench.session.call(
            "rank_one_svd", n, answer_bytes=ANSWER_BYTES + BYTES_PER_ROW * n
        )
        finding = _judge_svd(answer, n, params.rtol, bench.draws.rng("rank_one_svd", n))
        if finding is not None:
            return finding
    return passed()


def _judge_svd(answer: Value, n: int, rtol: float, rng: np.random.Generator) -> Outcome | None:
    name = f"rank_one_svd({n})"
    if not isinstance(answer, list) or len(answer) != 3:  # noqa: PLR2004 - U, s and Vh
        return failed(f"{name}: expected (U, s, Vh), got {short(answer)}")
    shapes = {"U": (n, 1), "s": (1,), "Vh": (1, n)}
    factors: list[Array] = []
    for value, (label, shape) in zip(answer, shapes.items(), strict=True):
        kind: Literal["real", "complex"] = "real" if label == "s" else "complex"
        hint = f"the thin decomposition has {label} of shape {shape}"
        factor = as_array(value, name=f"{name}: {label}", shape=shape, kind=kind, hint=hint)
        if isinstance(factor, Outcome):
            return factor
        factors.append(factor)
    tolerance = max(rtol, SINGLE_RTOL) if is_single(*factors) else rtol
    U, s, Vh = (factor.astype(np.complex128).ravel() for factor in factors)
    one = np.array(1.0)
    for label, vector, side in (("U", U, "column"), ("Vh", Vh, "row")):
        with np.errstate(over="ignore"):
            norm = np.array(np.linalg.norm(vector))
        if not agrees(norm, one, rtol=tolerance):
            return failed(f"{name}: the {side} of {label} must have norm 1", f"normalise {label}")
    if not s[0].real > 0:
        return failed(f"{name}: s must be positive", "a sign belongs into U or Vh")
    # A = a bᵀ as the assignment states it; A itself, n² numbers, is never formed.
    a = np.sqrt(2.0 * np.arange(1, n + 1) - 1.0)
    b = np.where(np.arange(1, n + 1) % 2 == 1, -1.0, 1.0)
    return _judge_product(name, (U, s, Vh), (a, b), tolerance, rng)


def _judge_product(
    name: str,
    factors: tuple[Array, Array, Array],
    definition: tuple[Array, Array],
    tolerance: float,
    rng: np.random.Generator,
) -> Outcome | None:
    """Compare U s Vh with a bᵀ through products with random vectors and through single entries.

    For w of independent standard normal entries, ‖(U s Vh - A) w‖ estimates ‖U s Vh - A‖_F, and
    ‖A‖_F = ‖a‖‖b‖ is what an error is measured against.
    """
    (U, s, Vh), (a, b) = factors, definition
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    if not agrees(s.real, np.array([size]), rtol=tolerance):
        return failed(
            f"{name}: s is not the singular value of A",
            "the only one that is not zero is the product of two vectors' norms",
        )
    hint = "compare a few entries of U·s·Vh with those of A for n = 2 and n = 3"
    if close(U * (s * Vh[0]), -a * b[0], rtol=tolerance):
        hint = "the product has the opposite sign: A's first column is negative"
    finding = failed(f"{name}: U·s·Vh is not A", hint)
    for _ in range(3):
        w, y = rng.normal(size=len(b)), rng.normal(size=len(a))
        if not agrees(U * (s * (Vh @ w)), a * (b @ w), rtol=0, atol=tolerance * size):
            return finding
        if not agrees((y @ U) * s * Vh, (y @ a) * b, rtol=0, atol=tolerance * size):
            return finding
    rows, columns = (rng.integers(0, len(a), size=64) for _ in range(2))
    entries, right = U[rows] * s * Vh[columns], a[rows] * b[columns]
    if not within(float(np.abs(entries - right).max()), tolerance * a[-1]):
        return finding
    return None
