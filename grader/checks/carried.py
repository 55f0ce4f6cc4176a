"""Which mistaken compressed networks the later items of problem 3 go on with.

A mistake in `CompressedNet` costs its points once, in 3.2. What 3.3 and 3.4 ask of such a network
is judged on it, but only if it is a compression at all: a class that computes anything else could
confirm whatever it reports.
"""

from collections.abc import Mapping

from grader.checks.compare import Array
from grader.checks.compressed import storage_limit
from grader.checks.factors import WHOLE, Role, find_roles
from grader.checks.truncation import Layer, TruncatedNet

TIMES = 2
"""How many times what factors need may be stored: for a mistaken rank, or in double precision."""
DENSE = 0.5
"""Share of the layers that may be stored uncompressed, e.g. all that are not square."""
MAX_RANKS = 8
"""Ranks that are looked for, beside the one asked for; a mistaken one may differ by layer."""


def storage_of_mistake(arrays: Mapping[str, Array], net: TruncatedNet, rank: int) -> int | None:
    """The most numbers that a mistaken compression with these `arrays` may store.

    Returns:
        None where it is no compression: the factors or the matrix of a layer are missing, or more
        layers than `DENSE` have no factors that are smaller than the weight matrix.
    """
    roles = {k: find_roles(arrays, net, k) for k in _ranks(arrays, net, rank)}
    allowed, dense = storage_limit(net, rank) * TIMES, 0
    for layer in net.layers:
        if layer.factored(rank) >= layer.weight.size:
            continue  # too small to be compressed, and within the limit whatever stands for it
        found = [k for k, some in roles.items() if _has_factors(layer, some)]
        if found and layer.factored(min(found)) < layer.weight.size:
            allowed += TIMES * max(layer.factored(min(found)) - layer.factored(rank), 0)
            continue
        if not found and not _has(layer, roles[rank], WHOLE):
            return None
        dense += 1
        allowed += layer.weight.size
    return allowed if dense <= DENSE * len(net.layers) else None


def _ranks(arrays: Mapping[str, Array], net: TruncatedNet, rank: int) -> list[int]:
    sides = {min(array.shape[-2:]) for array in arrays.values() if array.ndim > 1}
    others = sorted(side for side in sides if 0 < side < max(net.sides) and side != rank)
    return [rank, *others[:MAX_RANKS]]


def _has_factors(layer: Layer, roles: Mapping[str, frozenset[Role]]) -> bool:
    return _has(layer, roles, "left factor") and _has(layer, roles, "right factor")


def _has(layer: Layer, roles: Mapping[str, frozenset[Role]], part: str) -> bool:
    return any(role == (layer.name, part) for some in roles.values() for role in some)
