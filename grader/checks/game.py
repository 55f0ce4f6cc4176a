"""Hermione's side of the game: draws r, W1 and W2, and answers what is asked at points x.

With z = W1 x and u = W2 cos z the function is h(x) = sin u. By the chain rule

    D  = du/dx = -W2 diag(sin z) W1,
    J  = dh/dx = diag(cos u) D,
    T_ijl = dJ_ij/dx_l = -sin(u_i) D_ij D_il - cos(u_i) B_ijl,
    B_ijl = sum_k W2_ik cos(z_k) W1_kj W1_kl,   for d(sin z_k)/dx_l = cos(z_k) W1_kl.

The scalar form is s = sum_i sin(u_i)^2. With ds/du_i = sin(2 u_i) and w = W2^T sin(2u)

    grad s = D^T sin(2u) = -W1^T (w sin z),
    hess s = D^T diag(2 cos(2u)) D - W1^T diag(w cos z) W1.

Everything is computed in the type of x, as the game in one process does it. Rounding is not small
there. Let e be the unit roundoff, g = 102 e, |.| entrywise. The products bring relative errors of
at most 100 e, sine and cosine of e or two (Higham, Accuracy and Stability of Numerical Algorithms,
section 3.1), so to first order

    |dz| <= g |W1||x|,   |dh| <= 2e + |W2| (|dz| + g |cos z|),                              (1)

and two evaluations in one type, this one and the game's own, differ by at most twice that. In
float64 with |x| about 1 the right side of (1) is at most 1e-6. In float32 it is above 2 there and
says nothing: z is about 5000, and its rounding of 3e-4 is amplified some 500 times by W2. With r of
95 this function and the game's own then differ by 0.01 on average and up to 0.1 at normal x, by
0.06 and up to 0.7 at ones, each about as far from the exact value as the other. They agree to 1e-3
where |x| is 1e-3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

DIMENSION = 100
LARGEST_R = 95
LARGEST_ENTRY = 100.0
HIGHEST_ORDER = 2
"""Of the derivatives that can be asked for."""

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Game:
    """One draw."""

    r: int
    """What Harry has to name, 1 to 95."""
    W1: NDArray[np.float32]
    """(r, 100), entries in [0, 100)."""
    W2: NDArray[np.float32]
    """(100, r), entries in [0, 100)."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        """A new r, uniform in 1 ... 95, and new matrices, uniform in [0, 100)."""
        r = int(rng.integers(1, LARGEST_R + 1))
        scale = np.float32(LARGEST_ENTRY)
        W1 = scale * rng.random((r, DIMENSION), dtype=np.float32)
        W2 = scale * rng.random((DIMENSION, r), dtype=np.float32)
        return cls(r, W1, W2)

    def derivatives(self, form: str, order: int, points: Array) -> list[Array]:
        """The function and its derivatives at each of several points.

        Args:
            form: `vector`, h: (100,) -> (100,), or `scalar`, its squared 2-norm.
            order: Of the highest derivative wanted, 0 to 2.
            points: (B, 100) float32 or float64.

        Returns:
            order + 1 arrays in the type of `points`: (B, *v), (B, *v, 100), (B, *v, 100, 100) with
            v the shape of the function's value. NaN where a point is not finite.
        """
        with np.errstate(all="ignore"):
            at = _Points(self, points)
            return [compute(at) for compute in FORMS[form][: order + 1]]


class _Points:
    """What the derivatives at B points have in common."""

    def __init__(self, game: Game, points: Array) -> None:
        self.W1 = game.W1.astype(points.dtype)
        self.W2 = game.W2.astype(points.dtype)
        self.z = points @ self.W1.T
        self.u = np.cos(self.z) @ self.W2.T

    def inner(self) -> Array:
        """D, (B, 100, 100)."""
        return -(self.W2 * np.sin(self.z)[:, None, :]) @ self.W1

    def bent(self) -> Array:
        """B, (B, 100, 100, 100)."""
        squares = (self.W1[:, :, None] * self.W1[:, None, :]).reshape(len(self.W1), -1)
        summed = (self.W2 * np.cos(self.z)[:, None, :]) @ squares
        return summed.reshape(len(self.z), DIMENSION, DIMENSION, DIMENSION)


def _value(at: _Points) -> Array:
    return np.sin(at.u)


def _jacobian(at: _Points) -> Array:
    found: Array = np.cos(at.u)[:, :, None] * at.inner()
    return found


def _second(at: _Points) -> Array:
    D = at.inner()
    sine, cosine = (wave(at.u)[:, :, None, None] for wave in (np.sin, np.cos))
    found: Array = -sine * D[:, :, :, None] * D[:, :, None, :] - cosine * at.bent()
    return found


def _squared(at: _Points) -> Array:
    found: Array = np.sum(np.sin(at.u) ** 2, axis=1)
    return found


def _gradient(at: _Points) -> Array:
    found: Array = ((np.sin(2 * at.u) @ at.W2) * -np.sin(at.z)) @ at.W1
    return found


def _hessian(at: _Points) -> Array:
    D, w = at.inner(), np.sin(2 * at.u) @ at.W2
    outer = D.swapaxes(1, 2) @ (2 * np.cos(2 * at.u)[:, :, None] * D)
    found: Array = outer - (at.W1.T * (w * np.cos(at.z))[:, None, :]) @ at.W1
    return found


FORMS: dict[str, tuple[Callable[[_Points], Array], ...]] = {
    "vector": (_value, _jacobian, _second),
    "scalar": (_squared, _gradient, _hessian),
}
"""Form -> the function and its derivatives, by order."""
