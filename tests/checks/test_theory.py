"""Right answers to problem 1 in many forms, and wrong ones that must be caught."""

from typing import Any

import pytest

from grader.checks.interface import CHECKS, Outcome, SubmissionFault
from tests.checks.inprocess import bench_for

SIZES = (1, 2, 3, 5, 8, 50, 1000)
SEEDS = (0, 1, 2)
IMPORTS = "import numpy as np\nimport jax.numpy as jnp\nimport torch\n"


def judge(check: str, source: str, seed: int = 0, **params: Any) -> Outcome:
    spec = CHECKS[f"theory.{check}"]
    return spec.run(spec.params(**params), bench_for(IMPORTS + source, seed=seed))


def constants(body: str, seed: int = 0) -> Outcome:
    return judge("norm_constants", f"def norm_constants(n):\n    return {body}\n", seed)


@pytest.mark.parametrize(
    "body",
    [
        "1 / np.sqrt(n), 1",
        "[n ** -0.5, 1.0]",
        "np.array([1 / np.sqrt(n), 1.0])",
        "np.float64(1) / n ** 0.5, np.int64(1)",
        "np.exp(-np.log(n) / 2), np.array([1])",
        "np.float32(1) / np.sqrt(np.float32(n)), 1",
        "np.linalg.norm(np.ones(n)) / n, 1",
        "float(jnp.sqrt(1 / n)), 1.0",
        "jnp.array([jnp.sqrt(1 / n), 1])",
        "torch.tensor(1 / n).sqrt(), torch.tensor(1)",
        "1 / float(jnp.sqrt(n)), 1",
    ],
)
def test_norm_constants_accepts_the_best_constants(body: str) -> None:
    """The best constants pass in every natural form and precision."""
    for seed in SEEDS:
        found = constants(body, seed)
        assert found.value == 1, found.feedback


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("1, 1", "does not hold", id="C1 too large"),
        pytest.param("1 / np.sqrt(n), 1 / np.sqrt(n)", "does not hold", id="C2 too small"),
        pytest.param("1 / n, 1", "not the best", id="C1 too small"),
        pytest.param("1 / np.sqrt(n), np.sqrt(n)", "not the best", id="C2 too large"),
        pytest.param("1, 1 / np.sqrt(n)", "does not hold", id="swapped"),
        pytest.param("1 / np.sqrt(n)", "two numbers", id="one number"),
        pytest.param("(1 / np.sqrt(n), 1, 1)", "two numbers", id="three numbers"),
        pytest.param("None", "None", id="None"),
        pytest.param("'1', '1'", "the text", id="text"),
        pytest.param("float('nan'), 1", "NaN", id="NaN"),
        pytest.param("[[1, 2], 1]", "C1: expected shape", id="ragged"),
        pytest.param("round(1 / np.sqrt(n), 3), 1", "C1", id="rounded"),
        pytest.param("1 / np.sqrt(n) * (1 - 1e-5), 1", "not the best", id="a little less"),
        pytest.param("(0.5 if n == 4 else 1, 1)", "does not hold", id="right for n = 1 and 4"),
        pytest.param("(1 if n == 3 else n ** -0.5), 1", "does not hold", id="wrong for n = 3"),
        pytest.param("n ** -0.5, (2 if n > 4 else 1)", "not the best", id="right for small n"),
        pytest.param("0, 1", "not the best", id="zero"),
        pytest.param("-1 / np.sqrt(n), 1", "not the best", id="negative"),
    ],
)
def test_norm_constants_catches(body: str, word: str) -> None:
    """Constants that are wrong, not sharp or no numbers fail, and feedback says which."""
    for seed in SEEDS:
        found = constants(body, seed)
        assert found.value == 0
        assert word in found.feedback


EXTREMAL = """
def orthogonal(size):
    return np.linalg.qr(np.random.default_rng(size).normal(size=(size, size)))[0]
def extremal_matrix(m, n, k):
    A = np.zeros((m, n))
"""


@pytest.mark.parametrize(
    "body",
    [
        "A[range(k), range(k)] = 3\n    return A",
        "A = np.zeros((m, n), int); A[range(k), range(k)] = -1\n    return A.tolist()",
        "A[range(k), range(k)] = 1e-200\n    return A",
        "A[m - 1 - np.arange(k), np.arange(k)] = 1e200\n    return A",
        "return orthogonal(m)[:, :k] @ orthogonal(n)[:, :k].T",
        "return (orthogonal(m)[:, :k] @ orthogonal(n)[:, :k].T).astype(np.float32)",
        "A = A.astype(complex); A[range(k), range(k)] = 1j\n    return A",
        "return torch.eye(m, n) * (torch.arange(n) < k)",
        "A[range(k), range(k)] = 1\n    return np.asfortranarray(A)",
    ],
)
def test_extremal_matrix_accepts_every_construction(body: str) -> None:
    """Any matrix with the property passes, of any scale and precision."""
    for seed in SEEDS:
        found = judge("extremal_matrix", EXTREMAL + "    " + body, seed)
        assert found.value == 1, found.feedback


@pytest.mark.parametrize(
    "body",
    [
        "return jnp.eye(m, n).at[k:].set(0)",
        "return (jnp.array(orthogonal(m))[:, :k] @ jnp.eye(k, n)).tolist()",
        "return np.asarray(jnp.array(orthogonal(m))[:, :k] @ orthogonal(n)[:k]) / np.sqrt(k)",
    ],
)
def test_extremal_matrix_accepts_what_jax_computes(body: str) -> None:
    """Single precision passes, as an array and as a list; few shapes, since each is compiled."""
    found = judge("extremal_matrix", EXTREMAL + "    " + body, draws=6)
    assert found.value == 1, found.feedback


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("return np.eye(max(m, n))[:m, :n]", "rank", id="full rank always"),
        pytest.param("return np.ones((m, n))", "rank", id="rank one always"),
        pytest.param("return A", "zero matrix", id="zero"),
        pytest.param("return np.eye(k)", "expected shape", id="k by k"),
        pytest.param(
            "A[range(k), range(k)] = 1\n    return A.T", "expected shape", id="transposed"
        ),
        pytest.param(
            "A[range(k), range(k)] = np.arange(1, k + 1)\n    return A",
            "does not hold",
            id="different singular values",
        ),
        pytest.param(
            "A[range(k), range(k)] = 1; A[0, 0] = 1 + 1e-5\n    return A",
            "does not hold",
            id="nearly equal",
        ),
        pytest.param(
            "A[range(k), range(k)] = 1; A[0, 0] = 2 if m > 7 else 1\n    return A",
            "does not hold",
            id="right for small m",
        ),
        pytest.param("A[0, 0] = np.nan\n    return A", "NaN", id="NaN"),
        pytest.param("return None", "None", id="None"),
        pytest.param("return A.astype(bool)", "bool", id="bool"),
        pytest.param("A[:k] = 1\n    return A", "rank", id="k equal rows"),
        pytest.param(
            "A[range(k), range(k)] = 1; A += 1e-6\n    return A", "rank", id="noise raises the rank"
        ),
    ],
)
def test_extremal_matrix_catches(body: str, word: str) -> None:
    """A wrong rank, unequal singular values, a wrong shape and no matrix all fail."""
    for seed in SEEDS:
        found = judge("extremal_matrix", EXTREMAL + "    " + body, seed)
        assert found.value == 0
        assert word in found.feedback


def projector(body: str, seed: int = 0) -> Outcome:
    return judge("projector_pinv", f"KEPT = {{}}\ndef projector_pinv(U):\n    {body}\n", seed)


@pytest.mark.parametrize(
    "body",
    [
        "return U @ U.conj().T",
        "return np.einsum('ik,jk->ij', U, U.conj())",
        "return (U @ U.conj().T).tolist()",
        "return (U @ U.conj().T).astype(np.complex64)",
        "return U @ np.linalg.inv(U.conj().T @ U) @ U.conj().T",
        "return np.linalg.pinv(U @ U.conj().T, rcond=1e-4, hermitian=True)",
        "U = torch.from_numpy(U); return U @ U.mH",
        "U = jnp.array(U); return np.asarray(U) @ np.asarray(U.conj()).T",
        "return U @ np.asarray(jnp.conj(U)).T",
        "return np.asfortranarray(U @ U.conj().T)",
        "return sum(np.outer(u, u.conj()) for u in U.T)",
    ],
)
def test_projector_pinv_accepts_every_route(body: str) -> None:
    """The projector passes however it is computed."""
    for seed in SEEDS:
        found = projector(body, seed)
        assert found.value == 1, found.feedback


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("return U @ U.T", "does not hold", id="no conjugate"),
        pytest.param("return (U @ U.conj().T).real", "does not hold", id="real part"),
        pytest.param("return U.conj() @ U.T", "does not hold", id="conjugate of it"),
        pytest.param("return np.eye(len(U))", "does not hold", id="identity"),
        pytest.param("return np.zeros((len(U), len(U)))", "A P A = A", id="zero"),
        pytest.param("return U.conj().T @ U", "expected shape", id="k by k"),
        pytest.param("return U.conj().T", "expected shape", id="k by n"),
        pytest.param("return np.linalg.pinv(U)", "expected shape", id="pseudoinverse of U"),
        pytest.param("return 2 * U @ U.conj().T", "does not hold", id="doubled"),
        pytest.param("return U @ U.conj().T * (1 + 1e-4)", "does not hold", id="a little more"),
        pytest.param(
            "key = U.shape, U.dtype; return KEPT.setdefault(key, U @ U.conj().T)",
            "does not hold",
            id="kept from an earlier call",
        ),
        pytest.param("return None", "None", id="None"),
        pytest.param("return np.full((len(U),) * 2, np.nan)", "NaN", id="NaN"),
        pytest.param("return np.full((len(U),) * 2, 1e300)", "does not hold", id="huge"),
        pytest.param("P = U @ U.conj().T; U *= 2; return P", "changed", id="changes U"),
        pytest.param("P = U @ U.conj().T; U[0] = 0; return P", "changed", id="clears a row of U"),
        pytest.param(
            "A = U @ U.conj().T; return A + 0.1 * (np.eye(len(A)) - A)", "P A P = P", id="inner"
        ),
    ],
)
def test_projector_pinv_catches(body: str, word: str) -> None:
    """A matrix that breaks a Penrose condition, or a changed argument, fails."""
    for seed in SEEDS:
        found = projector(body, seed)
        assert found.value == 0
        assert word in found.feedback


def test_projector_pinv_tells_a_forgotten_conjugate() -> None:
    """The commonest mistake gets its own hint."""
    assert "conjugates" in projector("return U @ U.T").hint


SVD = """
def rank_one_svd(n):
    j = np.arange(1, n + 1)
    a, b = np.sqrt(2.0 * j - 1), (-1.0) ** j
    U, s, Vh = a[:, None] / n, np.array([n * np.sqrt(n)]), b[None] / np.sqrt(n)
"""


def decomposition(body: str, sizes: tuple[int, ...] = SIZES) -> Outcome:
    return judge("rank_one_svd", f"{SVD}    {body}\n", sizes=sizes)


@pytest.mark.parametrize(
    "body",
    [
        "return U, s, Vh",
        "return -U, s, -Vh",
        "return [U.tolist(), s.tolist(), Vh.tolist()]",
        "return U, float(s[0]), Vh",
        "return U.astype(np.float32), s.astype(np.float32), Vh.astype(np.float32)",
        "return 1j * U, s, -1j * Vh",
        "u, s, v = np.linalg.svd(np.outer(a, b), False); return u[:, :1], s[:1], v[:1]",
        "return jnp.array(U), jnp.array(s), jnp.array(Vh)",
        "return jnp.array(U).tolist(), jnp.array(s).tolist(), jnp.array(Vh).tolist()",
        "return np.asarray(jnp.sqrt(2 * j - 1))[:, None] / np.linalg.norm(a), s, Vh",
        "return torch.from_numpy(U), torch.from_numpy(s), torch.from_numpy(Vh)",
        "return np.asfortranarray(U), s, np.asfortranarray(Vh)",
    ],
)
def test_rank_one_svd_accepts_every_form(body: str) -> None:
    """The thin decomposition passes with either sign, in every natural form."""
    found = decomposition(body)
    assert found.value == 1, found.feedback


def test_rank_one_svd_accepts_the_analytic_answer_for_a_million() -> None:
    """The analytic answer passes at every size, in double and in single precision."""
    assert decomposition("return U, s, Vh", (1_000_000,)).value == 1
    single = "return U.astype(np.float32), s, Vh.astype(np.float32)"
    assert decomposition(single, (1_000_000,)).value == 1


def test_rank_one_svd_asks_for_small_sizes_first() -> None:
    """A numeric decomposition gets its points of feedback before its memory runs out."""
    body = "\n    if n > 2: raise MemoryError('too large')\n    return U, s, -Vh"
    assert "is not A" in decomposition(body, (1000, 2)).feedback


def test_rank_one_svd_lets_a_submission_run_out_of_memory() -> None:
    """What ends a submission is the session's to tell."""
    with pytest.raises(SubmissionFault):
        decomposition("if n > 50: raise MemoryError\n    return U, s, Vh")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param("return U, s, -Vh", "is not A", id="sign of the pattern"),
        pytest.param("return U, -s, -Vh", "positive", id="negative s"),
        pytest.param("return U * n, s / n, Vh", "norm 1", id="U not normalised"),
        pytest.param("return U, s / np.sqrt(n) * n, Vh / n * np.sqrt(n)", "norm 1", id="Vh long"),
        pytest.param("return U, s / np.sqrt(n), Vh", "not the singular value", id="s = n"),
        pytest.param("return U, s ** 2, Vh", "not the singular value", id="s squared"),
        pytest.param("return U, s, abs(Vh)", "is not A", id="no alternation"),
        pytest.param("return U[::-1], s, Vh", "is not A", id="U reversed"),
        pytest.param("return np.ones((n, 1)) / np.sqrt(n), s, Vh", "is not A", id="constant U"),
        pytest.param("return U, s, Vh.T", "expected shape", id="Vh transposed"),
        pytest.param("return U.ravel(), s, Vh.ravel()", "expected shape", id="flat"),
        pytest.param("return np.linalg.svd(np.outer(a, b))", "expected shape", id="full"),
        pytest.param("return U, s", "expected (U, s, Vh)", id="two parts"),
        pytest.param("return None", "expected (U, s, Vh)", id="None"),
        pytest.param("return U, s, Vh * np.nan", "NaN", id="NaN"),
        pytest.param("return U, s + 0.5j, Vh", "real", id="complex s"),
        pytest.param("return U * 1e200, s, Vh", "norm 1", id="huge"),
        pytest.param("U[-1] *= 1 + 1e-5; return U, s, Vh", "U", id="last entry a little off"),
        pytest.param("return U, s, (Vh if n < 9 else abs(Vh))", "is not A", id="right if small"),
    ],
)
def test_rank_one_svd_catches(body: str, word: str) -> None:
    """Wrong signs, norms, values, shapes and parts all fail, and feedback says which."""
    found = decomposition(body)
    assert found.value == 0
    assert word in found.feedback


def test_rank_one_svd_sees_one_wrong_entry_among_a_million() -> None:
    """Random products see an error in a single entry, without forming A."""
    body = "Vh[0, n // 2] *= -1; return U, s, Vh"
    assert "is not A" in decomposition(body, (1_000_000,)).feedback


def test_rank_one_svd_tells_an_opposite_sign() -> None:
    """A decomposition of -A gets its own hint."""
    assert "opposite sign" in decomposition("return U, s, -Vh").hint


@pytest.mark.parametrize(
    ("check", "source"),
    [
        ("norm_constants", "def norm_constants(n): return DTYPE((1 - 2e-6) / n ** 0.5), 1"),
        (
            "extremal_matrix",
            """
def extremal_matrix(m, n, k):
    A = np.zeros((m, n)); A[range(k), range(k)] = 1; A[0, 0] = 1 + 2e-6
    return A.astype(DTYPE)
""",
        ),
        (
            "projector_pinv",
            """
def projector_pinv(U):
    P = (1 + 2e-6) * U.astype(complex) @ U.astype(complex).conj().T
    return P.astype(np.complex64 if DTYPE is np.float32 else complex)
""",
        ),
        (
            "rank_one_svd",
            SVD + "    s *= 1 + 2e-6; return U.astype(DTYPE), s.astype(DTYPE), Vh.astype(DTYPE)",
        ),
    ],
)
def test_single_precision_is_held_to_less(check: str, source: str) -> None:
    """An error of 2e-6 is what single precision may have, and too much for double."""
    assert judge(check, f"DTYPE = np.float32\n{source}").value == 1
    assert judge(check, f"DTYPE = np.float64\n{source}").value == 0


@pytest.mark.parametrize("seed", range(20))
def test_right_answers_pass_for_every_seed(seed: int) -> None:
    """No draw fails a right answer."""
    source = EXTREMAL + (
        "    return orthogonal(m)[:, :k] @ orthogonal(n)[:, :k].T\n"
        "def projector_pinv(U): return U @ U.conj().T\n"
        "def norm_constants(n): return 1 / np.sqrt(n), 1\n"
    )
    for check in ("extremal_matrix", "projector_pinv", "norm_constants"):
        found = judge(check, source, seed)
        assert found.value == 1, found.feedback


@pytest.mark.parametrize(
    ("check", "draws", "wrong"),
    [
        *(("norm_constants", 4, f"n == {n}") for n in (1, 2, 3, 4)),
        *(
            ("extremal_matrix", 8, f"(m, n, k) == {case}")
            for case in (
                (1, 1, 1), (2, 2, 1), (5, 3, 1), (3, 5, 1), (5, 3, 3), (3, 5, 3), (4, 4, 4),
                (7, 4, 2),
            )
        ),
        *(
            ("projector_pinv", 5, f"U.shape == {shape}")
            for shape in ((3, 2), (4, 1), (5, 5), (1, 1))
        ),
    ],
)  # fmt: skip
def test_shapes_that_matter_are_among_the_first(check: str, draws: int, wrong: str) -> None:
    """Square, tall, wide, of rank one, of full rank and 1 x 1: whatever the seed."""
    source = f"""
def norm_constants(n):
    return (0.1, 2.0) if {wrong if check == "norm_constants" else False} else (n ** -0.5, 1.0)

def extremal_matrix(m, n, k):
    scale = 2.0 if {wrong if check == "extremal_matrix" else False} else 1.0
    A = np.eye(m, n) * (np.arange(n) < k)
    A[0, 0] = scale
    return A if k > 1 or scale == 1 else 0 * A

def projector_pinv(U):
    P = U @ U.conj().T
    return 2 * P if {wrong if check == "projector_pinv" else False} else P
"""
    assert judge(check, source, draws=draws).value == 0
    assert judge(check, source.replace(wrong, "False"), draws=draws).value == 1


def test_one_shape_comes_twice() -> None:
    """What is kept by the shape alone is wrong the second time, in the same precision."""
    source = "KEPT = {}\ndef projector_pinv(U): return KEPT.setdefault(U.shape, U @ U.conj().T)"
    assert judge("projector_pinv", source, draws=4).value == 0
    assert judge("projector_pinv", source, draws=3).value == 1


def test_the_argument_s_precision_counts_too() -> None:
    """Of a U in single precision no better projector is asked for, whatever type it comes in."""
    source = """
def projector_pinv(U):
    P = U.astype(complex) @ U.astype(complex).conj().T
    return P * (1 + 2e-6 * (U.dtype == np.complex64))
"""
    assert judge("projector_pinv", source).value == 1
    assert judge("projector_pinv", source.replace("== np.complex64", "!= 0")).value == 0


def test_columns_have_phases() -> None:
    """The first row of U has an angle of its own in every column: real ones are never enough."""
    source = """
def projector_pinv(U):
    P = U @ U.conj().T
    return P if (abs(U[0].imag) > 1e-3 * abs(U[0])).all() else 2 * P
"""
    assert judge("projector_pinv", source, draws=5).value == 1


@pytest.mark.parametrize(
    ("check", "source", "feedback", "hint"),
    [
        (
            "norm_constants",
            "def norm_constants(n): return n ** -0.5, 1 / n",
            "norm_constants(2): ‖x‖∞ ≤ C2·‖x‖₂ does not hold for every x of dimension 2",
            "look for the x with the largest ‖x‖∞ for ‖x‖₂ = 1",
        ),
        (
            "norm_constants",
            "def norm_constants(n): return (1.0 if n == 3 else n ** -0.5), 1",
            "norm_constants(3): C1·‖x‖₂ ≤ ‖x‖∞ does not hold for every x of dimension 3",
            "look for the x with the smallest ‖x‖∞ for ‖x‖₂ = 1",
        ),
        (
            "norm_constants",
            "def norm_constants(n): return n ** -0.5, n",
            "norm_constants(2): the inequality holds, but C2 is not the best possible constant",
            "is there an x for which your C2 gives equality?",
        ),
        (
            "norm_constants",
            "def norm_constants(n): return n ** -0.5, [1, 2]",
            "norm_constants(1): C2: expected shape (), got (2,)",
            "",
        ),
        (
            "extremal_matrix",
            "def extremal_matrix(m, n, k): return np.ones((m, n + 1))",
            "extremal_matrix(1, 1, 1): expected shape (1, 1), got (1, 2)",
            "A has m rows and n columns",
        ),
        (
            "extremal_matrix",
            "def extremal_matrix(m, n, k): return np.eye(m, n)",
            "extremal_matrix(2, 2, 1): expected rank 1, got rank 2",
            "the rank is the number of singular values that are not zero",
        ),
        (
            "projector_pinv",
            "def projector_pinv(U): return U",
            "projector_pinv(U), U of shape (3, 2), complex128: expected shape (3, 3), got (3, 2)",
            "UU* has n rows and n columns, and so has its pseudoinverse",
        ),
        (
            "projector_pinv",
            "def projector_pinv(U): return 2 * U @ U.conj().T if len(U) == 4 else U @ U.conj().T",
            "projector_pinv(U), U of shape (4, 1), complex64: A P A = A does not hold for A = UU*",
            "which matrix fulfils the four Penrose conditions, knowing U*U = I?",
        ),
        (
            "rank_one_svd",
            f"{SVD}    return U, s, Vh[0]",
            "rank_one_svd(1): Vh: expected shape (1, 1), got (1,)",
            "the thin decomposition has Vh of shape (1, 1)",
        ),
        (
            "rank_one_svd",
            f"{SVD}    return U, s / 2, 2 * Vh",
            "rank_one_svd(1): the row of Vh must have norm 1",
            "normalise Vh",
        ),
        (
            "rank_one_svd",
            f"{SVD}    return 2 * U, s / 2, Vh",
            "rank_one_svd(1): the column of U must have norm 1",
            "normalise U",
        ),
        (
            "rank_one_svd",
            f"{SVD}    return U, s, np.sort(Vh)",
            "rank_one_svd(3): U·s·Vh is not A",
            "compare a few entries of U·s·Vh with those of A for n = 2 and n = 3",
        ),
    ],
)
def test_students_are_told(check: str, source: str, feedback: str, hint: str) -> None:
    """What was expected, of what, and what to look at."""
    found = judge(check, source)
    assert found.feedback == feedback
    assert found.hint == hint
