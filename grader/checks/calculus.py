"""Checks of problem 2: gradients against complex-step derivatives, complexity and timings."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from grader.checks.compare import (
    Array,
    as_array,
    is_single,
    relative_error,
    short,
    unchanged,
)
from grader.checks.derivatives import (
    gradient,
    half_squared_residual,
    rayleigh_quotient,
    recognise,
    rounding_bound,
)
from grader.checks.interface import Bench, Outcome, Params, SubmissionFault, check, failed, passed
from grader.checks.margins import agrees
from grader.checks.timing import (
    WAYS,
    Times,
    fastest_product,
    growth,
    implausible,
    is_repeated,
    read_times,
)
from grader.model import Status

Size = Annotated[int, Field(gt=0, le=20_000)]
"""A side of a matrix."""
REPEATED_NS = 2
"""How many of the largest n are asked for a second time."""
LONG_SECONDS = 30.0
"""A call that takes longer may leave too little of the time limit for a second one."""
LARGEST_N = 60
"""Bound on the sides of random matrices."""
PRECISIONS = (np.float64, np.float32)
SHAPES = ((5, 3), (4, 1), (7, 2), (3, 2), (2, 1), (LARGEST_N, 6))
"""(n, k) of the first draws."""
CORNERS = ((-3, 3), (3, -3), (3, 3), (-3, -3))
"""Decimal exponents of the sizes of U and of V in the first draws that have sizes."""


class GradientTolerances(Params):
    """How often to draw, how close an answer of each precision must be.

    Measured over 20 seeds of 12 draws, error over what is allowed, the largest of a seed's draws:
    right answers (NumPy, loops, einsum, expanded, torch, JAX in float32, JAX's numbers in a list)
    reach 0.10 at most. Wrong signs, factors, transposes and terms reach 6e4 at least; a surplus of
    a thousandth of the largest term 260; 1e-8 added to (x, x) in the denominator 24.
    """

    draws: int = Field(default=12, gt=0, le=1000)
    """Arguments to try, each in both precisions."""
    rtol_float32: float = Field(default=1e-5, gt=0, lt=1)
    """Of the gradient's norm, for answers of single precision."""
    rtol_float64: float = Field(default=1e-6, gt=0, lt=1)
    """Of the gradient's norm, for answers of double precision."""


class GradientParams(GradientTolerances):
    """Parameters of `calculus.gradient`."""

    of: Literal["U", "V"]
    """The variable to differentiate by."""


class ComplexityParams(Params):
    """Parameters of `calculus.complexity`."""

    atol: float = Field(default=0.01, ge=0, lt=0.5)
    """How far an exponent may be from the right one."""


class TimingParams(Params):
    """Parameters of `calculus.timing`."""

    ns: tuple[Size, ...] = Field(default=(50, 100, 200, 400), min_length=1)
    """Sides of X to ask for."""
    ks: tuple[Size, ...] = Field(default=(5, 20), min_length=1)
    """Ranks to ask for, each with every n."""
    factor: float = Field(default=50, ge=1)
    """A time this many times shorter than the grader's own product can't be true."""


@dataclass(frozen=True)
class Case:
    """One draw with its right answer."""

    args: tuple[Array, ...]
    expected: Array
    """float64."""
    terms: float
    """Sum of the Frobenius norms of the terms whose difference the gradient is."""
    mistakes: dict[str, Array]
    """Hint -> what an answer with this mistake looks like."""


@check("calculus.gradient", GradientParams, calls=["grad_{of}"])
def check_gradient(params: GradientParams, bench: Bench) -> Outcome:
    """The gradient of F is right in every shape, scale and precision."""
    errors = []
    for draw in range(params.draws):
        for case in _factor_cases(params.of, draw, bench):
            shape_hint = f"dF/d{params.of} has the shape of {params.of}"
            found = _judge(
                f"grad_{params.of}",
                case,
                params,
                bench,
                shape_hint=shape_hint,
                label=f"draw {draw}",
            )
            if isinstance(found, Outcome):
                return found
            errors.append(_measured(case, found))
    return _all_right(errors)


def _factor_cases(of: str, draw: int, bench: Bench) -> list[Case]:
    """The draw in both precisions, each with arrays of its own."""

    def make() -> list[Case]:
        rng = bench.draws.rng("gradient", of, draw)
        return [
            _factor_case(tuple(array.astype(dtype) for array in _draw_factors(rng, draw)), of)
            for dtype in PRECISIONS
        ]

    return bench.once(("gradient", of, draw), make)


def _draw_factors(rng: np.random.Generator, draw: int) -> tuple[Array, Array, Array]:
    """X, U and V with n != k; the first draws are small, so that feedback names small shapes.

    Even draws have entries of size 1. Odd ones have U and V of any size from 1e-3 to 1e3 each,
    first the four corners of that range; X is as large as UV, so that no term hides another.
    """
    if draw < len(SHAPES):
        n, k = SHAPES[draw]
    else:
        n = int(rng.integers(3, LARGEST_N // 2))
        k = int(rng.integers(1, n))
    exponents = np.zeros(2)
    if draw % 2:
        corner = draw // 2
        random = rng.uniform(-3, 3, size=2)
        exponents = np.array(CORNERS[corner]) if corner < len(CORNERS) else random
    sizes = 10.0**exponents
    U, V = rng.normal(size=(n, k)) * sizes[0], rng.normal(size=(k, n)) * sizes[1]
    X = rng.normal(size=(n, n)) * float(np.sqrt(k) * sizes.prod())
    # Every fourth draw lies near the minimum, where lost and surplus terms stand out.
    return (U @ V + 0.05 * X if draw % 4 == 2 else X), U, V  # noqa: PLR2004 - the third of four


def _factor_case(args: tuple[Array, ...], of: str) -> Case:
    X, U, V = (array.astype(np.float64) for array in args)
    if of == "U":
        expected = gradient(lambda moved: half_squared_residual(X, moved, V), U)
        other, minus_x, model = V, -X @ V.T, (U @ V) @ V.T
        swapped = -(X.T - U @ V) @ V.T
    else:
        expected = gradient(lambda moved: half_squared_residual(X, U, moved), V)
        other, minus_x, model = U, -U.T @ X, U.T @ (U @ V)
        swapped = -U.T @ (X.T - U @ V)
    size = float(np.linalg.norm(X) + np.linalg.norm(U) * np.linalg.norm(V))
    mistakes = {
        "the gradient must vanish where X = UV: a term with UV is missing": minus_x,
        "the gradient must depend on X: a term with X is missing": model,
        "X is transposed on the way: X need not be symmetric": swapped,
    }
    return Case(args, expected, size * float(np.linalg.norm(other)), mistakes)


@check("calculus.rayleigh", GradientTolerances, calls=["rayleigh_gradient"])
def check_rayleigh(params: GradientTolerances, bench: Bench) -> Outcome:
    """The gradient of the Rayleigh quotient is right for every symmetric A and every x but 0."""
    errors = []
    for draw in range(params.draws):
        for case in _rayleigh_cases(draw, bench):
            hint = "the gradient has the shape of x"
            found = _judge(
                "rayleigh_gradient", case, params, bench, shape_hint=hint, label=f"draw {draw}"
            )
            if isinstance(found, Outcome):
                return found
            errors.append(_measured(case, found))
    return _all_right(errors)


def _rayleigh_cases(draw: int, bench: Bench) -> list[Case]:
    """A long and a short x, each in both precisions."""
    return bench.once(
        ("rayleigh", draw),
        lambda: [
            _rayleigh_case(A.astype(dtype), x.astype(dtype))
            for A, x in _draw_quotients(bench.draws.rng("rayleigh", draw), draw)
            for dtype in PRECISIONS
        ],
    )


def _measured(case: Case, error: float) -> dict[str, Any]:
    """The relative error of one answer, with the size of the gradient, for a chart."""
    return {"size": case.expected.size, "dtype": case.args[0].dtype.name, "error": error}


def _all_right(errors: list[dict[str, Any]]) -> Outcome:
    return passed(worst_relative_error=max(row["error"] for row in errors), errors=errors)


def _draw_quotients(rng: np.random.Generator, draw: int) -> Iterator[tuple[Array, Array]]:
    """A and a long x, then A and a short x of the same direction.

    R(cx) = R(x), so the gradient at cx is 1/c of that at x.
    """
    kinds = ("plain", "plain", "zero diagonal", "eigenvector", "n = 1", "plain")
    kind = kinds[draw % len(kinds)]
    n = 1 if kind == "n = 1" else (4 if draw == 0 else int(rng.integers(2, LARGEST_N)))
    square = rng.normal(size=(n, n))
    A = (square + square.T) * 10.0 ** rng.uniform(-3, 3)
    if kind == "zero diagonal":
        np.fill_diagonal(A, 0.0)
    x = rng.normal(size=n) if kind != "eigenvector" else np.linalg.eigh(A).eigenvectors[:, -1]
    # Norms from 1e-3 to 1e3, well away from 1, where the division by (x, x) is unseen.
    for sign in (1, -1):
        yield A, x * (10.0 ** (sign * rng.uniform(0.5, 3)) / np.linalg.norm(x))


def _rayleigh_case(A: Array, x: Array) -> Case:
    wide, point = A.astype(np.float64), x.astype(np.float64)
    expected = gradient(partial(rayleigh_quotient, wide), point)
    image, square = wide @ point, float(point @ point)
    quotient = float(image @ point) / square
    mistakes = {
        "the sign of the second term is wrong": 2 * (image + quotient * point) / square,
        "the second term is missing: (x, x) depends on x too": 2 * image / square,
        "the first term is missing: (Ax, x) depends on x too": -2 * quotient * point / square,
        "‖x‖ need not be 1: divide by (x, x)": 2 * (image - quotient * point),
        "‖x‖ need not be 1: R(x) is (Ax, x) divided by (x, x)": 2
        * (image - square * quotient * point),
        "‖x‖ need not be 1: R(x) in the second term is (Ax, x) divided by (x, x)": 2
        * (image - square * quotient * point)
        / square,
    }
    norm = float(np.linalg.norm(point))
    return Case((A, x), expected, 4 * float(np.linalg.norm(wide)) / norm, mistakes)


def _judge(
    function: str,
    case: Case,
    params: GradientTolerances,
    bench: Bench,
    *,
    shape_hint: str,
    label: str,
) -> float | Outcome:
    """The relative error of a right answer, or the finding about a wrong one."""
    reply = bench.session.call_watched(function, *case.args)
    shapes = ", ".join(str(array.shape) for array in case.args)
    if not unchanged(case.args, reply.inputs):
        return failed(
            f"{function}: an argument is changed by the call",
            "work on a copy: `-=` and the like change the caller's array",
            label,
        )
    actual = as_array(reply.value, name=function, shape=case.expected.shape, hint=shape_hint)
    if isinstance(actual, Outcome):
        return actual
    rtol = params.rtol_float32 if is_single(actual) else params.rtol_float64
    atol = rounding_bound(case.terms)
    error = relative_error(actual, case.expected)
    if agrees(actual, case.expected, rtol=rtol, atol=atol):
        return error if np.linalg.norm(case.expected) > atol else 0.0
    otherwise = "compare with finite differences on a small example"
    return failed(
        f"{function}: expected the gradient for arguments of shapes {shapes}, "
        f"{case.args[0].dtype}, got another array of the right shape",
        recognise(actual, case.expected, case.mistakes, otherwise),
        f"{label}: relative error {error:.3g}, allowed {rtol:.3g} and {atol:.3g} absolute",
    )


@check("calculus.complexity", ComplexityParams, calls=["gradient_complexity"])
def check_complexity(params: ComplexityParams, bench: Bench) -> Outcome:
    """`gradient_complexity()` names the exponents of n and of k."""
    answer = bench.session.call("gradient_complexity")
    if not isinstance(answer, dict):
        return failed(
            f"gradient_complexity: expected a dict with the keys 'n' and 'k', got {short(answer)}",
            'return {"n": exponent, "k": exponent}',
        )
    if set(answer) != {"n", "k"}:
        keys = ", ".join(short(key) for key in list(answer)[:4]) or "none"
        return failed(
            f"gradient_complexity: expected the keys 'n' and 'k', got {keys}",
            'return {"n": exponent, "k": exponent}',
        )
    # One product of n x k with k x n costs n * k * n multiplications; nothing costs more.
    for key, exponent in (("n", 2.0), ("k", 1.0)):
        actual = as_array(answer[key], name=f"gradient_complexity: {key}", shape=())
        if isinstance(actual, Outcome):
            return actual
        if not agrees(actual, np.array(exponent), rtol=0, atol=params.atol):
            return failed(
                f"gradient_complexity: the exponent of {key} is not right",
                "count the multiplications of each matrix product in the gradient",
            )
    return passed()


@check("calculus.timing", TimingParams, calls=["time_gradients"])
def check_timing(params: TimingParams, bench: Bench) -> Outcome:
    """`time_gradients(ns, ks)` reports times of both ways that can be true."""
    times, wall = _time(bench, params.ns, params.ks)
    if isinstance(times, Outcome):
        return times
    finding = _judge_times(times, wall, params, bench)
    if finding is not None:
        return finding
    slopes = {way: growth(times, index) for index, way in enumerate(WAYS)}
    found = passed(
        records=[
            {"n": n, "k": k, "analytic": analytic, "autodiff": autodiff}
            for (n, k), (analytic, autodiff) in times.items()
        ],
        exponents={way: {"n": slope.n, "k": slope.k} for way, slope in slopes.items()},
    )
    try:
        return _judge_repetition(times, params, bench) or found
    except SubmissionFault as fault:
        if fault.status is Status.TIMED_OUT and wall > LONG_SECONDS:
            return replace(found, staff_note="the time limit was reached in the second call")
        raise


def _judge_repetition(times: Times, params: TimingParams, bench: Bench) -> Outcome | None:
    """The finding where a second call, for some of the pairs, gives no times of its own."""
    ns, ks = sorted(params.ns)[-REPEATED_NS:], params.ks[::-1]
    again, wall = _time(bench, ns, ks)
    if not isinstance(again, Outcome) and is_repeated(times, again):
        # Measurements may be cached; in a fresh process they are not.
        bench.session.restart()
        again, wall = _time(bench, ns, ks)
    if isinstance(again, Outcome):
        return again
    if is_repeated(times, again):
        return failed(
            "time_gradients: called twice, it reports the same times to the last digit",
            "measure in each call, and do not round",
        )
    return _judge_times(again, wall, params, bench)


def _time(bench: Bench, ns: Sequence[int], ks: Sequence[int]) -> tuple[Times | Outcome, float]:
    """The reported times of every pair, and the seconds that the call took."""
    start = time.perf_counter()
    answer = bench.session.call("time_gradients", list(ns), list(ks))
    wall = time.perf_counter() - start
    return read_times(answer, list(product(ns, ks))), wall


def _judge_times(times: Times, wall: float, params: TimingParams, bench: Bench) -> Outcome | None:
    rng = bench.draws.rng("timing")
    floors = {pair: fastest_product(*pair, rng) / params.factor for pair in times}
    return implausible(times, wall_seconds=wall, floors=floors, threads=bench.threads)
