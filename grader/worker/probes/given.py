"""What the assignment gives to every student: `Net`, `train`, `test`; and the trained network."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from grader.worker.interface import ProbeContext

BATCH = 100
"""Images in one batch, as in the assignment."""
WIDTHS = (3072, 1000, 1000, 1000, 1000, 1000, 10)
"""Sizes of the assignment's network, from the flattened image to the classes."""


class Net(nn.Module):
    """Fully connected classifier: fc1, fc2, ... with ReLU between, log_softmax at the end."""

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.depth = len(widths) - 1
        for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            self.add_module(f"fc{number}", nn.Linear(inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities.

        Args:
            x: (B, 3, 32, 32) or (B, 3072) float32, normalised.

        Returns:
            (B, classes) float32.
        """
        x = x.flatten(1)
        for number in range(1, self.depth):
            x = functional.relu(self.get_submodule(f"fc{number}")(x))
        return functional.log_softmax(self.get_submodule(f"fc{self.depth}")(x), dim=1)


class Chains(nn.Module):
    """A network with a chain of matrices, given to it, in the place of each weight matrix.

    Args:
        chains: for each layer the matrices that x is multiplied with, the first one first, each of
            shape (outputs, inputs).
        biases: (outputs,) of each layer.
    """

    def __init__(
        self,
        chains: Sequence[Sequence[np.ndarray[Any, Any]]],
        biases: Sequence[np.ndarray[Any, Any]],
    ) -> None:
        super().__init__()
        self.lengths = [len(chain) for chain in chains]
        self.matrices = nn.ParameterList(
            nn.Parameter(torch.tensor(matrix)) for chain in chains for matrix in chain
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.tensor(bias)) for bias in biases)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities; (B, ...) -> (B, classes)."""
        x = x.flatten(1)
        matrices = iter(self.matrices)
        for number, (length, bias) in enumerate(zip(self.lengths, self.biases, strict=True)):
            x = functional.relu(x) if number else x
            for matrix in islice(matrices, length):
                x = functional.linear(x, matrix)
            x = x + bias
        return functional.log_softmax(x, dim=1)


def train(
    net: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    epochs: int = 7,
    learning_rate: float = 1e-3,
) -> None:
    """Train `net` in place with Adam on the negative log-likelihood."""
    optimizer = torch.optim.Adam(net.parameters(), lr=learning_rate)
    net.train()
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            functional.nll_loss(net(images), labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def test(net: nn.Module, loader: Iterable[tuple[Tensor, Tensor]]) -> float:
    """The share of right answers of `net`, in [0, 1]."""
    net.eval()
    right = seen = 0
    with torch.no_grad():
        for images, labels in loader:
            right += int((net(images).argmax(dim=1) == labels).sum())
            seen += len(labels)
    return right / seen


def load(context: ProbeContext, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Keep the trained network's weights for as long as the item's fork lives.

    What was built before, of other networks, is dropped.

    Args:
        context: The loaded submission.
        weights: `fc1.weight` (outputs, inputs), `fc1.bias` (outputs,), ... float32.
    """
    context.state.pop("built", None)
    context.state["weights"] = {name: torch.tensor(array) for name, array in weights.items()}


def trained_net(context: ProbeContext) -> nn.Module:
    """A fresh copy of the trained network, in evaluation mode.

    It is of the submission's own `Net` class where that has the given layers, so that `isinstance`
    and `super()` in the submission work; of the given class otherwise.

    Raises:
        RuntimeError: `load` has not been called.
    """
    weights = context.state.get("weights")
    if weights is None:
        raise RuntimeError("the weights must be loaded before a network is built")
    net = _net(context, _widths(weights))
    net.load_state_dict(weights)
    return net.to(context.device).eval()


def blank_net(context: ProbeContext, widths: Sequence[int]) -> nn.Module:
    """As `trained_net`, with random weights: it needs nothing of what was learned."""
    return _net(context, widths).to(context.device).eval()


def _net(context: ProbeContext, widths: Sequence[int]) -> nn.Module:
    net = Net(widths)
    candidate = context.namespace.get("Net")
    if not (isinstance(candidate, type) and issubclass(candidate, nn.Module)):
        return net
    try:
        own = candidate()
        fits = _shapes(own) == _shapes(net)
    except Exception:  # noqa: BLE001 - a submission's constructor may raise anything
        return net
    return own if fits else net


def _shapes(net: nn.Module) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in net.state_dict().items()}


def _widths(weights: Mapping[str, Tensor]) -> list[int]:
    depth = sum(name.endswith(".weight") for name in weights)
    shapes = [weights[f"fc{number}.weight"].shape for number in range(1, depth + 1)]
    return [shapes[0][1], *(shape[0] for shape in shapes)]


def as_images(context: ProbeContext, pixels: np.ndarray[Any, Any]) -> Tensor:
    """Pixels as the network takes them.

    Args:
        context: The loaded submission; names the device.
        pixels: (N, 3, 32, 32) uint8.

    Returns:
        (N, 3, 32, 32) float32: (p / 255 - 0.5) / 0.5.
    """
    return torch.tensor(pixels).float().div_(255).sub_(0.5).div_(0.5).to(context.device)


class CountedImages(TensorDataset):
    """A dataset that knows how often its images were taken, all together."""

    served = 0

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        self.served += 1
        return tuple(tensor[index] for tensor in self.tensors)


def make_loader(
    context: ProbeContext,
    pixels: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
    *,
    shuffle: bool = False,
) -> DataLoader[tuple[Tensor, ...]]:
    """A loader of (images float32, labels int64) batches; a shuffled one repeats its orders.

    Its dataset is a `CountedImages`.
    """
    images = as_images(context, pixels)
    targets = torch.tensor(labels, dtype=torch.int64, device=context.device)
    order = torch.Generator().manual_seed(0) if shuffle else None
    return DataLoader(CountedImages(images, targets), BATCH, shuffle=shuffle, generator=order)
