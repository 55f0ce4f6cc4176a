"""Trains the baseline with torch: everything in memory, float32, seeded."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grader.data.interface import Images, Progress

STEPS_BETWEEN_REPORTS = 10
IMAGES_AT_ONCE = 2000
"""Images in one forward pass where nothing is learned: 24 MB in float32."""


@dataclass(frozen=True)
class Trained:
    """What came of a training."""

    weights: dict[str, NDArray[np.float32]]
    losses: tuple[float, ...]
    """Mean negative log-likelihood of each epoch, nats."""
    accuracy: float
    """On the images it was judged by, between 0 and 1."""
    seconds: float
    """Wall time of the epochs."""


class Trainer:
    """A fully connected network and the optimiser that improves it, epoch by epoch.

    The same arguments on the same machine with the same number of threads give the same weights.
    """

    def __init__(
        self,
        images: Images,
        widths: Sequence[int],
        *,
        seed: int,
        batch: int = 100,
        learning_rate: float = 1e-3,
        device: str = "cpu",
    ) -> None:
        # The initial weights are drawn on the CPU, so that every device starts from the same ones.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layers = [nn.Linear(*pair) for pair in pairwise(widths)]
        self._layers = nn.ModuleList(layers).to(device)
        self._order = torch.Generator().manual_seed(seed)
        self._optimiser = torch.optim.Adam(self._layers.parameters(), lr=learning_rate, fused=True)
        self._pixels = torch.from_numpy(images.pixels.reshape(len(images), -1)).to(device)
        self._labels = torch.from_numpy(images.labels).to(device)
        self._batch = batch

    @property
    def steps(self) -> int:
        """Steps of one epoch."""
        return -(-len(self._labels) // self._batch)

    def epoch(self, told: Callable[[int], None]) -> float:
        """Learn from every image once, in a new order.

        Args:
            told: Called with the number of steps done, every few steps.

        Returns:
            The mean negative log-likelihood of the images as they were met, nats.
        """
        order = torch.randperm(len(self._labels), generator=self._order).to(self._labels.device)
        total = torch.zeros((), device=self._labels.device)
        for step, chosen in enumerate(torch.split(order, self._batch), start=1):
            loss = nn.functional.cross_entropy(
                self._scores(self._pixels[chosen]), self._labels[chosen]
            )
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
            total += loss.detach() * len(chosen)
            if step % STEPS_BETWEEN_REPORTS == 0 or step == self.steps:
                told(step)
        return total.item() / len(self._labels)

    def accuracy(self, images: Images) -> float:
        """The part of `images` whose class gets the highest score, between 0 and 1."""
        right = 0
        with torch.no_grad():
            for start in range(0, len(images), IMAGES_AT_ONCE):
                some = images.part(slice(start, start + IMAGES_AT_ONCE))
                pixels = torch.from_numpy(some.pixels.reshape(len(some), -1))
                found = self._scores(pixels.to(self._labels.device)).argmax(dim=1).cpu()
                right += int((found == torch.from_numpy(some.labels)).sum())
        return right / len(images)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights: `fc1.weight` (outputs, inputs), `fc1.bias` (outputs,), ..."""
        return {
            f"fc{number}.{kind}": values.detach().cpu().numpy().copy()
            for number, layer in enumerate(self._layers, start=1)
            for kind, values in layer.named_parameters()
        }

    def _scores(self, pixels: Tensor) -> Tensor:
        # As `Images.normalised`, a batch at a time: the whole set in float32 would be 600 MB.
        x = ((pixels.float() / 255) - 0.5) / 0.5
        *inner, last = self._layers
        for layer in inner:
            x = torch.relu(layer(x))
        scores: Tensor = last(x)
        return scores


def train(
    trainer: Trainer,
    epochs: int,
    *,
    judged_by: Images,
    threads: int,
    progress: Progress,
    time_budget: float | None = None,
) -> Trained:
    """Train for `epochs` epochs, or until the epoch that crosses `time_budget` seconds ends.

    Leaves torch's number of threads and its global random state as they were.
    """
    started = time.monotonic()
    seconds = 0.0
    losses: list[float] = []
    total = epochs * trainer.steps
    with _torch_threads(threads), torch.enable_grad():
        for number in range(epochs):
            done = number * trainer.steps
            what = f"training the baseline, epoch {number + 1} of {epochs}"
            losses.append(trainer.epoch(partial(_tell, progress, done, total, what)))
            seconds = time.monotonic() - started
            if time_budget is not None and seconds >= time_budget:
                break
        accuracy = trainer.accuracy(judged_by)
    return Trained(trainer.weights(), tuple(losses), accuracy, seconds)


def _tell(progress: Progress, before: int, total: int, what: str, step: int) -> None:
    progress(before + step, total, what)


@contextmanager
def _torch_threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
