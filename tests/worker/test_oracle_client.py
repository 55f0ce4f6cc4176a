"""The function behaves under JAX's transformations as the original, and gives nothing away."""

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grader.checks.game import Game
from grader.worker.oracle_client import Link, make_function

Array = np.ndarray[Any, Any]
Function = Callable[[Any], jax.Array]
X = 1e-3 * np.random.default_rng(1).standard_normal((2, 3, 100))
"""Small points: there even float32 is accurate enough to compare."""
x, v = X[0, 0], X[1, 1]

VECTOR: dict[str, Callable[[Function, Any], Any]] = {
    "value": lambda h, cast: h(cast(x)),
    "jit": lambda h, cast: jax.jit(h)(cast(x)),
    "jacfwd": lambda h, cast: jax.jacfwd(h)(cast(x)),
    "jacrev": lambda h, cast: jax.jacrev(h)(cast(x)),
    "jit of jacfwd": lambda h, cast: jax.jit(jax.jacfwd(h))(cast(x)),
    "jvp": lambda h, cast: jax.jvp(h, (cast(x),), (cast(v),)),
    "vjp": lambda h, cast: jax.vjp(h, cast(x))[1](cast(v)),
    "linearize": lambda h, cast: jax.linearize(h, cast(x))[1](cast(v)),
    "vmap": lambda h, cast: jax.vmap(h)(cast(X[0])),
    "vmap of vmap": lambda h, cast: jax.vmap(jax.vmap(h))(cast(X)),
    "vmap over the last axis": lambda h, cast: jax.vmap(h, in_axes=1, out_axes=1)(cast(X[0].T)),
    "vmap of jacfwd": lambda h, cast: jax.vmap(jax.jacfwd(h))(cast(X[0])),
    "vmap of jacrev": lambda h, cast: jax.vmap(jax.jacrev(h))(cast(X[0])),
    "jacrev of vmap": lambda h, cast: jax.jacrev(jax.vmap(h))(cast(X[0])),
    "columns": lambda h, cast: h(cast(X[0].T)),
    "lax.map": lambda h, cast: jax.lax.map(h, cast(X[0])),
    "lax.scan": lambda h, cast: jax.lax.scan(
        lambda c, y: (c + 1e-4 * h(y), c), cast(x), cast(X[0])
    ),
    "fori_loop": lambda h, cast: jax.lax.fori_loop(0, 2, lambda _, y: 1e-5 * h(y), cast(x)),
    "checkpoint": lambda h, cast: jax.jacrev(jax.checkpoint(h))(cast(x)),
    "grad of one entry": lambda h, cast: jax.grad(lambda y: h(y)[7])(cast(x)),
    "grad of the squared norm": lambda h, cast: jax.grad(lambda y: jnp.sum(h(y) ** 2))(cast(x)),
    "value_and_grad": lambda h, cast: jax.value_and_grad(lambda y: h(y) @ h(2 * y))(cast(x)),
    "hessian of the squared norm": lambda h, cast: jax.hessian(lambda y: jnp.sum(h(y) ** 2))(
        cast(x)
    ),
    "jacfwd of jacfwd": lambda h, cast: jax.jacfwd(jax.jacfwd(h))(cast(x)),
    "jacfwd of jacrev": lambda h, cast: jax.jacfwd(jax.jacrev(h))(cast(x)),
    "apply_along_axis": lambda h, cast: jnp.apply_along_axis(
        jax.grad(lambda y: h(y).sum()), 1, cast(X[0])
    ),
}
SCALAR: dict[str, Callable[[Function, Any], Any]] = {
    "value": lambda h, cast: h(cast(x)),
    "grad": lambda h, cast: jax.grad(h)(cast(x)),
    "jit of grad": lambda h, cast: jax.jit(jax.grad(h))(cast(x)),
    "value_and_grad": lambda h, cast: jax.value_and_grad(h)(cast(x)),
    "hessian": lambda h, cast: jax.hessian(h)(cast(x)),
    "jacrev of grad": lambda h, cast: jax.jacrev(jax.grad(h))(cast(x)),
    "jacfwd of grad": lambda h, cast: jax.jacfwd(jax.grad(h))(cast(x)),
    "product with the hessian": lambda h, cast: jax.jvp(jax.grad(h), (cast(x),), (cast(v),))[1],
    "vmap of grad": lambda h, cast: jax.vmap(jax.grad(h))(cast(X[0])),
    "vmap of hessian": lambda h, cast: jax.vmap(jax.hessian(h))(cast(X[0])),
    "apply_along_axis": lambda h, cast: jnp.apply_along_axis(jax.grad(h), 1, cast(X[0])),
}
CASES = [
    pytest.param(form, use, id=f"{form}: {name}")
    for form, uses in (("vector", VECTOR), ("scalar", SCALAR))
    for name, use in uses.items()
]


class Hermione:
    """The other side, in this process."""

    def __init__(self, form: str = "vector") -> None:
        self.game = Game.draw(np.random.default_rng(3))
        self.form = form
        self.queries: list[tuple[int, int]] = []
        self.link = Link(self.answer)
        self.function = make_function(self.link, form)

    def answer(self, query: Any) -> list[Array]:
        """The query's answer, and a note of its order and number of points."""
        self.queries.append((query["order"], len(query["x"])))
        return list(self.game.derivatives(self.form, query["order"], query["x"]))

    def original(self, y: Any) -> jax.Array:
        """The assignment's function."""
        value = jnp.sin(self.game.W2 @ jnp.cos(self.game.W1 @ jnp.asarray(y)))
        return value if self.form == "vector" else jnp.sum(value**2)


@pytest.fixture
def hermione() -> Iterator[Hermione]:
    """The vector form, in an open round."""
    made = Hermione()
    with made.link.round():
        yield made


def worst(actual: Any, expected: Any) -> float:
    """The largest error, relative to the largest entry of each array."""
    pairs = zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True)
    errors = []
    for one, other in pairs:
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        size = float(np.abs(other).max())
        errors.append(float(np.abs(np.asarray(one) - np.asarray(other)).max()) / size)
    return max(errors)


@pytest.mark.parametrize(("form", "use"), CASES)
def test_transformations_agree_with_the_original_in_double_precision(
    form: str, use: Callable[[Function, Any], Any]
) -> None:
    """Values, shapes and types, to 1e-10 of the largest entry."""
    hermione = Hermione(form)
    with jax.enable_x64(True), hermione.link.round():
        actual, expected = use(hermione.function, jnp.asarray), use(hermione.original, jnp.asarray)
        assert worst(actual, expected) < 1e-10


@pytest.mark.parametrize(("form", "use"), CASES)
def test_transformations_agree_with_the_original_in_single_precision(
    form: str, use: Callable[[Function, Any], Any]
) -> None:
    """To 4e-3 of the largest entry: at such small points rounding is not much amplified."""
    hermione = Hermione(form)
    with hermione.link.round():
        actual, expected = use(hermione.function, jnp.asarray), use(hermione.original, jnp.asarray)
        assert worst(actual, expected) < 4e-3


@pytest.mark.parametrize(
    ("use", "queries"),
    [
        (lambda h: h(x), [(0, 1)]),
        (lambda h: jax.jacfwd(h)(x), [(1, 1)]),
        (lambda h: jax.jacrev(h)(x), [(1, 1)]),
        (lambda h: jax.vmap(h)(X[0]), [(0, 3)]),
        (lambda h: jax.vmap(jax.vmap(h))(X), [(0, 6)]),
        (lambda h: jax.vmap(jax.jacrev(h))(X[0]), [(1, 3)]),
        (lambda h: jax.hessian(lambda y: jnp.sum(h(y) ** 2))(x), [(2, 1)]),
        (lambda h: jax.vmap(h)(np.zeros((10_485 + 100, 100))), [(0, 10_485), (0, 100)]),
    ],
    ids=["value", "jacfwd", "jacrev", "batch", "nested", "jacobians", "hessian", "large batch"],
)
def test_one_question_asks_for_all_that_is_needed(
    hermione: Hermione, use: Callable[[Function], Any], queries: list[tuple[int, int]]
) -> None:
    """Points of a batch travel together, tangents not at all, and only large batches are cut."""
    np.asarray(use(hermione.function))
    assert hermione.queries == queries


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        ([1.0] * 100, np.float32),
        (np.ones(100), np.float32),
        (np.ones(100, np.float16), np.float32),
        (jnp.ones(100, jnp.bfloat16), np.float32),
        (np.ones(100, int), np.float32),
        (np.ones(100, bool), np.float32),
    ],
)
def test_numbers_of_every_kind_count_as_single_precision(
    hermione: Hermione, given: Any, dtype: type
) -> None:
    """Lists, NumPy's arrays, integers and half precision all do, where x64 is off."""
    value = hermione.function(given)
    assert isinstance(value, jax.Array)
    assert value.dtype == dtype
    np.testing.assert_array_equal(value, hermione.function(np.ones(100, np.float32)))


@pytest.mark.parametrize("given", [[1.0] * 100, np.ones(100), np.ones(100, np.float32)])
def test_double_precision_follows_the_argument_where_x64_is_on(
    hermione: Hermione, given: Any
) -> None:
    """Double in, double out; single stays single."""
    with jax.enable_x64(True):
        assert hermione.function(given).dtype == jnp.asarray(given).dtype


def test_double_precision_survives_the_threads_of_jax(hermione: Hermione) -> None:
    """Where x64 is on for one thread only, JAX's own threads still pass doubles on unharmed."""
    with jax.enable_x64(True):
        expected = np.asarray(hermione.function(np.ones(100)))
        for _ in range(30):
            # A pending argument makes JAX call back from another thread.
            pending = jnp.linalg.matrix_power(jnp.eye(100), 64) @ jnp.ones(100)
            np.testing.assert_array_equal(hermione.function(pending), expected)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (np.ones(99), ValueError, r"x must have shape \(100,\), got \(99,\)"),
        (1.0, ValueError, r"got \(\)"),
        (np.ones((3, 100)), ValueError, "use jax.vmap"),
        (np.ones((100, 1, 1)), ValueError, r"got \(100, 1, 1\)"),
        (np.ones(100, complex), TypeError, "x must be real, got complex64"),
    ],
)
def test_wrong_arguments_are_refused(
    hermione: Hermione, given: Any, error: type[Exception], words: str
) -> None:
    """The error says what x must be; nothing is asked."""
    with pytest.raises(error, match=words):
        hermione.function(given)
    assert hermione.queries == []


def test_a_matrix_is_refused_by_the_scalar_form() -> None:
    """The squared norm of several columns would mix them."""
    hermione = Hermione("scalar")
    with hermione.link.round(), pytest.raises(ValueError, match="must have shape"):
        hermione.function(np.ones((100, 2)))


def test_a_third_derivative_is_refused(hermione: Hermione) -> None:
    """At once, in words."""
    third = jax.jacfwd(jax.jacfwd(jax.grad(lambda y: hermione.function(y).sum())))
    with pytest.raises(TypeError, match="differentiated twice, got a third derivative"):
        third(x)


def test_jitted_functions_follow_the_draw(hermione: Hermione) -> None:
    """Neither values nor derivatives are folded into what is compiled, arguments or not."""
    constant = jax.jit(lambda: hermione.function(jnp.ones(100)))
    jacobian = jax.jit(jax.jacfwd(hermione.function))
    before = constant(), jacobian(x)
    hermione.game = Game.draw(np.random.default_rng(4))
    after = constant(), jacobian(x)
    for one, other in zip(before, after, strict=True):
        assert np.abs(np.asarray(one) - np.asarray(other)).max() > 0.1
    np.testing.assert_array_equal(after[0], hermione.function(jnp.ones(100)))


def test_nothing_is_compiled_anew_for_another_draw(hermione: Hermione) -> None:
    """Whatever r is, shapes are the same."""
    compiled = jax.jit(jax.jacfwd(hermione.function))
    for seed in range(4):
        hermione.game = Game.draw(np.random.default_rng(seed))
        compiled(x)
    assert compiled._cache_size() == 1  # type: ignore[attr-defined]  # JAX's own counter


def test_jaxprs_hold_no_constants(hermione: Hermione) -> None:
    """What JAX traces are calls and products of arguments."""
    for function in (hermione.function, jax.jacfwd(hermione.function)):
        assert [np.shape(one) for one in jax.make_jaxpr(function)(x).consts if np.ndim(one)] == []


def test_threads_may_ask_at_the_same_time(hermione: Hermione) -> None:
    """Each gets the answers to its own questions."""
    points = [jnp.full(100, 0.01 * number) for number in range(4)]
    expected = [np.asarray(hermione.function(point)) for point in points]
    wrong: list[int] = []

    def ask(number: int) -> None:
        answers = [np.asarray(hermione.function(points[number])) for _ in range(15)]
        wrong.extend(number for answer in answers if (answer != expected[number]).any())

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_no_question_is_passed_on_after_the_round() -> None:
    """It fails at once, and the next round asks again."""
    hermione = Hermione()
    with hermione.link.round():
        np.asarray(hermione.function(x))
    asked = len(hermione.queries)
    # JAX wraps it in one type or another.
    with pytest.raises(Exception, match="must not be asked after the round"):
        np.asarray(hermione.function(x))
    assert (hermione.link.refused, len(hermione.queries)) == (True, asked)
    with hermione.link.round():
        np.asarray(hermione.function(x))


def test_a_round_waits_for_the_question_on_its_way() -> None:
    """The round's answer never overtakes a query."""
    started, finish, order = threading.Event(), threading.Event(), itertools.count()
    answered: list[int] = []
    hermione = Hermione()

    def slow(query: Any) -> list[Array]:
        started.set()
        finish.wait(20)
        answered.append(next(order))
        return hermione.answer(query)

    link = Link(slow)
    function = make_function(link, "vector")
    with link.round():
        thread = threading.Thread(target=lambda: np.asarray(function(x)))
        thread.start()
        assert started.wait(20)
        threading.Timer(0.2, finish.set).start()
    assert answered == [0]
    thread.join()


def test_an_error_of_the_channel_ends_the_call() -> None:
    """It surfaces in the submission; nothing hangs."""

    def broken(_query: Any) -> Any:
        raise EOFError

    link = Link(broken)
    with link.round(), pytest.raises(jax.errors.JaxRuntimeError, match="EOFError"):
        np.asarray(make_function(link, "vector")(x))
