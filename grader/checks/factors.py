"""Which layer a stored array belongs to, however the submission arranged its factors.

The factors of the truncation are unique only up to an invertible r x r matrix between them: s may
stand left, right, on both sides or apart. What all arrangements share is the spaces that they
span, those of r left and r right singular vectors; a mistaken choice of the triplets is seen too.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import numpy as np

from grader.checks.compare import Array, close
from grader.checks.truncation import Doubles, Layer, TruncatedNet
from grader.names import clean_name, short_name

Part = Literal["left factor", "right factor", "singular values", "weight matrix", "bias"]

PARTS: tuple[Part, ...] = ("left factor", "right factor", "singular values", "bias")
"""What a compressed layer is made of; s only where it stands apart."""
WHOLE: Part = "weight matrix"
ALIGNED = 0.99
"""Share of a space of k dimensions that must lie in that of k singular vectors."""
GLANCE = 0.5
"""Share of one vector of such a space that must lie there for the others to be looked at."""
SAME = 1e-3
"""Relative difference up to which an array counts as a known one."""
MOST_MATRICES = 64
"""Matrices of the right shape that are looked at, in all arrays together."""
MOST_VECTORS = 4096
"""Vectors that are looked at: a column of each factor may be a tensor of its own."""
MOST_NUMBERS = 4
"""Numbers in all matrices that are looked at, as a multiple of the network's."""


class Role(NamedTuple):
    """What an array is in a layer."""

    layer: str
    part: Part


def find_roles(
    arrays: Mapping[str, Array], net: TruncatedNet, rank: int
) -> dict[str, frozenset[Role]]:
    """Path -> what the array is, where it is anything; a stack of matrices may be several.

    The work is bounded, however many arrays there are: what has not the shape of a part of a layer
    is passed over unread, and of the others only so many are looked at, in the order given.
    """
    found: dict[str, frozenset[Role]] = {}
    limits = _Limits(net)
    for path, array in arrays.items():
        if array.dtype.kind != "f" or not array.size:
            continue
        roles = set()
        for matrix in _matrices(array, net):
            layers = [layer for layer in net.layers if _may_be_part(matrix.shape, layer, rank)]
            if not layers or not limits.allow(matrix) or not np.all(np.isfinite(matrix)):
                continue
            wide = matrix.astype(np.float64)
            roles |= {Role(one.name, part) for one in layers for part in _parts(wide, one, rank)}
        if roles:
            found[path] = frozenset(roles)
    return found


class _Limits:
    """How much of what a model keeps is still looked at."""

    def __init__(self, net: TruncatedNet) -> None:
        self._vectors, self._matrices = MOST_VECTORS, MOST_MATRICES
        self._numbers = MOST_NUMBERS * sum(layer.weight.size for layer in net.layers)

    def allow(self, matrix: Array) -> bool:
        """Whether this one is looked at too."""
        if max(matrix.shape, default=1) == matrix.size:
            self._vectors -= 1
            return self._vectors >= 0
        self._matrices -= 1
        self._numbers -= matrix.size
        return self._matrices >= 0 and self._numbers >= 0


def _matrices(array: Array, net: TruncatedNet) -> list[Array]:
    """The matrices and vectors that an array may stand for: itself, or each of a stack."""
    if array.ndim <= 2:  # noqa: PLR2004 - a matrix
        return [array]
    squeezed = array.squeeze()
    found = [squeezed] if squeezed.ndim <= 2 else []  # noqa: PLR2004
    # A leading axis that no matrix has may count layers.
    if array.ndim == 3 and len(array) <= 4 * len(net.layers):  # noqa: PLR2004 - layers, rows, columns
        found += list(array)
    return found


def _may_be_part(shape: tuple[int, ...], layer: Layer, rank: int) -> bool:
    """Whether an array of this shape can be anything in the layer, by the sizes alone."""
    size = max(shape, default=1)
    kept = min(rank, len(layer.values))
    if size == np.prod(shape, dtype=np.int64):
        # A vector, or a single column; singular values of rank + 1 are a mistake that is seen.
        return size in layer.shape or kept - 1 <= size <= len(layer.values)
    if shape[0] == shape[1] and kept - 1 <= shape[0] <= len(layer.values):
        return True
    return shape in {layer.shape, layer.shape[::-1]} or any(
        side in layer.shape and kept // 2 <= columns <= 2 * kept
        for side, columns in (shape, shape[::-1])
    )


def unaccounted(roles: Mapping[str, frozenset[Role]], net: TruncatedNet) -> list[str]:
    """Layers of which neither both factors nor the weight matrix were found."""
    present = {role for some in roles.values() for role in some}
    return [
        layer.name
        for layer in net.layers
        if Role(layer.name, "weight matrix") not in present
        and not {Role(layer.name, "left factor"), Role(layer.name, "right factor")} <= present
    ]


def needs_values(
    roles: Mapping[str, frozenset[Role]], arrays: Mapping[str, Array], layer: Layer, rank: int
) -> bool:
    """Whether the two factors of a layer make the truncation only together with s."""
    left, right = (
        [
            matrix
            for path, some in roles.items()
            if Role(layer.name, part) in some and arrays[path].ndim == 2  # noqa: PLR2004 - a matrix
            for matrix in (arrays[path].astype(np.float64), arrays[path].T.astype(np.float64))
            if len(matrix) == side
        ]
        for part, side in zip(PARTS[:2], layer.shape, strict=True)
    )
    truncated = (layer.left(rank) * layer.values[:rank]) @ layer.right(rank).T
    return not any(
        L.shape[1] == R.shape[1] and close(L @ R.T, truncated, rtol=SAME)
        for L in left
        for R in right
    )


def describe(path: str, roles: frozenset[Role]) -> str:
    """For feedback: `layers.0.U` (left factor of fc1)."""
    what = ", ".join(f"{role.part} of {role.layer}" for role in sorted(roles))
    shown = short_name(clean_name(path))
    return f"`{shown}` ({what})" if what else f"`{shown}`"


def _parts(array: Doubles, layer: Layer, rank: int) -> Iterator[Part]:
    squeezed = array.squeeze()
    if squeezed.ndim <= 1:
        line = squeezed.reshape(-1)
        if line.shape == layer.bias.shape and close(line, layer.bias, rtol=SAME):
            yield "bias"
        elif _is_values(line, layer, rank):
            yield "singular values"
        if array.ndim < 2 or rank > 1:  # noqa: PLR2004 - a single column is a factor of rank 1
            return
    for matrix in (array, array.T):
        if matrix.shape == layer.shape and _is_weight(matrix, layer, rank):
            yield "weight matrix"
        elif len(matrix) == layer.shape[0] and _spans(matrix, layer, "left", rank):
            yield "left factor"
        elif len(matrix) == layer.shape[1] and _spans(matrix, layer, "right", rank):
            yield "right factor"
    if array.shape == (len(array),) * 2 and _is_values(np.diag(array), layer, rank):
        yield "singular values"


def _is_values(line: Doubles, layer: Layer, rank: int) -> bool:
    expected = layer.values[: len(line)]
    if len(line) < min(rank, len(layer.values)) - 1 or line.shape != expected.shape:
        return False
    return any(close(line, expected**power, rtol=SAME) for power in (1.0, 0.5))


def _is_weight(matrix: Doubles, layer: Layer, rank: int) -> bool:
    if close(matrix, layer.weight, rtol=SAME):
        return True
    truncated = layer.apply(np.eye(layer.shape[1]), slice(rank)).T
    return close(matrix, truncated, rtol=SAME)


def _spans(matrix: Doubles, layer: Layer, side: Literal["left", "right"], rank: int) -> bool:
    """Whether the columns span the same space as so many singular vectors."""
    asked, columns = min(rank, len(layer.values)), matrix.shape[1]
    # Wider than that it is no factor of this rank, not even a mistaken one: W spans all of them.
    if not asked // 2 <= columns <= min(2 * asked, len(matrix)) or not matrix.any():
        return False
    # One vector of the space first, which is cheap: another layer's lies all over the vectors.
    basis = np.linalg.qr(matrix).Q
    weights = np.cos(np.arange(basis.shape[1]))
    one = basis @ (weights / np.linalg.norm(weights))
    if np.sort(layer.energies(one[:, None], side))[-columns:].sum() < GLANCE:
        return False
    spread = layer.energies(basis, side)
    return bool(np.sort(spread)[-columns:].sum() >= ALIGNED * columns)
