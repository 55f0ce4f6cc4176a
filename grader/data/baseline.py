"""The trained network that the grader hands to every submission."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.data.interface import Dataset, Progress

Weights = Mapping[str, NDArray[np.float32]]
"""`fc1.weight` (outputs, inputs), `fc1.bias` (outputs,), `fc2.weight`, ..."""


@dataclass(frozen=True)
class Architecture:
    """Fully connected layers fc1, fc2, ... with ReLU between and log-softmax at the end."""

    widths: tuple[int, ...] = (3072, 1000, 1000, 1000, 1000, 1000, 10)
    """Inputs of the first layer, then the outputs of each."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, first to last."""
        return tuple(f"fc{number}" for number in range(1, len(self.widths)))


@dataclass(frozen=True)
class BaselineSpec:
    """Which network, trained how."""

    data: str = "synthetic"
    """As `load_dataset` takes it."""
    architecture: Architecture = field(default_factory=Architecture)
    seed: int = 0
    """Of the initial weights and the order of the batches."""
    epochs: int = 7
    batch: int = 100
    """Images in one step."""
    learning_rate: float = 1e-3
    """Of Adam."""
    device: str = "cpu"
    """`auto`, `cpu` or `cuda`: where it is trained if it must be."""
    threads: int = 2
    """With how many CPU threads it is trained if it must be."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """A trained network and the data that it learned from."""

    key: str
    """SHA-256, in hexadecimal, of weights, dataset and spec."""
    dataset: Dataset
    weights: Weights
    accuracy: float
    """On `dataset.hidden`, between 0 and 1."""
    losses: tuple[float, ...]
    """Mean negative log-likelihood of each epoch, nats."""
    seconds: float
    """Wall time of the training."""
    spec: BaselineSpec
    """As trained: `epochs` is what the time budget allowed, `device` what `auto` became."""


def provide_baseline(
    spec: BaselineSpec,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    time_budget: float | None = None,
) -> Baseline:
    """The network that `spec` describes, from the cache or trained now.

    Args:
        spec: Which network, trained how.
        cache: Folder of the cache; the user's cache folder where None.
        progress: Told (done, total, what).
        time_budget: Seconds; training stops after the epoch that crosses them.

    Raises:
        DataError: the dataset can't be had.
        UsageError: the spec can't be met, e.g. cuda on a machine without it.
    """
    raise NotImplementedError
