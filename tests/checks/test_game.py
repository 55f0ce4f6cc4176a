"""The draws, and the function and its derivatives against JAX's and against extended precision."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grader.checks.game import FORMS, Game

Array = np.ndarray[Any, Any]
Real = type[np.float32] | type[np.float64]
ROUNDOFF: dict[Real, float] = {np.float32: 2.0**-24, np.float64: 2.0**-53}


def game_of(r: int, seed: int = 0) -> Game:
    """The game as it is drawn, but with this r."""
    rng = np.random.default_rng(seed)
    W1, W2 = (100 * rng.random(shape, dtype=np.float32) for shape in ((r, 100), (100, r)))
    return Game(r, W1, W2)


def points_of(scale: float, dtype: Real, count: int = 3) -> Array:
    return (scale * np.random.default_rng(1).standard_normal((count, 100))).astype(dtype)


def original(game: Game, form: str) -> Callable[[jax.Array], jax.Array]:
    """The assignment's function in JAX, as a game in one process computes it."""
    W1, W2 = jnp.asarray(game.W1), jnp.asarray(game.W2)

    def h(x: jax.Array) -> jax.Array:
        return jnp.sin(W2 @ jnp.cos(W1 @ x))

    return h if form == "vector" else lambda x: jnp.sum(h(x) ** 2)


def exactly(game: Game, points: Array) -> Array:
    """The vector form in the extended precision of `np.longdouble`."""
    W1, W2, x = (array.astype(np.longdouble) for array in (game.W1, game.W2, points))
    found: Array = np.sin(np.cos(x @ W1.T) @ W2.T)
    return found


def error_bound(game: Game, points: Array, dtype: Real) -> Array:
    """Bound (1) of grader/checks/game.py on the error of one evaluation of h."""
    unit = ROUNDOFF[dtype]
    gamma = 102 * unit
    W1, W2, x = (np.abs(array.astype(np.float64)) for array in (game.W1, game.W2, points))
    cosine = np.abs(np.cos(points.astype(np.float64) @ game.W1.T.astype(np.float64)))
    bound: Array = 2 * unit + (gamma * x @ W1.T + gamma * cosine) @ W2.T
    return bound


def test_draw_is_uniform_over_all_r() -> None:
    """Each of 1 ... 95 comes about as often as any other, and nothing else does."""
    rng = np.random.default_rng(0)
    counts = np.bincount([Game.draw(rng).r for _ in range(9500)], minlength=96)
    assert len(counts) == 96
    assert counts[0] == 0
    # 100 expected, standard deviation 10.
    assert counts[1:].min() > 50
    assert counts[1:].max() < 150


def test_draw_fills_the_matrices_uniformly() -> None:
    """Entries are float32 in [0, 100), with the mean and spread of the uniform distribution."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        game = Game.draw(rng)
        assert game.W1.shape == (game.r, 100)
        assert game.W2.shape == (100, game.r)
        for matrix in (game.W1, game.W2):
            assert matrix.dtype == np.float32
            assert matrix.min() >= 0
            assert matrix.max() < 100
            assert abs(matrix.mean() - 50) < 6 * 28.9 / np.sqrt(matrix.size)
            assert abs(matrix.std() - 28.9) < 100 / np.sqrt(matrix.size)


def test_draw_repeats_with_its_generator() -> None:
    """The same seed gives the same game, another another."""
    first, again, other = (Game.draw(np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.W1, again.W1)
    np.testing.assert_array_equal(first.W2, again.W2)
    assert first.W1.shape != other.W1.shape or (first.W1 != other.W1).any()


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.float64, 1.0), (np.float64, 1e-3), (np.float32, 1e-3)]
)
@pytest.mark.parametrize("r", [1, 50, 95])
def test_values_keep_the_derived_bound(r: int, dtype: Real, scale: float) -> None:
    """The error against extended precision is at most what the module derives."""
    game, points = game_of(r), points_of(scale, dtype, count=20)
    (value,) = game.derivatives("vector", 0, points)
    bound = error_bound(game, points, dtype)
    assert bound.max() < 0.5  # or it would say nothing
    assert (np.abs(value - exactly(game, points)) <= bound).all()


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.float64, 1.0), (np.float64, 1e-3), (np.float32, 1e-3)]
)
def test_values_agree_with_the_original_within_twice_the_bound(dtype: Real, scale: float) -> None:
    """The game in one process, evaluated by JAX in the same precision, gives the same values."""
    game, points = game_of(95), points_of(scale, dtype, count=20)
    with jax.enable_x64(dtype is np.float64):
        theirs = np.asarray(jax.vmap(original(game, "vector"))(jnp.asarray(points)))
    (ours,) = game.derivatives("vector", 0, points)
    assert ours.dtype == theirs.dtype == dtype
    assert (np.abs(ours - theirs) <= 2 * error_bound(game, points, dtype)).all()


@pytest.mark.parametrize(("place", "mean", "largest"), [("normal", 0.02, 0.2), ("ones", 0.1, 1.0)])
def test_float32_values_at_scale_1_differ_by_rounding_alone(
    place: str, mean: float, largest: float
) -> None:
    """Where the bound says nothing, they are no farther from the truth than the original's."""
    ours, theirs, apart = [], [], []
    for seed in range(20):
        game = game_of(95, seed)
        points = np.ones((1, 100), np.float32)
        if place == "normal":
            points = np.random.default_rng(seed).standard_normal((1, 100)).astype(np.float32)
        (one,) = game.derivatives("vector", 0, points)
        other = np.asarray(original(game, "vector")(jnp.asarray(points[0])))
        exact = exactly(game, points)
        ours.append(np.abs(one - exact))
        theirs.append(np.abs(other - exact))
        apart.append(np.abs(one - other))
    assert np.mean(ours) < 1.3 * np.mean(theirs)
    assert np.mean(apart) < mean
    assert np.max(apart) < largest


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("r", [1, 37, 95])
def test_derivatives_agree_with_automatic_ones(r: int, form: str) -> None:
    """In float64, every order of both forms, to 1e-9 of the largest entry."""
    game, points = game_of(r), points_of(0.1, np.float64, count=2)
    with jax.enable_x64(True):
        function = original(game, form)
        orders = [function, jax.jacfwd(function), jax.jacfwd(jax.jacfwd(function))]
        theirs = [np.asarray(jax.vmap(one)(jnp.asarray(points))) for one in orders]
    ours = game.derivatives(form, 2, points)
    for actual, expected in zip(ours, theirs, strict=True):
        assert actual.shape == expected.shape
        assert np.abs(actual - expected).max() <= 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_derivatives_have_the_type_of_the_points(dtype: Real, form: str) -> None:
    """Single precision stays single, double stays double, in every order."""
    found = game_of(3).derivatives(form, 2, points_of(1.0, dtype))
    assert [array.dtype for array in found] == [dtype] * 3


@pytest.mark.parametrize("form", sorted(FORMS))
def test_derivatives_at_no_point_are_empty(form: str) -> None:
    """An empty batch gives empty arrays of the right shapes."""
    found = game_of(3).derivatives(form, 1, np.zeros((0, 100)))
    value: tuple[int, ...] = (100,) if form == "vector" else ()
    assert [array.shape for array in found] == [(0, *value), (0, *value, 100)]


def test_what_is_not_finite_gives_nan_in_silence() -> None:
    """As in JAX, and one bad point leaves the others alone."""
    points = points_of(1.0, np.float32)
    points[0, 3], points[1, 4] = np.inf, np.nan
    value, jacobian = game_of(20).derivatives("vector", 1, points)
    assert np.isnan(value[:2]).all()
    assert np.isnan(jacobian[:2]).all()
    assert np.isfinite(value[2]).all()
    assert np.isfinite(jacobian[2]).all()
