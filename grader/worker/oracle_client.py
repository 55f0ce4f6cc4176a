"""The game's function as a submission gets it: JAX differentiates it, the grader alone knows it.

Values and derivatives are computed on the other side of the channel. What is asked there are whole
derivatives at points x; they are contracted with the tangents here, by plain products that JAX
transposes and batches by itself. So every transformation works up to second order, and no closure,
jaxpr or constant on this side holds the matrices.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

DIMENSION = 100
"""Entries of x, and of the vector form's value."""
HIGHEST_ORDER = 2
"""Of the derivatives that the grader computes."""
NUMBERS_AT_ONCE = 1 << 20
"""About so many numbers come in one answer, or go in one query: 8 MiB in double precision."""

Array = np.ndarray[Any, Any]


class Link:
    """Asks the grader, one question at a time and only while a round is open."""

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        self._ask = ask
        # JAX calls back from threads of its own, and a submission may have some too.
        self._lock = threading.Lock()
        self._open = False
        self.refused = False
        """Whether a question came after its round."""
        # It would print the path of every frame; the exception itself says what is wrong.
        logging.getLogger("jax._src.callback").setLevel(logging.CRITICAL)

    @contextmanager
    def round(self) -> Iterator[None]:
        """Questions are passed on within; a computation that is still pending fails afterwards."""
        with self._lock:
            self._open, self.refused = True, False
        try:
            yield
        finally:
            # Waits for a question on its way: one sent after the round's answer would break the
            # protocol.
            with self._lock:
                self._open = False

    def derivatives(self, order: int, shapes: Sequence[tuple[int, ...]], x: Any) -> list[Array]:
        """The function and its derivatives up to `order` at every point of `x`.

        Args:
            order: 0 to 2.
            shapes: Of the function's value and of each derivative at one point.
            x: (..., 100) float32, or (..., 100, 2) uint32, the words of float64.

        Returns:
            One array a shape, (..., *shape) float32 or (..., *shape, 2) uint32.
        """
        # No JAX in here: a computation that waits for this call would wait for itself.
        given = np.asarray(x)
        double = given.dtype == np.uint32
        points = given.view(np.float64)[..., 0] if double else given
        flat = points.reshape(-1, DIMENSION)
        numbers = sum(int(np.prod(shape)) for shape in shapes)
        step = max(1, NUMBERS_AT_ONCE // max(numbers, DIMENSION))
        starts = range(0, max(len(flat), 1), step)
        answers = [self._question(order, flat[start : start + step]) for start in starts]
        joined = (
            answers[0] if len(answers) == 1 else map(np.concatenate, zip(*answers, strict=True))
        )
        parts = [
            part.reshape((*points.shape[:-1], *shape))
            for part, shape in zip(joined, shapes, strict=True)
        ]
        return [part[..., None].view(np.uint32) for part in parts] if double else parts

    def _question(self, order: int, points: Array) -> list[Array]:
        with self._lock:
            if not self._open:
                self.refused = True
                raise RuntimeError("a round's function must not be asked after the round")
            answer: list[Array] = self._ask({"order": order, "x": points})
            return answer


def make_function(link: Link, form: str) -> Callable[[Any], jax.Array]:
    """The function that Hermione computes; the same object serves all draws.

    Args:
        link: Where its values come from.
        form: `vector`: x -> sin(W2 cos(W1 x)), (100,); `scalar`: its squared 2-norm, ().

    Returns:
        A function of x, (100,) real. Its values have the type of x, float32 at least. It can be
        differentiated twice. The vector form also takes columns, (100, k), to (100, k).
    """
    value_shape = () if form == "scalar" else (DIMENSION,)
    shapes = [(*value_shape, *(DIMENSION,) * order) for order in range(HIGHEST_ORDER + 1)]
    differentiable = _with_derivatives(link, shapes, 0)

    def hermione_computes_function(x: Any) -> jax.Array:
        points = jnp.asarray(x)
        if jnp.issubdtype(points.dtype, jnp.complexfloating):
            raise TypeError(f"x must be real, got {points.dtype}")
        points = points.astype(jnp.promote_types(points.dtype, jnp.float32))
        if points.shape == (DIMENSION,):
            value: jax.Array = differentiable(points)[0]
            return value
        # The original is a product of matrices, and so takes several columns at once.
        if form == "vector" and points.ndim == 2 and points.shape[0] == DIMENSION:  # noqa: PLR2004 - columns
            values: jax.Array = jax.vmap(differentiable, in_axes=1, out_axes=1)(points)[0]
            return values
        raise ValueError(
            f"x must have shape ({DIMENSION},), got {points.shape}; for several x use jax.vmap"
        )

    return hermione_computes_function


def _with_derivatives(
    link: Link, shapes: Sequence[tuple[int, ...]], order: int
) -> Callable[[Any], tuple[Any, ...]]:
    """The function and its derivatives up to `order`, asked for together; itself differentiable.

    The derivative of the k-th part in direction v is the (k+1)-st times v, so one question of one
    order more answers both what was there and how it changes.
    """
    wanted = tuple(shapes[: order + 1])
    # One object for all calls: JAX compiles once for each.
    ask = partial(link.derivatives, order, wanted)
    higher = _with_derivatives(link, shapes, order + 1) if order < HIGHEST_ORDER else None

    def compute(x: Any) -> tuple[Any, ...]:
        # JAX calls back from whatever thread, and where x64 was enabled for another thread alone
        # it would cut doubles to singles on the way. Their words pass unharmed.
        double = x.dtype == jnp.float64
        given = jax.lax.bitcast_convert_type(x, jnp.uint32) if double else x
        results = tuple(
            jax.ShapeDtypeStruct((*shape, 2) if double else shape, given.dtype)  # type: ignore[no-untyped-call]  # jax leaves it untyped
            for shape in wanted
        )
        # Batched points travel together.
        parts = jax.pure_callback(ask, results, given, vmap_method="broadcast_all")
        if double:
            return tuple(jax.lax.bitcast_convert_type(part, jnp.float64) for part in parts)
        return tuple(parts)

    differentiable = jax.custom_jvp(compute)

    def rule(primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        (x,), (v,) = primals, tangents
        if higher is None:
            raise TypeError(
                "hermione_computes_function can be differentiated twice, got a third derivative"
            )
        # Of x alone: over many tangents it is asked for once.
        parts = higher(x)
        return parts[:-1], tuple(jnp.tensordot(part, v, axes=1) for part in parts[1:])

    differentiable.defjvp(rule)
    return differentiable
