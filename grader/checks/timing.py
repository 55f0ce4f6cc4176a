"""Times that a submission measured: read them, ask whether they can be true, fit their growth."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from grader.checks.interface import Outcome, Value, failed
from grader.checks.records import read_records

COLUMNS = ("n", "k", "analytic", "autodiff")
"""Fields of a record, in the order in which a tuple holds them."""
WAYS = COLUMNS[2:]
REPETITIONS = 20
"""How often the grader times its own product; the fastest counts."""
PEAK = 2e10
"""Floating point operations in a second of one slow core; with the rubric's factor of 100 the floor
stays below what a large processor's cores reach together."""
SLACK_SECONDS = 0.002
"""What clocks may add to the wall time before a sum of times is called impossible.

True times together are below the wall time, which the grader takes around the whole call. On a fast
machine those of the rubric's shapes are half a millisecond together; neither these told in
milliseconds nor the times of a slower machine, made up, may fit into a call that computes nothing.
"""

Times = Mapping[tuple[int, int], tuple[float, float]]
"""(n, k) -> seconds of the analytic gradient and of the automatic one."""


@dataclass(frozen=True)
class Growth:
    """Exponents of time ~ n^p k^q."""

    n: float | None
    """None where fewer than two n were measured."""
    k: float | None


def read_times(answer: Value, pairs: Sequence[tuple[int, int]]) -> Times | Outcome:
    """The times of every pair asked for, or the finding that says what is missing.

    Accepts a list of dicts with the keys of `COLUMNS`, a list or an (N, 4) array of rows in that
    order, and a dict of columns. Pairs that were not asked for are ignored; of a pair measured
    more than once the last record counts.
    """
    records = read_records(
        answer,
        COLUMNS,
        name="time_gradients",
        hint="give the mean or the best of the repetitions, in seconds",
    )
    if isinstance(records, Outcome):
        return records
    times: dict[tuple[int, int], tuple[float, float]] = {}
    for number, (n, k, analytic, autodiff) in enumerate(records, start=1):
        if not (analytic > 0 and autodiff > 0):
            return failed(
                f"time_gradients: record {number}: times must be positive seconds",
                "measure many repetitions with time.perf_counter and divide",
            )
        times[round(n), round(k)] = (analytic, autodiff)
    missing = [pair for pair in pairs if pair not in times]
    if missing:
        side, rank = missing[0]
        return failed(
            "time_gradients: expected a record for each n and k, "
            f"got none for n = {side}, k = {rank}",
            f"{len(pairs)} pairs were asked for",
        )
    return {pair: times[pair] for pair in pairs}


def implausible(
    times: Times, *, wall_seconds: float, floors: Mapping[tuple[int, int], float], threads: int
) -> Outcome | None:
    """The finding that says why `times` can't have been measured, None where they can.

    Generous on purpose: machines are noisy, and a lost point for noise is worse than a kept one.

    Args:
        times: what the submission reports.
        wall_seconds: how long the whole call took.
        floors: seconds below which no time of a pair can be true.
        threads: processor seconds that may pass in one second.
    """
    for (n, k), measured in times.items():
        for way, seconds in zip(WAYS, measured, strict=True):
            if seconds < floors[n, k]:
                return failed(
                    f"time_gradients: {way} at n = {n}, k = {k} is faster than its multiplications",
                    "does the clock stop after the result is there? (block_until_ready in JAX)",
                    f"{seconds:.3g} s, floor {floors[n, k]:.3g} s",
                )
    for index, way in enumerate(WAYS):
        if len(times) > 1 and len({measured[index] for measured in times.values()}) == 1:
            return failed(
                f"time_gradients: {way} is the same number for every n and k",
                "measure each n and k by itself, over many repetitions, and do not round",
            )
    if len(times) > 1 and all(analytic == autodiff for analytic, autodiff in times.values()):
        return failed(
            "time_gradients: analytic and autodiff are the same numbers",
            "measure both ways by themselves, over many repetitions, and do not round",
        )
    total = sum(sum(measured) for measured in times.values())
    if total > wall_seconds * (1 + threads) + SLACK_SECONDS:
        return failed(
            "time_gradients: the reported times together exceed the time that the call took",
            "report seconds, not milliseconds, and measure within the call",
            f"{total:.3g} s reported, {wall_seconds:.3g} s passed",
        )
    return None


def is_repeated(times: Times, again: Times) -> bool:
    """Whether one way, or both, took the same time to the last bit for all pairs in both.

    A single time may come out the same twice where the clock is coarse; all of one way do not.
    """
    both = [(times[pair], again[pair]) for pair in again if pair in times]
    return len(both) > 1 and any(
        all(one[index] == other[index] for one, other in both) for index in range(len(WAYS))
    )


def fastest_product(n: int, k: int, rng: np.random.Generator) -> float:
    """Seconds below which (X - U V) Vᵀ in float32 can't be had on this machine, factor 1.

    NumPy's fastest of a few repetitions on one thread: on a busy machine several threads wait for
    each other a thousand times longer than they compute. Never more than the multiplications take
    at PEAK: a measurement that was disturbed all the same accuses nobody.
    """
    X, U, V = (rng.normal(size=shape).astype(np.float32) for shape in ((n, n), (n, k), (k, n)))
    best = 4.0 * n * n * k / PEAK
    with threadpool_limits(limits=1, user_api="blas"):
        measured = []
        for _ in range(REPETITIONS):
            start = time.perf_counter()
            (X - U @ V) @ V.T
            measured.append(time.perf_counter() - start)
    return min(best, *measured)


def growth(times: Times, way: int) -> Growth:
    """Least-squares exponents of the times in n and in k.

    Args:
        times: seconds of each pair.
        way: 0 for the analytic gradient, 1 for the automatic one.
    """
    pairs = np.array(list(times), dtype=np.float64)
    logs = np.log([measured[way] for measured in times.values()])
    varied = [axis for axis in (0, 1) if len(set(pairs[:, axis])) > 1]
    design = np.column_stack([np.ones(len(pairs)), *(np.log(pairs[:, axis]) for axis in varied)])
    solution = np.linalg.lstsq(design, logs)[0]
    found = dict(zip(varied, solution[1:].tolist(), strict=True))
    return Growth(n=found.get(0), k=found.get(1))
