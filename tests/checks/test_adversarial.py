"""No answer of a worker, whatever it is, makes a check fail of itself, hang or take much memory.

Each check runs on what a right submission answered, where any answer or part of one is replaced by
anything that can cross the channel. The check must end in an outcome or a fault of the submission.
"""

import functools
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import grader.checks  # noqa: F401 - registers the checks
from grader.checks.interface import CHECKS, Bench, Outcome, SubmissionFault
from grader.worker.protocol import DTYPES, decode, encode
from tests.checks.compressed_family import PLAIN
from tests.checks.inprocess import bench_for
from tests.checks.recorded import Key, Player, Recorder, Tape, with_session
from tests.checks.small_baseline import small_baseline
from tests.checks.strategies import IMPORTS, RIGHT
from tests.checks.test_curve import DICTS, curve
from tests.checks.test_fine_tuning import TUNE

MIB = 1 << 20
PEAK_BYTES = 256 * MIB
"""What an answer of 16 MiB may cost in memory."""
SECONDS = 10.0
ANALYSIS = """
import time
import numpy as np
def norm_constants(n): return n ** -0.5, 1.0
def extremal_matrix(m, n, k): return np.eye(m, n) * (np.arange(n) < k)
def projector_pinv(U): return U @ U.conj().T
def rank_one_svd(n):
    a, b = np.sqrt(2.0 * np.arange(1, n + 1) - 1), np.where(np.arange(n) % 2, 1.0, -1.0)
    p, q = np.linalg.norm(a), np.linalg.norm(b)
    return a[:, None] / p, np.array([p * q]), b[None] / q
def grad_U(X, U, V): return (U @ V - X) @ V.T
def grad_V(X, U, V): return U.T @ (U @ V - X)
def rayleigh_gradient(A, x): return 2 * (A @ x - (x @ A @ x) / (x @ x) * x) / (x @ x)
def gradient_complexity(): return {"n": 2, "k": 1}
def timed(work):
    began = time.perf_counter()
    sum(range(work))
    return time.perf_counter() - began
def time_gradients(ns, ks):
    return [
        {"n": n, "k": k, "analytic": timed(200 * n * k), "autodiff": timed(300 * n * k)}
        for n in ns for k in ks
    ]
"""
VALUES = """
def layer_singular_values(net):
    return {name: torch.linalg.svdvals(part.weight) for name, part in net.named_children()}
"""


@dataclass(frozen=True)
class Subject:
    """A right submission for a check, and small parameters."""

    source: str
    params: dict[str, Any]


GAME = IMPORTS + RIGHT["forward, ones, a bar of 1"]
SUBJECTS = {
    "theory.norm_constants": Subject(ANALYSIS, {"draws": 5}),
    "theory.extremal_matrix": Subject(ANALYSIS, {"draws": 8}),
    "theory.projector_pinv": Subject(ANALYSIS, {"draws": 4}),
    "theory.rank_one_svd": Subject(ANALYSIS, {"sizes": (1, 2, 5, 70)}),
    "calculus.gradient": Subject(ANALYSIS, {"of": "U", "draws": 3}),
    "calculus.rayleigh": Subject(ANALYSIS, {"draws": 3}),
    "calculus.complexity": Subject(ANALYSIS, {}),
    "calculus.timing": Subject(ANALYSIS, {"ns": (4, 8), "ks": (2, 3)}),
    "compression.singular_values": Subject(PLAIN + VALUES, {}),
    "compression.truncation": Subject(PLAIN, {"ranks": (3,)}),
    "compression.edge_ranks": Subject(PLAIN, {}),
    "compression.unchanged": Subject(PLAIN, {"rank": 3}),
    "compression.trainable": Subject(PLAIN, {"rank": 3}),
    "compression.storage": Subject(PLAIN, {"ranks": (3,)}),
    "compression.flops": Subject(PLAIN, {"rank": 3}),
    "compression.curve": Subject(curve(DICTS), {"ranks": (3, 8)}),
    "compression.fine_tune": Subject(
        PLAIN + TUNE + "return train(compressed, loader, epochs)", {"rank": 5, "images": 600}
    ),
    "reducio.accuracy": Subject(GAME, {"draws": 6}),
}


@functools.cache
def recorded(name: str) -> tuple[Bench, Tape, Outcome]:
    """The bench of a check, what a right submission answered there, and what that earned."""
    subject, spec, tape = SUBJECTS[name], CHECKS[name], Tape()
    bench = with_session(
        bench_for("", item=name, baseline=small_baseline), Recorder(subject.source, tape)
    )
    return bench, tape, spec.run(spec.params(**subject.params), bench)


def judge(name: str, replace: Callable[[Key, int, Any], Any]) -> Outcome | SubmissionFault:
    """What the check finds about the changed answers; anything else that it raises is an error."""
    bench, tape, _ = recorded(name)
    spec = CHECKS[name]
    try:
        found = spec.run(
            spec.params(**SUBJECTS[name].params), with_session(bench, Player(tape, replace))
        )
    except SubmissionFault as fault:
        return fault
    assert isinstance(found, Outcome)
    assert 0 <= found.value <= 1
    assert len(found.feedback) + len(found.hint) < 10_000
    msgspec.json.encode(dict(found.data))
    return found


def arrays() -> st.SearchStrategy[Any]:
    return npst.arrays(
        dtype=st.sampled_from(sorted(DTYPES.values(), key=str)),
        shape=npst.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=4),
    )


ODD_NUMBERS = st.sampled_from(
    [
        *(-1, 0, 1, 5, 1 << 40, (1 << 63) - 1, -(1 << 63), True, False),
        *(-0.0, 0.5, 1e-320, 1e308, -1e308, math.nan, math.inf, -math.inf),
        *(1j, complex(math.nan, 1)),
    ]
)
TEXTS = st.sampled_from(["", "no number", "r", "nan", "1", "\x1b[2J\n::error::", "x" * 5000])
LEAVES = st.none() | ODD_NUMBERS | TEXTS | arrays()
ODD = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXTS | st.sampled_from(["n", "k", "rank", "weights"]), inner, max_size=4)
    ),
    max_leaves=6,
)


def like(data: st.DataObject, value: Any) -> Any:
    """Something of the form of `value`, where that has one, with odd entries."""
    if isinstance(value, np.ndarray) and data.draw(st.booleans()):
        entry = data.draw(
            st.sampled_from([0, -1, math.nan, math.inf, 1e308, -1e308, 1e-320, 6e4, 127])
        )
        dtype = data.draw(st.sampled_from(sorted(DTYPES.values(), key=str)))
        with np.errstate(all="ignore"):
            changed = value.astype(dtype)
            if changed.size:
                one = data.draw(st.integers(0, changed.size - 1))
                whole = data.draw(st.booleans())
                changed.reshape(-1)[slice(None) if whole else one] = np.array(entry).astype(dtype)
        form = data.draw(st.sampled_from(["as it is", "reversed axes", "one more axis", "flat"]))
        forms = {
            "reversed axes": changed.T,
            "one more axis": changed[None],
            "flat": changed.ravel(),
        }
        return forms.get(form, changed)
    if isinstance(value, list) and data.draw(st.booleans()):
        return data.draw(st.sampled_from([[], value[:1], value * 2, [value], value[::-1]]))
    return data.draw(ODD)


def mutated(data: st.DataObject, value: Any) -> Any:
    """`value` with one part of it, at any depth, replaced."""
    if isinstance(value, dict | list) and value and data.draw(st.integers(0, 3)):
        places = list(value) if isinstance(value, dict) else range(len(value))
        place = data.draw(st.sampled_from(places))
        changed: Any = dict(value) if isinstance(value, dict) else list(value)
        changed[place] = mutated(data, changed[place])
        return changed
    return like(data, value)


def sent(value: Any) -> Any:
    """`value` as it arrives."""
    return decode(b"".join(bytes(part) for part in encode(value)), cut_texts=True)


def test_every_check_is_attacked() -> None:
    """A new check needs a subject here."""
    assert SUBJECTS.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", SUBJECTS)
def test_played_back_a_right_submission_stays_right(name: str) -> None:
    """So what is replaced below reaches the last line of a check."""
    _, tape, found = recorded(name)
    assert tape.answers
    assert found.value == 1, found
    again = judge(name, lambda _key, _number, answer: sent(answer))
    assert isinstance(again, Outcome)
    assert again.value == 1, again


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("name", SUBJECTS)
@settings(max_examples=20)
@given(data=st.data())
def test_any_answer_ends_in_a_finding(name: str, data: st.DataObject) -> None:
    """One answer, or every answer to the same question, is replaced in part or wholly."""
    _, tape, _ = recorded(name)
    key, number = data.draw(st.sampled_from(tape.places()))
    change = sent(mutated(data, tape.answers[key][number]))
    everywhere = data.draw(st.booleans())
    judge(
        name,
        lambda asked, count, answer: (
            change if asked == key and (everywhere or count == number) else answer
        ),
    )


def floods() -> Iterator[tuple[str, Any]]:
    """Answers of up to 16 MiB that grow when they are converted carelessly."""
    yield "rows and a long text", [["x" * 60_000]] + [[0.0]] * 100_000
    yield "small integers", np.ones(12 * MIB, dtype=np.int8)
    yield "rows of small integers", np.ones((3 * MIB, 4), dtype=np.int8)
    yield "half precision, in a stack", np.ones((2000, 1000, 4), dtype=np.float16)
    yield "lists", [[1, 2, 3, 4]] * 80_000
    yield "keys", {f"{number:08}": number for number in range(150_000)}
    yield "factors", {f"{number}": np.ones((60, 5), np.float16) for number in range(20_000)}


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("flood", list(floods()), ids=lambda flood: flood[0].replace(" ", "-"))
def test_a_flood_costs_little(flood: tuple[str, Any]) -> None:
    """In place of an answer and of each field of one, for every check: little time and memory."""
    _, value = flood
    for name in SUBJECTS:
        _, tape, _ = recorded(name)
        for key, some in tape.answers.items():
            fields = list(some[0]) if isinstance(some[0], dict) else []
            for place in (None, *fields):

                def replaced(
                    asked: Key, _count: int, answer: Any, key: Key = key, place: Any = place
                ) -> Any:
                    if asked != key:
                        return answer
                    if place is None or not isinstance(answer, dict):
                        return value
                    return {**answer, place: value}

                tracemalloc.start()
                began = time.process_time()
                try:
                    judge(name, replaced)
                    _, peak = tracemalloc.get_traced_memory()
                finally:
                    tracemalloc.stop()
                where = f"{name}: {key}: {place}"
                assert time.process_time() - began < SECONDS, where
                assert peak < PEAK_BYTES, where
