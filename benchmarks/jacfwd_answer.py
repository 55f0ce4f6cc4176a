"""The hand-in of the game's benchmark: one Jacobian at ones, a threshold of 1."""

from collections.abc import Callable

import jax
import jax.numpy as jnp


def harry_answers(hermione_computes_function: Callable[[jax.Array], jax.Array]) -> int:
    """The number of singular values above 1."""
    jacobian = jax.jacfwd(hermione_computes_function)(jnp.ones(100))
    return int(jnp.sum(jnp.linalg.svd(jacobian, compute_uv=False) > 1.0))
