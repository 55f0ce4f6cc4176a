"""Times that a submission measured: every form is read, honest ones pass, impossible ones don't."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from grader.checks.interface import Outcome
from grader.checks.timing import (
    PEAK,
    SLACK_SECONDS,
    fastest_product,
    growth,
    implausible,
    read_times,
)
from grader.worker.plain import to_plain

NS, KS = (64, 128, 256), (8, 32)
PAIRS = list(itertools.product(NS, KS))
Times = dict[tuple[int, int], tuple[float, float]]


def measured(scale: float = 1e-9) -> Times:
    """Times that grow as n² k does, with some noise."""
    rng = np.random.default_rng(0)
    return {
        (n, k): (
            scale * n * n * k * float(rng.uniform(0.8, 1.2)),
            3 * scale * n * n * k * float(rng.uniform(0.8, 1.2)),
        )
        for n, k in PAIRS
    }


def rows(times: Times) -> list[tuple[int, int, float, float]]:
    return [(n, k, *both) for (n, k), both in times.items()]


def records(times: Times) -> list[dict[str, Any]]:
    return [dict(zip(("n", "k", "analytic", "autodiff"), row, strict=True)) for row in rows(times)]


def columns(times: Times) -> dict[str, list[Any]]:
    return {name: [record[name] for record in records(times)] for name in records(times)[0]}


FORMS: dict[str, Callable[[Times], Any]] = {
    "dicts": records,
    "tuples": rows,
    "lists": lambda times: [list(row) for row in rows(times)],
    "array": lambda times: np.array(rows(times)),
    "columns": columns,
    "columns as arrays": lambda times: {key: np.array(c) for key, c in columns(times).items()},
    "data frame": lambda times: pd.DataFrame(records(times)),
    "dicts with more in them": lambda times: [record | {"ratio": 3.0} for record in records(times)],
    "numpy numbers": lambda times: [
        {key: np.float64(value) for key, value in record.items()} for record in records(times)
    ],
    "single precision": lambda times: [
        {key: np.float32(value) for key, value in record.items()} for record in records(times)
    ],
    "one-element arrays": lambda times: [
        {key: np.array([value]) for key, value in record.items()} for record in records(times)
    ],
    "any order": lambda times: records(times)[::-1],
    "more than was asked": lambda times: [*rows(times), (512, 8, 1.0, 2.0)],
}


@pytest.mark.parametrize("form", FORMS)
def test_read_times_takes_every_natural_form(form: str) -> None:
    """Whatever records are kept in, the times of every pair that was asked for are read."""
    times = measured()
    found = read_times(to_plain(FORMS[form](times)), PAIRS)
    assert isinstance(found, dict)
    assert list(found) == PAIRS
    for pair, both in found.items():
        assert both == pytest.approx(times[pair], rel=1e-6)


def test_read_times_takes_the_last_of_a_pair() -> None:
    """Who warms up first and appends again is taken at the last word."""
    found = read_times(to_plain([(64, 8, 9.0, 9.0), *rows(measured())]), PAIRS)
    assert isinstance(found, dict)
    assert found == measured()


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        pytest.param(None, "expected records", id="None"),
        pytest.param(1.0, "expected records", id="a number"),
        pytest.param("fast", "expected records", id="text"),
        pytest.param([], "got none for n = 64, k = 8", id="empty"),
        pytest.param({}, "without n, k, analytic, autodiff", id="empty dict"),
        pytest.param([1.0, 2.0], "expected records", id="numbers"),
        pytest.param([(64, 8, 1.0)], "expected records", id="three fields"),
        pytest.param(np.ones((6, 3)), "expected records", id="three columns"),
        pytest.param([{"n": 64, "k": 8, "analytic": 1.0}], "without autodiff", id="one way"),
        pytest.param({"n": [64], "k": [8], "analytic": [1.0]}, "without autodiff", id="one column"),
        pytest.param({"n": 64, "k": 8, "analytic": 1, "autodiff": 1}, "records", id="one record"),
        pytest.param(
            {"n": [64, 128], "k": [8], "analytic": [1.0], "autodiff": [1.0]},
            "columns of one length",
            id="columns of two lengths",
        ),
        pytest.param(rows(measured())[:-1], "got none for n = 256, k = 32", id="one pair missing"),
        pytest.param([(64, 8, 0.0, 1.0)], "record 1: times must be positive", id="no time"),
        pytest.param([(64, 8, 1.0, -1.0)], "record 1: times must be positive", id="before"),
        pytest.param([(64, 8, float("nan"), 1.0)], "record 1: analytic", id="NaN"),
        pytest.param([(64, 8, 1.0, float("inf"))], "record 1: autodiff", id="infinity"),
        pytest.param([(64, 8, 1.0, 1j)], "record 1: autodiff", id="complex"),
        pytest.param([(64, 8, "1 s", 1.0)], "record 1: analytic", id="text for a time"),
        pytest.param([(64, 8, [1.0, 2.0], 1.0)], "record 1: analytic", id="every repetition"),
        pytest.param([(64, 8, None, 1.0)], "record 1: analytic", id="None for a time"),
    ],
)
def test_read_times_says_what_is_missing(answer: Any, word: str) -> None:
    """What can't be read is a finding that names the record and the field."""
    found = read_times(to_plain(answer), PAIRS)
    assert isinstance(found, Outcome)
    assert found.value == 0
    assert word in found.feedback
    assert found.hint


def judge(times: Mapping[tuple[int, int], tuple[float, float]], **changes: Any) -> Outcome | None:
    """The finding on a machine whose own product takes n² k nanoseconds."""
    floors = {(n, k): 1e-9 * n * n * k / 100 for n, k in times}
    options: dict[str, Any] = {"wall_seconds": 2.0, "floors": floors, "threads": 2} | changes
    return implausible(times, **options)


@pytest.mark.parametrize("slower", [0.05, 1, 10, 100, 1000])
def test_implausible_accepts_machines_of_any_speed(slower: float) -> None:
    """Times far from the grader's own are believed, as long as the call took them."""
    times = measured(1e-9 * slower)
    total = sum(sum(both) for both in times.values())
    assert judge(times, wall_seconds=total) is None


@given(st.lists(st.floats(min_value=0.02, max_value=50), min_size=12, max_size=12, unique=True))
def test_implausible_never_fails_noise(noise: list[float]) -> None:
    """Times that are off by any factor, in any direction, from pair to pair are believed."""
    factors = iter(noise)
    times = {
        pair: (both[0] * next(factors), both[1] * next(factors))
        for pair, both in measured().items()
    }
    assert judge(times, wall_seconds=sum(sum(both) for both in times.values())) is None


def test_implausible_accepts_processor_time() -> None:
    """Who adds up the time of both threads reports at most twice what passed."""
    times = measured(1e-6)
    total = sum(sum(both) for both in times.values())
    assert judge(times, wall_seconds=total / 2) is None


def test_implausible_allows_little_beyond_what_all_threads_can_take() -> None:
    """Two threads for two seconds, the call itself and the slack, and no more."""
    for beyond, right in ((-0.01, True), (0.01, False)):
        half = (2.0 * (1 + 2) + SLACK_SECONDS + beyond) / 2
        found = judge({(64, 8): (half, half)}, wall_seconds=2.0, threads=2)
        assert (found is None) is right


def test_implausible_sees_one_way_for_both_in_two_pairs() -> None:
    """Two pairs are enough to tell that one measurement stands for both ways."""
    found = judge({(64, 8): (1e-3, 1e-3), (128, 8): (2e-3, 2e-3)})
    assert found is not None
    assert "the same numbers" in found.feedback


def test_students_are_told_what_a_field_is() -> None:
    """Who hands in every repetition hears that one number is wanted, and of what."""
    found = read_times([[64, 8, 1.0, [2.0, 3.0]]], [(64, 8)])
    assert isinstance(found, Outcome)
    assert found.feedback == "time_gradients: record 1: autodiff: expected shape (), got (2,)"
    assert found.hint == "give the mean or the best of the repetitions, in seconds"


@pytest.mark.parametrize("pairs", [[(64, 8)], [(64, 8), (64, 32)]])
def test_one_number_for_all_is_seen_from_two_pairs_on(pairs: list[tuple[int, int]]) -> None:
    """A single pair has nothing to vary, two have."""
    others = dict(zip(pairs, (1e-3, 2e-3), strict=False))
    for times in (
        {pair: (5e-3, other) for pair, other in others.items()},
        {pair: (other, 5e-3) for pair, other in others.items()},
    ):
        assert (judge(times) is None) is (len(pairs) == 1)


def test_the_floor_itself_is_believed() -> None:
    """A time of just the floor may be true."""
    floors = {(64, 8): 1e-5}
    assert judge({(64, 8): (1e-5, 2e-5)}, floors=floors) is None
    assert judge({(64, 8): (2e-5, 0.99e-5)}, floors=floors) is not None


@pytest.mark.parametrize("zero", [(0.0, 1e-3), (1e-3, 0.0)])
def test_read_times_takes_no_time_of_zero(zero: tuple[float, float]) -> None:
    """Nothing takes no time, in either way."""
    found = read_times([[64, 8, *zero]], [(64, 8)])
    assert isinstance(found, Outcome)
    assert "positive" in found.feedback


def test_implausible_sees_milliseconds_of_a_fast_machine() -> None:
    """Times of half a millisecond together, told a thousand times larger, exceed a short call."""
    times = measured()
    half_a_millisecond = 5e-4 / sum(sum(both) for both in times.values())
    told = {
        pair: (1e3 * half_a_millisecond * both[0], 1e3 * half_a_millisecond * both[1])
        for pair, both in times.items()
    }
    found = judge(told, wall_seconds=0.05)
    assert found is not None
    assert "exceed" in found.feedback


def test_implausible_accepts_an_autodiff_that_is_faster() -> None:
    """No way must win."""
    assert judge({pair: both[::-1] for pair, both in measured().items()}) is None


def test_implausible_accepts_a_single_pair() -> None:
    """With one pair there is nothing to vary."""
    assert judge({(64, 8): (1e-3, 1e-3)}) is None


@pytest.mark.parametrize(
    ("times", "word"),
    [
        pytest.param(measured(1e-12), "faster than its multiplications", id="too fast"),
        pytest.param(
            {pair: (both[0], 1e-9) for pair, both in measured().items()},
            "autodiff at n = 64, k = 8 is faster",
            id="an unfinished result",
        ),
        pytest.param(measured(1e-3), "exceed the time", id="milliseconds for seconds"),
        pytest.param(
            {pair: (1e-2, both[1]) for pair, both in measured().items()}, "same", id="one"
        ),
        pytest.param(
            {pair: (both[0], 1e-2) for pair, both in measured().items()},
            "autodiff is the same number",
            id="one number for autodiff",
        ),
        pytest.param(
            {pair: (both[0], both[0]) for pair, both in measured().items()},
            "the same numbers",
            id="one way for both",
        ),
    ],
)
def test_implausible_names_what_cant_be(times: Times, word: str) -> None:
    """Times that nobody can have measured are told, with a hint."""
    found = judge(times)
    assert found is not None
    assert found.value == 0
    assert word in found.feedback
    assert found.hint


def test_implausible_tells_students_no_numbers_of_the_grader() -> None:
    """The floor is for staff alone."""
    found = judge(measured(1e-12))
    assert found is not None
    assert "floor" in found.staff_note
    assert "floor" not in found.feedback


@given(
    st.floats(min_value=0, max_value=4),
    st.floats(min_value=0, max_value=4),
    st.floats(min_value=1e-12, max_value=1),
)
def test_growth_finds_the_exponents(p: float, q: float, scale: float) -> None:
    """Times that follow a power law exactly give its exponents back, of either way."""
    times = {(n, k): (scale * n**p * k**q, scale * n**q * k**p) for n, k in PAIRS}
    analytic, autodiff = growth(times, 0), growth(times, 1)
    assert [analytic.n, analytic.k] == pytest.approx([p, q], abs=1e-6)
    assert [autodiff.n, autodiff.k] == pytest.approx([q, p], abs=1e-6)


def test_growth_needs_two_sizes() -> None:
    """What was not varied has no exponent."""
    one_k = {(n, 8): (1e-6 * n * n, 1e-6 * n) for n in NS}
    assert growth(one_k, 0).n == pytest.approx(2)
    assert growth(one_k, 0).k is None
    single = growth({(64, 8): (1.0, 1.0)}, 0)
    assert (single.n, single.k) == (None, None)


def test_fastest_product_is_positive_and_grows() -> None:
    """The grader's own clock: a product of 64 times the work takes longer."""
    rng = np.random.default_rng(0)
    small, large = fastest_product(32, 4, rng), fastest_product(512, 64, rng)
    assert 0 < small < large < 10


def test_fastest_product_is_bounded_where_the_machine_is_disturbed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A clock that sees every product take a second does not raise the floor to a second."""
    ticks = iter(range(1000))
    monkeypatch.setattr("grader.checks.timing.time.perf_counter", lambda: float(next(ticks)))
    assert fastest_product(128, 32, np.random.default_rng(0)) <= 4 * 128**2 * 32 / PEAK


def test_fastest_product_is_the_fastest_that_one_thread_was_seen_to_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of several measurements the shortest, and no second thread helps in any."""
    lengths = itertools.cycle([5e-9, 2e-9, 7e-9])
    now, threads = [0.0], list[set[int]]()

    def clock() -> float:
        if threads and len(threads) % 2:
            now[0] += next(lengths)
        pools = threadpool_info()
        threads.append({pool["num_threads"] for pool in pools if pool["user_api"] == "blas"})
        return now[0]

    monkeypatch.setattr("grader.checks.timing.time.perf_counter", clock)
    with threadpool_limits(limits=2, user_api="blas"):
        assert fastest_product(64, 8, np.random.default_rng(0)) == pytest.approx(2e-9)
    assert all(seen == {1} for seen in threads)


def test_fastest_product_is_no_less_than_a_processor_needs() -> None:
    """The floor that it gives means something: no core does 1e13 operations a second."""
    assert fastest_product(400, 20, np.random.default_rng(0)) > 4 * 400**2 * 20 / 1e13
