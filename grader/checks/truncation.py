"""The grader's own truncated network, in double precision, from the baseline's weights alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]

SAFETY = 50.0
"""By how much a float32 decomposition may be worse than the model of it in `sensitivity`."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One fully connected layer x -> W x + b and the singular triplets of W.

    Only the singular vectors of W's smaller side are kept, the eigenvectors Q of W Wᵀ or Wᵀ W:
    with P the projector onto the first r of them the truncation is P W or W P, and W itself
    supplies the other side. In double precision that is exact to some 1e-16 s₁² / (s_r² - s_{r+1}²)
    in P and 1e-8 s₁ in the smallest singular values, far below what float32 can tell.
    Source: Golub, Van Loan, Matrix Computations, 4th ed., section 8.6.
    """

    name: str
    weight: Doubles
    """(m, n)."""
    bias: Doubles
    """(m,)."""
    values: Doubles
    """(q,) singular values, descending, q the smaller side."""
    vectors: Doubles
    """(q, q), a singular vector of the smaller side in each column."""

    @classmethod
    def of(cls, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> "Layer":
        """Decompose `weight`."""
        wide = weight.astype(np.float64)
        gram = wide @ wide.T if len(wide) <= wide.shape[1] else wide.T @ wide
        squares, vectors = np.linalg.eigh(gram)
        values = np.sqrt(np.maximum(squares[::-1], 0.0))
        return cls(name, wide, bias.astype(np.float64), values, vectors[:, ::-1])

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        return self.weight.shape

    def factored(self, rank: int) -> int:
        """Numbers in the two factors of the truncation."""
        return min(rank, len(self.values)) * sum(self.shape)

    def left(self, rank: int) -> Doubles:
        """(m, min(rank, q)): the first left singular vectors."""
        kept = self.vectors[:, :rank]
        return kept if self._on_left else self.weight @ kept / self._divisors(rank)

    def right(self, rank: int) -> Doubles:
        """(n, min(rank, q)): the first right singular vectors."""
        kept = self.vectors[:, :rank]
        return self.weight.T @ kept / self._divisors(rank) if self._on_left else kept

    def energies(self, basis: Doubles, side: Literal["left", "right"]) -> Doubles:
        """How the space of orthonormal columns is spread over the singular vectors of one side.

        Args:
            basis: (m, k) for the left side, (n, k) for the right one.
            side: which singular vectors.

        Returns:
            (q,): squared length of each singular vector's part in the space; together k, where
            the space lies in theirs.
        """
        if (side == "left") == self._on_left:
            coordinates = basis.T @ self.vectors
        else:
            image = basis.T @ (self.weight if side == "left" else self.weight.T)
            coordinates = image @ self.vectors / self._divisors(len(self.values))
        spread: Doubles = np.sum(coordinates**2, axis=0)
        return spread

    def apply(self, x: Doubles, kept: slice, gain: Doubles | float = 1.0) -> Doubles:
        """U diag(gain · s) Vᵀ x over the triplets in `kept`, without the bias; (B, n) -> (B, m)."""
        Q = self.vectors[:, kept]
        if not self._on_left:
            inner = x @ Q
        elif Q.shape[1] < len(x):
            inner = x @ (self.weight.T @ Q)
        else:
            inner = (x @ self.weight.T) @ Q
        outer = Q if self._on_left else self.weight @ Q
        product: Doubles = (inner * gain) @ outer.T
        return product

    def wobble(self, x: Doubles, rank: int, noise: Doubles, size: float) -> Doubles:
        """How the truncation's output moves where W is off by a random matrix, to first order.

        With E the error and e = Uᵀ E V, first-order perturbation gives
        u_jᵀ δu_i = (s_i e_ji + s_j e_ij) / (s_i² - s_j²) for i ≤ r < j, and the same with e
        transposed on the right side. For independent normal e of deviation `size` these are
        independent normal of deviation size √(s_i² + s_j²) / (s_i² - s_j²).
        Source: Stewart, Sun, Matrix Perturbation Theory, section V.2.

        Args:
            x: (B, n).
            rank: r.
            noise: (r, q - r) standard normal.
            size: deviation of E's entries.

        Returns:
            (B, m).
        """
        s, top, rest = self.values, self.vectors[:, :rank], self.vectors[:, rank:]
        squares = s**2
        gaps = squares[:rank, None] - squares[None, rank:]
        sums = squares[:rank, None] + squares[None, rank:]
        smallest = np.finfo(np.float64).eps * squares[0]
        mixing = size * np.sqrt(sums) / np.maximum(gaps, smallest) * noise
        image = x @ self.weight.T if self._on_left else x
        moved: Doubles = (image @ rest @ mixing.T) @ top.T + (image @ top @ mixing) @ rest.T
        return moved if self._on_left else moved @ self.weight.T

    @property
    def _on_left(self) -> bool:
        return self.shape[0] <= self.shape[1]

    def _divisors(self, rank: int) -> Doubles:
        kept = self.values[:rank]
        return np.where(kept > 0, kept, 1.0)


@dataclass(frozen=True)
class Form:
    """A network made from the baseline: the asked one with the defaults, a mistaken one else."""

    rank: int
    dense: frozenset[str] = frozenset()
    """Layers that are left as they are."""
    power: float = 1.0
    """The singular values are raised to it."""
    last: bool = False
    """Whether the last triplets are kept instead of the first."""
    relu: bool = True
    bias: bool = True


@dataclass(frozen=True, eq=False)
class TruncatedNet:
    """The baseline's layers, ready to be truncated to any rank."""

    layers: tuple[Layer, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """The smaller sides of the weight matrices, ascending, each once."""
        return tuple(sorted({len(layer.values) for layer in self.layers}))

    @property
    def biases(self) -> list[Singles]:
        """(outputs,) float32 of each layer, as the worker takes them."""
        return [layer.bias.astype(np.float32) for layer in self.layers]

    def factor_chains(self, rank: int) -> list[list[Singles]]:
        """For each layer the float32 matrices that x is multiplied with, √s in both factors.

        Where the weight matrix has fewer numbers than its factors, it is their product.
        """
        made: list[list[Singles]] = []
        for layer in self.layers:
            root = np.sqrt(layer.values[:rank])
            left, right = layer.left(rank) * root, (layer.right(rank) * root).T
            factored = layer.factored(rank) < layer.weight.size
            chain = [right, left] if factored else [left @ right]
            made.append([matrix.astype(np.float32) for matrix in chain])
        return made

    def scores(self, images: Doubles, form: Form) -> Doubles:
        """What the last layer gives, before log-softmax; (B, pixels) -> (B, classes)."""
        x = images
        for number, layer in enumerate(self.layers):
            if number and form.relu:
                x = np.maximum(x, 0.0)
            x = self._linear(layer, x, form) + (layer.bias if form.bias else 0.0)
        return x

    def log_probabilities(self, images: Doubles, form: Form) -> Doubles:
        """Log-softmax of the scores; (B, pixels) -> (B, classes)."""
        return log_softmax(self.scores(images, form))

    def sensitivity(self, images: Doubles, rank: int, rng: np.random.Generator) -> float:
        """How far a decomposition in float32 may move the log-probabilities, relatively.

        A backward stable SVD in float32 is the exact one of W + E with ‖E‖₂ some ε‖W‖₂. Where
        s_r and s_{r+1} nearly agree, that turns the truncation a long way, and no right answer
        can be closer. E is modelled as random with independent entries, for which ‖E‖₂ is nearly
        its entries' deviation times √m + √n; `SAFETY` covers constants and chance.

        Args:
            images: (B, pixels).
            rank: r.
            rng: draws E.

        Returns:
            ‖change‖_F / ‖log-probabilities‖_F.
        """
        x, moved = images, images
        for number, layer in enumerate(self.layers):
            if number:
                x, moved = np.maximum(x, 0.0), np.maximum(moved, 0.0)
            kept = min(rank, len(layer.values))
            noise = rng.normal(size=(kept, len(layer.values) - kept))
            deviation = np.finfo(np.float32).eps * layer.values[0] / np.sqrt(layer.shape).sum()
            x = layer.apply(x, slice(kept)) + layer.bias
            shift = layer.wobble(moved, kept, noise, deviation)
            moved = layer.apply(moved, slice(kept)) + shift + layer.bias
        right, wrong = log_softmax(x), log_softmax(moved)
        return SAFETY * float(np.linalg.norm(wrong - right) / np.linalg.norm(right))

    def mistakes(self, rank: int) -> Mapping[str, Form]:
        """Hint -> the network that somebody builds who makes this mistake."""
        right = Form(rank)
        first, *inner, last = (layer.name for layer in self.layers)
        ends = frozenset({first, last})
        apart = {
            f"{' and '.join(sorted(names))} left dense": replace(right, dense=frozenset(names))
            for names in (ends, {first}, {last}, *({name} for name in inner))
        }
        compressed = "every weight matrix is compressed, whatever its shape; here it looks like "
        return {
            f"it looks like rank {rank + 1}: keep exactly r triplets": Form(rank + 1),
            f"it looks like rank {rank - 1}: keep exactly r triplets": Form(rank - 1),
            "it looks like the network that was given, not compressed at all": Form(
                max(self.sides)
            ),
            **{compressed + what: form for what, form in apart.items()},
            "the singular values are missing: W is U diag(s) Vh": replace(right, power=0.0),
            "the singular values enter twice: W is U diag(s) Vh": replace(right, power=2.0),
            "only one factor has √s: the product must contain s": replace(right, power=0.5),
            "these are the last singular triplets, not the first": replace(right, last=True),
            "ReLU is missing between the layers": replace(right, relu=False),
            "the biases are missing": replace(right, bias=False),
        }

    @staticmethod
    def _linear(layer: Layer, x: Doubles, form: Form) -> Doubles:
        q = len(layer.values)
        rank = min(max(form.rank, 0), q)
        if layer.name in form.dense or (rank == q and form.power == 1.0):
            return x @ layer.weight.T
        kept = slice(q - rank, q) if form.last else slice(rank)
        s = layer.values[kept]
        # Zero to a negative power stands for a triplet that is not there.
        gain = np.where(s > 0, np.where(s > 0, s, 1.0) ** (form.power - 1.0), 0.0)
        return layer.apply(x, kept, gain)


def log_softmax(scores: Doubles) -> Doubles:
    """Row by row, free of overflow; (B, classes) -> (B, classes)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs: Doubles = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logs


_kept: dict[str, TruncatedNet] = {}


def truncated_net(baseline: "Baseline") -> TruncatedNet:
    """The baseline, decomposed; once a process for as long as the baseline stays the same."""
    net = _kept.get(baseline.key)
    if net is None:
        weights = baseline.weights
        net = TruncatedNet(
            tuple(
                Layer.of(name, weights[f"{name}.weight"], weights[f"{name}.bias"])
                for name in baseline.spec.architecture.layers
            )
        )
        _kept.clear()  # 100 MB at full size: keep one
        _kept[baseline.key] = net
    return net
