"""Right gradients in many forms, and wrong ones that must be caught, over several seeds."""

from typing import Any

import pytest

from grader.checks.calculus import TimingParams
from grader.checks.interface import CHECKS, Outcome, SubmissionFault
from grader.rubric import load_rubric
from tests.checks.inprocess import bench_for

SEEDS = (0, 1, 2)
IMPORTS = """
import numpy as np
import jax, jax.numpy as jnp
import torch
def F(X, U, V): return 0.5 * ((X - U @ V) ** 2).sum()
def R(A, x): return (A @ x) @ x / (x @ x)
"""


def judge(check: str, source: str, seed: int = 0, **params: Any) -> Outcome:
    spec = CHECKS[f"calculus.{check}"]
    return spec.run(spec.params(**params), bench_for(IMPORTS + source, seed=seed))


def for_u(body: str, seed: int = 0, **params: Any) -> Outcome:
    return judge("gradient", f"def grad_U(X, U, V):\n    {body}\n", seed, of="U", **params)


def for_v(body: str, seed: int = 0, **params: Any) -> Outcome:
    return judge("gradient", f"def grad_V(X, U, V):\n    {body}\n", seed, of="V", **params)


def of_quotient(body: str, seed: int = 0, **params: Any) -> Outcome:
    return judge("rayleigh", f"def rayleigh_gradient(A, x):\n    {body}\n", seed, **params)


TORCH_U = (
    "U = torch.from_numpy(U).requires_grad_(); F(torch.from_numpy(X), U, torch.from_numpy(V))"
    ".backward(); return U.grad"
)
TORCH_V = (
    "V = torch.from_numpy(V).requires_grad_(); F(torch.from_numpy(X), torch.from_numpy(U), V)"
    ".backward(); return V.grad"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("return -(X - U @ V) @ V.T", id="closed form"),
        pytest.param("return U @ (V @ V.T) - X @ V.T", id="expanded"),
        pytest.param("return np.einsum('ij,kj->ik', U @ V - X, V)", id="einsum"),
        pytest.param("return np.asfortranarray((U @ V - X) @ V.T)", id="Fortran order"),
        pytest.param("return ((U @ V - X) @ V.T).tolist()", id="lists"),
        pytest.param("return ((U @ V - X) @ V.T).astype(np.float32)", id="float32 answer"),
        pytest.param("return (V @ (U @ V - X).T).T", id="view"),
        pytest.param("return np.matrix((U @ V - X) @ V.T)", id="matrix"),
        pytest.param(TORCH_U, id="torch autograd"),
        pytest.param(
            "X, U, V = map(torch.tensor, (X, U, V)); return (U @ V - X) @ V.T", id="torch"
        ),
        pytest.param(
            "return np.array([[sum((U[i] @ V[:, l] - X[i, l]) * V[j, l] for l in range(len(X)))"
            " for j in range(len(V))] for i in range(len(U))])",
            id="loops",
        ),
        pytest.param(
            "X, U, V = (a.astype(np.float32) for a in (X, U, V)); return (U @ V - X) @ V.T",
            id="float32 throughout",
        ),
        pytest.param(
            "X, U, V = (a.astype(np.float32) for a in (X, U, V));"
            " return ((U @ V - X).astype(float) @ V.T).tolist()",
            id="float32 on the way",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_gradient_accepts_every_route_to_grad_u(body: str) -> None:
    """The gradient passes however it is computed, in either precision."""
    for seed in SEEDS:
        found = for_u(body, seed)
        assert found.value == 1, (found.feedback, found.staff_note)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("return -U.T @ (X - U @ V)", id="closed form"),
        pytest.param("return (U.T @ U) @ V - U.T @ X", id="expanded"),
        pytest.param("return np.einsum('ji,jk->ik', U, U @ V - X)", id="einsum"),
        pytest.param("return (U.T @ (U @ V - X)).tolist()", id="lists"),
        pytest.param(TORCH_V, id="torch autograd"),
    ],
)
def test_gradient_accepts_every_route_to_grad_v(body: str) -> None:
    """The other gradient passes likewise."""
    for seed in SEEDS:
        found = for_v(body, seed)
        assert found.value == 1, (found.feedback, found.staff_note)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("return jax.grad(F, 1)(X, U, V)", id="eager"),
        pytest.param("return jax.jit(jax.grad(F, 1))(X, U, V).tolist()", id="jitted, as lists"),
        pytest.param(
            "return -(X - np.asarray(jnp.array(U) @ jnp.array(V), float)) @ V.T", id="on the way"
        ),
    ],
)
def test_gradient_accepts_what_jax_computes(body: str) -> None:
    """JAX's float32 passes in every draw but those that it would only compile anew."""
    found = for_u(body, draws=6)
    assert found.value == 1, (found.feedback, found.staff_note)


MINUS = "the sign is wrong"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("return (X - U @ V) @ V.T", MINUS, id="sign"),
        pytest.param("return -2 * (X - U @ V) @ V.T", "twice", id="factor 2"),
        pytest.param("return -0.5 * (X - U @ V) @ V.T", "half", id="factor 1/2"),
        pytest.param("return 2 * (X - U @ V) @ V.T", MINUS, id="sign and factor"),
        pytest.param("return -(X - U @ V) @ V.T / X.size", "length is not", id="mean"),
        pytest.param("return (-(X - U @ V) @ V.T).T", "shape of U", id="transposed"),
        pytest.param("return -U.T @ (X - U @ V)", "shape of U", id="gradient of V"),
        pytest.param("return -(X.T - U @ V) @ V.T", "X is transposed", id="X transposed"),
        pytest.param("return -(X - U @ V).T @ V.T", "finite differences", id="residual transposed"),
        pytest.param("return -X @ V.T", "a term with UV is missing", id="no UV"),
        pytest.param("return U @ V @ V.T", "a term with X is missing", id="no X"),
        pytest.param("return np.zeros_like(U)", "is 0 where", id="zero"),
        pytest.param("return U", "finite differences", id="the input"),
        pytest.param("return -(X - U @ V) @ V.T + 1e-3 * U", "", id="surplus term"),
        pytest.param("return -(np.clip(X, -1, 1) - U @ V) @ V.T", "", id="clipped"),
        pytest.param("G = -(X - U @ V) @ V.T; return G / np.linalg.norm(G)", "", id="normalised"),
        pytest.param("return np.round(-(X - U @ V) @ V.T, 3)", "", id="rounded"),
        pytest.param("G = -(X - U @ V) @ V.T; G[0, 0] = 0; return G", "", id="one entry"),
        pytest.param("X -= U @ V; return -X @ V.T", "copy", id="changes X"),
        pytest.param("G = -(X - U @ V) @ V.T; U[:] = G; return U", "copy", id="changes U"),
        pytest.param("G = -(X - U @ V) @ V.T; V[0, 0] = 0; return G", "copy", id="changes V"),
        pytest.param("return -(X - U @ V) @ V.T * np.nan", "division by 0", id="NaN"),
        pytest.param("return -(X - U @ V) @ V.T / 0.0", "division by 0", id="infinity"),
        pytest.param("return -(X - U @ V) @ V.T + 1j", "real", id="complex"),
        pytest.param("return None", "return its result", id="None"),
        pytest.param("print(-(X - U @ V) @ V.T)", "return its result", id="printed"),
        pytest.param("return F(X, U, V)", "shape of U", id="the value"),
        pytest.param("return (-(X - U @ V) @ V.T).ravel()", "shape of U", id="flat"),
        pytest.param("return (-(X - U @ V) @ V.T)[None]", "shape of U", id="surplus axis"),
        pytest.param("return 'the gradient'", "return numbers", id="text"),
        pytest.param("return (-(X - U @ V) @ V.T).astype(np.float16)", "", id="half precision"),
        pytest.param(
            "return -(X - U @ V) @ V.T if U.dtype == np.float64 else U", "", id="float64 alone"
        ),
        pytest.param("return -(X - U @ V) @ V.T if len(U) < 9 else U", "", id="small shapes alone"),
        pytest.param(
            "return -(X - U @ V) @ V.T if abs(U).max() < 1e2 else U", "", id="small scales alone"
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_gradient_catches(body: str, word: str) -> None:
    """What is no gradient of F by U fails for every seed, with a hint that fits."""
    for seed in SEEDS:
        found = for_u(body, seed)
        assert found.value == 0
        assert word in f"{found.hint} {found.feedback}"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("return U.T @ (X - U @ V)", MINUS, id="sign"),
        pytest.param("return -2 * U.T @ (X - U @ V)", "twice", id="factor 2"),
        pytest.param("return -(X - U @ V) @ V.T", "shape of V", id="gradient of U"),
        pytest.param("return -U.T @ (X.T - U @ V)", "X is transposed", id="X transposed"),
        pytest.param("return -U.T @ X", "a term with UV is missing", id="no UV"),
        pytest.param("return U.T @ U @ V", "a term with X is missing", id="no X"),
        pytest.param("return -U.T @ (X - U @ V).T", "finite differences", id="residual transposed"),
    ],
)
def test_gradient_by_v_catches(body: str, word: str) -> None:
    """The mistakes in the other gradient are named as well."""
    for seed in SEEDS:
        found = for_v(body, seed)
        assert found.value == 0
        assert word in f"{found.hint} {found.feedback}"


def test_gradient_right_only_for_square_factors_fails() -> None:
    """What needs n = k raises, and is the student's to mend."""
    with pytest.raises(SubmissionFault, match="grad_U"):
        for_u("return -(X - U @ V) @ V")


def test_gradient_feedback_tells_shapes_and_no_values() -> None:
    """What was asked and what came are told; hidden numbers and draws are for staff."""
    found = for_u("return (X - U @ V) @ V.T")
    assert found.feedback == (
        "grad_U: expected the gradient for arguments of shapes (5, 5), (5, 3), (3, 5), float64, "
        "got another array of the right shape"
    )
    assert "draw 0" in found.staff_note
    shape = for_u("return (-(X - U @ V) @ V.T).T")
    assert shape.feedback == "grad_U: expected shape (5, 3), got (3, 5)"


def test_gradient_draws_every_size_and_no_square_shape() -> None:
    """Sizes of U and V reach from 1e-3 to 1e3 in either precision, and k < n always."""
    source = (
        "SEEN = []\n"
        "def grad_U(X, U, V):\n"
        "    SEEN.append([X.shape[0], U.shape[1], np.abs(U).mean(), np.abs(V).mean(),\n"
        "                 U.dtype == np.float32, np.linalg.norm(X) / np.linalg.norm(U @ V),\n"
        "                 np.linalg.norm(X - U @ V) / np.linalg.norm(X)])\n"
        "    return (U @ V - X) @ V.T\n"
        "def seen(): return SEEN\n"
    )
    spec = CHECKS["calculus.gradient"]
    bench = bench_for(IMPORTS + source)
    assert spec.run(spec.params.model_validate({"of": "U"}), bench).value == 1
    seen = bench.session.call("seen")
    assert len(seen) == 24
    assert all(k < n for n, k, *_ in seen)
    assert len({(int(n), int(k)) for n, k, *_ in seen}) >= 10
    # No term hides the other, and every fourth draw is near the minimum.
    assert all(0.1 < ratio < 10 for *_, ratio, _ in seen)
    assert [residual < 0.2 for *_, residual in seen[::2]] == [draw % 4 == 2 for draw in range(12)]
    for single in (True, False):
        sizes = [(left, right) for _, _, left, right, of, *_ in seen if bool(of) is single]
        for corner in ((2e-3, 2e3), (2e3, 2e-3), (2e3, 2e3), (2e-3, 2e-3)):
            assert any(
                all(limit / 20 < size < 2 * limit for size, limit in zip(pair, corner, strict=True))
                for pair in sizes
            )


QUOTIENT = "2 * (A @ x - R(A, x) * x) / (x @ x)"
TORCH_R = (
    "x = torch.from_numpy(x).requires_grad_(); R(torch.from_numpy(A), x).backward(); return x.grad"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"return {QUOTIENT}", id="closed form"),
        pytest.param("return ((A + A.T) @ x - 2 * R(A, x) * x) / (x @ x)", id="symmetrised"),
        pytest.param(
            "return (2 * (A @ x) * (x @ x) - 2 * (x @ A @ x) * x) / (x @ x) ** 2",
            id="quotient rule",
        ),
        pytest.param(
            "n = np.linalg.norm(x); u = x / n; return 2 * (A @ u - (u @ A @ u) * u) / n",
            id="normalised and scaled back",
        ),
        pytest.param(
            "return 2 * (np.eye(len(x)) - np.outer(x, x) / (x @ x)) @ A @ x / (x @ x)",
            id="projector",
        ),
        pytest.param(f"return ({QUOTIENT}).tolist()", id="list"),
        pytest.param(f"return ({QUOTIENT}).astype(np.float32)", id="float32 answer"),
        pytest.param(
            f"A, x = A.astype(np.float32), x.astype(np.float32); return {QUOTIENT}", id="float32"
        ),
        pytest.param(
            "return [2 * (sum(A[i, j] * x[j] for j in range(len(x))) - R(A, x) * x[i])"
            " / sum(t * t for t in x) for i in range(len(x))]",
            id="loops",
        ),
        pytest.param(TORCH_R, id="torch autograd"),
    ],
)
def test_rayleigh_accepts_every_route(body: str) -> None:
    """The gradient passes however it is computed, for long, short and eigenvectors."""
    for seed in SEEDS:
        found = of_quotient(body, seed)
        assert found.value == 1, (found.feedback, found.staff_note)


def test_rayleigh_accepts_what_jax_computes() -> None:
    """JAX's float32 passes."""
    found = of_quotient("return jax.grad(R, 1)(A, x)", draws=4)
    assert found.value == 1, (found.feedback, found.staff_note)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("return -2 * (A @ x - R(A, x) * x) / (x @ x)", MINUS, id="sign"),
        pytest.param("return 2 * (A @ x + R(A, x) * x) / (x @ x)", "second term", id="second sign"),
        pytest.param("return 2 * A @ x / (x @ x)", "second term is missing", id="no second term"),
        pytest.param(
            "return -2 * R(A, x) * x / (x @ x)", "first term is missing", id="no first term"
        ),
        pytest.param("return (A @ x - R(A, x) * x) / (x @ x)", "half", id="half"),
        pytest.param("return 4 * (A @ x - R(A, x) * x) / (x @ x)", "twice", id="twice"),
        pytest.param("return (2 * A @ x - R(A, x) * x) / (x @ x)", "", id="second term halved"),
        pytest.param("return 2 * (A @ x - R(A, x) * x)", "divide by (x, x)", id="no denominator"),
        pytest.param(
            "return 2 * (A @ x - (x @ A @ x) * x)", "(Ax, x) divided by (x, x)", id="unit x assumed"
        ),
        pytest.param(
            "return 2 * (A @ x - (x @ A @ x) * x) / (x @ x)",
            "R(x) in the second term",
            id="R without its denominator",
        ),
        pytest.param(
            "x = x / np.linalg.norm(x); return 2 * (A @ x - (x @ A @ x) * x)",
            "length is not",
            id="normalised first",
        ),
        pytest.param(
            "return 2 * (A @ x - R(A, x) * x) / np.linalg.norm(x)", "length is not", id="norm once"
        ),
        pytest.param("return 2 * (np.triu(A) @ x - R(A, x) * x) / (x @ x)", "", id="half of A"),
        pytest.param("return 2 * (A @ x - R(A, x) * x) / (x @ x + 1e-6)", "", id="epsilon"),
        pytest.param(f"return ({QUOTIENT})[:, None]", "shape of x", id="column"),
        pytest.param("return R(A, x)", "shape of x", id="the value"),
        pytest.param("return np.zeros_like(x)", "is 0 where", id="zero"),
        pytest.param("x /= np.linalg.norm(x); return 2 * (A @ x)", "copy", id="changes x"),
        pytest.param(f"G = {QUOTIENT}; A += A.T; return G", "copy", id="changes A"),
        pytest.param(f"G = {QUOTIENT}; return G / (np.abs(G).max() > 1e-3)", "0 or", id="NaN at 0"),
        pytest.param("return x", "", id="the input"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_rayleigh_catches(body: str, word: str) -> None:
    """What is no gradient of the quotient fails for every seed, with a hint that fits."""
    for seed in SEEDS:
        found = of_quotient(body, seed)
        assert found.value == 0
        assert word in f"{found.hint} {found.feedback}"


def test_rayleigh_sees_what_is_right_for_unit_vectors_alone() -> None:
    """No draw has a norm at which a lost (x, x) goes unseen."""
    body = f"return {QUOTIENT} if abs(x @ x - 1) > 0.5 else 1 / 0"
    for seed in SEEDS:
        assert of_quotient(body, seed).value == 1


def test_rayleigh_asks_for_the_hard_cases() -> None:
    """Single numbers, eigenvectors, zero diagonals, long and short x are all among the draws."""
    source = (
        "SEEN = []\n"
        "def rayleigh_gradient(A, x):\n"
        f"    G = {QUOTIENT}\n"
        "    SEEN.append([len(x), np.linalg.norm(x), np.linalg.norm(A),\n"
        "                 np.linalg.norm(G) * np.linalg.norm(x) / np.linalg.norm(A),\n"
        "                 np.abs(np.diag(A)).max(), np.abs(A - A.T).max()])\n"
        "    return G\n"
        "def seen(): return SEEN\n"
    )
    bench = bench_for(IMPORTS + source)
    spec = CHECKS["calculus.rayleigh"]
    assert spec.run(spec.params(), bench).value == 1
    seen = bench.session.call("seen")
    assert any(n == 1 for n, *_ in seen)
    assert any(gradient < 1e-6 for n, _, _, gradient, _, _ in seen if n > 1)
    assert any(diagonal == 0 for *_, diagonal, _ in seen)
    assert min(length for _, length, *_ in seen) < 1e-2
    assert max(length for _, length, *_ in seen) > 1e2
    scales = [norm / n for n, _, norm, *_ in seen]
    assert 1e-4 < min(scales) < 1e-1
    assert 1e1 < max(scales) < 1e4
    assert all(asymmetry == 0 for *_, asymmetry in seen)


@pytest.mark.parametrize("check", ["gradient", "rayleigh"])
@pytest.mark.parametrize("seed", range(12))
def test_no_seed_fails_a_right_answer(check: str, seed: int) -> None:
    """Whatever the course secret is, the closed forms pass, with room to spare."""
    source = (
        "def grad_U(X, U, V): return -(X - U @ V) @ V.T\n"
        f"def rayleigh_gradient(A, x): return {QUOTIENT}\n"
    )
    params = {"of": "U"} if check == "gradient" else {}
    found = judge(check, source, seed, **params)
    assert found.value == 1, found.staff_note
    assert 0 <= found.data["worst_relative_error"] < 2e-5


def test_errors_are_kept_by_size_and_precision() -> None:
    """Each right answer leaves its relative error, for a chart; no value of a draw."""
    found = judge("gradient", "def grad_U(X, U, V): return -(X - U @ V) @ V.T\n", 1, of="U")
    errors = found.data["errors"]
    assert len(errors) == 24
    assert {row["dtype"] for row in errors} == {"float32", "float64"}
    assert errors[0] == {"size": 15, "dtype": "float64", "error": errors[0]["error"]}
    assert found.data["worst_relative_error"] == max(row["error"] for row in errors)


def test_the_rubric_asks_for_what_was_measured() -> None:
    """The embedded rubric keeps the tolerances and draws of the checks' own defaults."""
    for name, check in (("2.1a", "gradient"), ("2.1b", "gradient"), ("2.2", "rayleigh")):
        (row,) = load_rubric().item(name).checks
        defaults = {
            key: info.default
            for key, info in CHECKS[f"calculus.{check}"].params.model_fields.items()
        }
        assert all(
            row.parameters()[key] == defaults[key] for key in row.parameters() if key != "of"
        )


def complexity(answer: str) -> Outcome:
    return judge("complexity", f"def gradient_complexity(): return {answer}\n")


@pytest.mark.parametrize(
    "answer",
    [
        '{"n": 2, "k": 1}',
        "{'k': 1.0, 'n': 2.0}",
        "dict(n=np.int64(2), k=np.float32(1))",
        '{"n": jnp.array(2), "k": torch.tensor(1)}',
    ],
)
def test_complexity_accepts_the_exponents(answer: str) -> None:
    """n² k¹ passes in every natural form."""
    assert complexity(answer).value == 1


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ('{"n": 3, "k": 1}', "exponent of n"),
        ('{"n": 2, "k": 2}', "exponent of k"),
        ('{"n": 1, "k": 2}', "exponent of n"),
        ('{"n": 2}', "expected the keys"),
        ('{"N": 2, "K": 1}', "expected the keys"),
        ('{"n": 2, "k": 1, "m": 0}', "expected the keys"),
        ("{}", "got none"),
        ('{"n": "2", "k": 1}', "the text"),
        ('{"n": None, "k": 1}', "None"),
        ('{"n": True, "k": True}', "True"),
        ('{"n": float("nan"), "k": 1}', "NaN"),
        ("(2, 1)", "expected a dict"),
        ("'O(n^2 k)'", "expected a dict"),
        ("None", "expected a dict"),
    ],
)
def test_complexity_catches(answer: str, word: str) -> None:
    """Other exponents and other forms fail, and feedback says what was expected."""
    found = complexity(answer)
    assert found.value == 0
    assert word in found.feedback
    assert found.hint


TIMED = """
import time
def seconds_of(f):
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - start)
    return best
def time_gradients(ns, ks):
    records = []
    for n in ns:
        for k in ks:
            rng = np.random.default_rng(0)
            X, U, V = (rng.normal(size=s).astype("f") for s in ((n, n), (n, k), (k, n)))
            by_hand = seconds_of(lambda: -(X - U @ V) @ V.T)
            T = [torch.from_numpy(a) for a in (X, U, V)]
            T[1].requires_grad_()
            by_machine = seconds_of(lambda: torch.autograd.grad(F(*T), T[1]))
            records.append({"n": n, "k": k, "analytic": by_hand, "autodiff": by_machine})
    return records
"""


def test_timing_accepts_honest_times() -> None:
    """Times really measured pass, and their growth is kept for people to see."""
    found = judge("timing", TIMED, ns=(40, 160), ks=(4, 16), factor=100)
    assert found.value == 1, (found.feedback, found.staff_note)
    assert [(record["n"], record["k"]) for record in found.data["records"]] == [
        (40, 4),
        (40, 16),
        (160, 4),
        (160, 16),
    ]
    assert all(
        {*record} == {"n", "k", *found.data["exponents"]} for record in found.data["records"]
    )
    assert set(found.data["exponents"]) == {"analytic", "autodiff"}
    assert isinstance(found.data["exponents"]["analytic"]["n"], float)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("return []", "got none for n = 40", id="nothing"),
        pytest.param("return None", "expected records", id="None"),
        pytest.param(
            "return [(n, k, 1e-12, 2e-12 * n) for n in ns for k in ks]",
            "faster than",
            id="too fast",
        ),
        pytest.param(
            "return [(n, k, 1e3 * n, 2e3 * n) for n in ns for k in ks]", "exceed", id="too slow"
        ),
        pytest.param(
            "return [(n, k, 1e-2, 1e-4 * n) for n in ns for k in ks]",
            "the same number",
            id="made up",
        ),
    ],
)
def test_timing_catches_times_that_cant_be(body: str, word: str) -> None:
    """Missing and impossible times fail, and feedback says which."""
    source = f"def time_gradients(ns, ks):\n    {body}\n"
    found = judge("timing", source, ns=(40, 160), ks=(4,), factor=100)
    assert found.value == 0
    assert word in found.feedback
    assert found.hint


def test_timing_of_a_formula_is_the_same_twice() -> None:
    """Measured times differ from call to call; what a formula gives does not."""
    body = "return [(n, k, 1e-8 * n * k, 2e-8 * n * k) for n in ns for k in ks]"
    source = f"def time_gradients(ns, ks):\n    {body}\n"
    found = judge("timing", source, ns=(40, 160), ks=(4, 8), factor=100)
    assert found.value == 0
    assert "the same times" in found.feedback


def test_timing_accepts_measurements_that_are_cached() -> None:
    """In a fresh process they are made anew."""
    source = (
        TIMED.replace("def time_gradients", "def measured")
        + """
import functools
measured_once = functools.cache(lambda n, k: measured([n], [k])[0])
def time_gradients(ns, ks):
    return [measured_once(n, k) for n in ns for k in ks]
"""
    )
    found = judge("timing", source, ns=(40, 160), ks=(4, 16), factor=100)
    assert found.value == 1, (found.feedback, found.staff_note)


def test_timing_asks_for_small_shapes_in_the_rubric() -> None:
    """What the embedded rubric asks for takes no minute on a slow machine."""
    row = load_rubric().item("2.1c").checks[1]
    params = TimingParams(**row.parameters())
    assert max(params.ns) * max(params.ks) <= 10_000
    assert params.factor >= 50


WRONG_ONCE = """
calls = 0
def spoilt(right, terms):
    global calls
    calls += 1
    wrong = np.array(right)
    if calls == AT:
        wrong.flat[0] += 0.01 * terms
    return wrong
def grad_U(X, U, V):
    V_norm = np.linalg.norm(V)
    terms = (np.linalg.norm(X) + np.linalg.norm(U) * V_norm) * V_norm
    return spoilt(-(X - U @ V) @ V.T, terms)
def grad_V(X, U, V):
    U_norm = np.linalg.norm(U)
    terms = (np.linalg.norm(X) + U_norm * np.linalg.norm(V)) * U_norm
    return spoilt(-U.T @ (X - U @ V), terms)
def rayleigh_gradient(A, x):
    right = 2 * (A @ x - (A @ x) @ x / (x @ x) * x) / (x @ x)
    return spoilt(right, np.linalg.norm(A) / np.linalg.norm(x))
"""


@pytest.mark.parametrize(
    ("check", "params", "each"),
    [("gradient", {"of": "U"}, 2), ("gradient", {"of": "V"}, 2), ("rayleigh", {}, 4)],
)
def test_every_single_draw_sees_an_error(check: str, params: dict[str, Any], each: int) -> None:
    """An error of a hundredth of the terms is seen in whichever call it is, of any size."""
    calls = 12 * each
    for at in range(1, calls + 1):
        assert judge(check, f"AT = {at}\n{WRONG_ONCE}", **params).value == 0, at
    assert judge(check, f"AT = {calls + 1}\n{WRONG_ONCE}", **params).value == 1


@pytest.mark.parametrize(
    ("check", "params", "head", "right"),
    [
        ("gradient", {"of": "U"}, "grad_U(X, U, V)", "-(X - U @ V) @ V.T"),
        ("gradient", {"of": "V"}, "grad_V(X, U, V)", "-U.T @ (X - U @ V)"),
        (
            "rayleigh",
            {},
            "rayleigh_gradient(A, x)",
            "2 * (A @ x - (A @ x) @ x / (x @ x) * x) / (x @ x)",
        ),
    ],
)
def test_single_precision_is_held_to_less(
    check: str, params: dict[str, Any], head: str, right: str
) -> None:
    """An error of 9e-6 is what single precision may have, and too much for double."""
    body = f"def {head}: return ((1 + 9e-6) * ({right})).astype(DTYPE)"
    single = judge(check, f"DTYPE = np.float32\n{body}", **params)
    assert single.value == 1
    assert single.data["worst_relative_error"] > 8e-6
    assert judge(check, f"DTYPE = np.float64\n{body}", **params).value == 0
