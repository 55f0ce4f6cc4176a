"""Problem 3: singular values of the layers, the compressed network, its curve, its fine-tuning."""

import operator
import statistics
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from reference.given import Loader, device_of, test, train

FINE_TUNING_RATE = 3e-4
"""Adam's. At 1e-3, the rate of the first training, rank 50 gains almost nothing in two epochs."""
TIMED_PASSES = 3
"""Over the images; the median time counts."""

Triplets = tuple[Tensor, Tensor, Tensor]
"""U (m, q), s (q,) descending, Vh (q, n): the thin SVD of a weight matrix, q = min(m, n)."""


def layer_singular_values(net: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Singular values of the weight matrix of every fully connected layer.

    Args:
        net: a network. Not modified.

    Returns:
        Name of the layer -> (q,) in the weights' dtype, descending, q the smaller side.

    Cost: O(m n q) for an m x n matrix; 0.8 s for `Net` on two cores.
    Accuracy: within a few rounding units of the largest one.
    Source: Golub, Van Loan, Matrix Computations, 4th ed., section 8.6.
    """
    return {
        name: torch.linalg.svdvals(layer.weight.detach()).cpu().numpy()
        for name, layer in _layers(net).items()
    }


def _layers(net: nn.Module) -> dict[str, nn.Linear]:
    """The fully connected layers by name, in the order in which they were made."""
    return {name: part for name, part in net.named_modules() if isinstance(part, nn.Linear)}


def _decompose(net: nn.Module) -> dict[str, Triplets]:
    """The thin SVD of every weight matrix."""
    decomposed = {}
    for name, layer in _layers(net).items():
        U, s, Vh = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
        decomposed[name] = (U, s, Vh)
    return decomposed


class TruncatedLinear(nn.Module):
    """x -> W_r x + b, where W_r is the best approximation of rank r of a layer's weight matrix.

    Args:
        triplets: the weight matrix's SVD.
        bias: (m,); a copy is stored.
        r: the rank, at least 1; what exceeds the smaller side is ignored.

    Cost: r(m + n) numbers stored and multiplied for each x, or mn where that is no more.
    Source: Eckart, Young, The approximation of one matrix by another of lower rank, Psychometrika
        1 (1936).
    """

    def __init__(self, triplets: Triplets, bias: Tensor, r: int) -> None:
        super().__init__()
        U, s, Vh = triplets
        m, n = len(U), Vh.shape[1]
        # W_r = U_r diag(s_r) Vh_r = (U_r √s_r)(√s_r Vh_r). With √s on both sides the factors are of
        # one size, which suits steps of one length in training; s needs no place of its own.
        root = s[:r].sqrt()
        left, right = U[:, :r] * root, root[:, None] * Vh[:r]
        # Applied one after the other they cost r(m + n) for each x. Where that is not less than mn,
        # the product itself is the cheaper form of the same function.
        factors = [right, left] if r * (m + n) < m * n else [left @ right]
        self.factors = nn.ParameterList(nn.Parameter(factor.clone()) for factor in factors)
        self.bias = nn.Parameter(bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, m)."""
        *inner, last = self.factors
        for factor in inner:
            x = functional.linear(x, factor)
        return functional.linear(x, last, self.bias)


class CompressedNet(nn.Module):
    """A network whose weight matrices are cut down to rank r, otherwise the same.

    Args:
        net: fully connected layers with ReLU between and log-softmax at the end. Not modified; the
            compressed network has its device and dtype and shares no memory with it.
        r: the rank, at least 1; what exceeds the smaller side of a matrix is ignored there.
        decomposed: the SVD of each layer, where it is known already.

    Raises:
        ValueError: r is less than 1.
        TypeError: r is no integer.

    Cost: one SVD of each layer, 0.8 s for `Net` on two cores, none where they are given.
    Accuracy: the truncated matrices within some 10 rounding units of ‖W‖₂.
    Source: Xue, Li, Gong, Restructuring of deep neural network acoustic models with singular value
        decomposition, Interspeech 2013.
    """

    def __init__(
        self, net: nn.Module, r: int, decomposed: Mapping[str, Triplets] | None = None
    ) -> None:
        super().__init__()
        r = operator.index(r)
        if r < 1:
            raise ValueError(f"CompressedNet: r must be at least 1, got {r}")
        decomposed = decomposed or _decompose(net)
        self.layers = nn.ModuleList(
            TruncatedLinear(decomposed[name], layer.bias, r) for name, layer in _layers(net).items()
        )
        self.train(net.training)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities of the classes.

        Args:
            x: (B, 3, 32, 32), or (B, n) with n the inputs of the first layer.

        Returns:
            (B, classes), dtype of x.
        """
        x = x.flatten(1)
        *inner, last = self.layers
        for layer in inner:
            x = functional.relu(layer(x))
        return functional.log_softmax(last(x), dim=1)


def compression_curve(
    net: nn.Module, ranks: Sequence[int], loader: Loader
) -> list[dict[str, float]]:
    """Accuracy, size and time of the compressed network at several ranks.

    Args:
        net: as `CompressedNet` takes it. Not modified.
        ranks: each at least 1.
        loader: the images to measure on; each pass must give the same ones.

    Returns:
        {"rank": r, "parameters": stored numbers, "accuracy": between 0 and 1, "seconds": of the
        network alone on all images, reading them excluded} for each rank.

    Raises:
        ValueError: a rank is less than 1.

    Cost: one SVD of each layer for all ranks together, then five passes over the images for each.
    Accuracy: times are medians of `TIMED_PASSES` passes after one that is not counted.
    """
    decomposed = _decompose(net)
    records = []
    for r in ranks:
        compressed = CompressedNet(net, r, decomposed)
        records.append(
            {
                "rank": r,
                "parameters": sum(part.numel() for part in compressed.parameters()),
                "accuracy": test(compressed, loader),
                "seconds": _inference_seconds(compressed, loader),
            }
        )
    return records


def _inference_seconds(net: nn.Module, loader: Loader) -> float:
    """Median time of a pass over the images, without the time to load them."""
    device = device_of(net)
    net.eval()
    passes = []
    with torch.no_grad():
        for _ in range(1 + TIMED_PASSES):
            seconds = 0.0
            for images, _labels in loader:
                moved = images.to(device)
                _wait(device)
                start = time.perf_counter()
                net(moved)
                _wait(device)
                seconds += time.perf_counter() - start
            passes.append(seconds)
    # The first pass warms up: memory is allocated, kernels are chosen.
    return statistics.median(passes[1:])


def _wait(device: torch.device) -> None:
    """A GPU works on while Python goes ahead; let the clock see the end of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def fine_tune(compressed: nn.Module, loader: Loader, epochs: int) -> nn.Module:
    """Train the factors of a compressed network further, in place.

    Args:
        compressed: a `CompressedNet`; every factor and bias of it is trained.
        loader: the training images.
        epochs: how often each image is seen, at least 1.

    Returns:
        `compressed` itself, in evaluation mode.

    Raises:
        ValueError: epochs is less than 1.

    Cost: about three forward passes for each image and epoch.
    Source: as for `CompressedNet`, section 3.
    """
    if epochs < 1:
        raise ValueError(f"fine_tune: epochs must be at least 1, got {epochs}")
    train(compressed, loader, epochs, lr=FINE_TUNING_RATE)
    return compressed.eval()
