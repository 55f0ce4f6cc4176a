"""The trained network that the grader hands to every submission."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.data.cache import Cache, Entry, cache_folder
from grader.data.datasets import find_dataset, load_dataset
from grader.data.device import resolve_device
from grader.data.interface import CLASSES, SHAPE, Dataset, Progress, silent
from grader.errors import UsageError

FORM = 1
"""Raised when the training or what is kept of it changes, so that no old entry is taken for new."""

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
    """Which network, trained how.

    `device` and `threads` move the weights in their last digits alone, so they are no part of what
    the cache is asked for: a course that shares its cache shares one baseline.
    """

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

    Two graders that ask at the same time train it once. A cached one is read without torch.

    Args:
        spec: Which network, trained how.
        cache: Folder of the cache; the user's cache folder where None.
        progress: Told (done, total, what).
        time_budget: Seconds; training stops after the epoch that crosses them.

    Raises:
        DataError: the dataset or the cache can't be had.
        UsageError: the spec can't be met, e.g. cuda on a machine without it.
    """
    _check(spec, time_budget)
    tell = progress or silent
    folder = cache_folder(cache)
    dataset = load_dataset(spec.data, cache=folder, progress=tell)
    shelf = Cache(folder)
    whole, cut = _name(spec, dataset, None), _name(spec, dataset, time_budget)
    entry = shelf.read(whole) or shelf.read(cut)
    if entry is None:
        with shelf.alone(whole, tell):
            entry = shelf.read(whole) or shelf.read(cut)
            if entry is None:
                entry = _train(spec, dataset, tell, time_budget)
                shelf.write(whole if entry.facts["epochs"] == spec.epochs else cut, entry)
    return _baseline(spec, dataset, entry)


def find_baseline(spec: BaselineSpec, *, cache: Path | None = None) -> Baseline | None:
    """As `provide_baseline`, but None where it would first have to be trained.

    Raises:
        DataError: the dataset or the cache can't be had.
        UsageError: the spec can't be met.
    """
    _check(spec, None)
    folder = cache_folder(cache)
    dataset = find_dataset(spec.data, cache=folder)
    entry = Cache(folder).read(_name(spec, dataset, None)) if dataset is not None else None
    return _baseline(spec, dataset, entry) if dataset is not None and entry is not None else None


def _check(spec: BaselineSpec, time_budget: float | None) -> None:
    widths = spec.architecture.widths
    ends = (math.prod(SHAPE), CLASSES)
    if len(widths) < 2 or (widths[0], widths[-1]) != ends or min(widths) < 1:  # noqa: PLR2004 - ends
        raise UsageError(
            f"baseline: widths must be positive and go from {ends[0]} to {ends[1]}, got {widths}"
        )
    for name in ("epochs", "batch", "learning_rate", "threads"):
        value = getattr(spec, name)
        if not 0 < value < math.inf:
            raise UsageError(f"baseline: {name} must be positive, got {value!r}")
    if time_budget is not None and not time_budget > 0:
        raise UsageError(f"--time-budget: seconds must be positive, got {time_budget!r}")


def _asked(spec: BaselineSpec, dataset: Dataset) -> dict[str, Any]:
    """What the weights depend on, as JSON values."""
    return {
        "dataset": dataset.sha256,
        "widths": list(spec.architecture.widths),
        "seed": spec.seed,
        "epochs": spec.epochs,
        "batch": spec.batch,
        "learning_rate": spec.learning_rate,
    }


def _name(spec: BaselineSpec, dataset: Dataset, time_budget: float | None) -> str:
    """What the cache calls it: a training cut short is kept apart from a whole one."""
    asked = _asked(spec, dataset) | {"time_budget": time_budget, "form": FORM}
    text = json.dumps(asked, sort_keys=True)
    return f"baseline-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _train(
    spec: BaselineSpec, dataset: Dataset, progress: Progress, time_budget: float | None
) -> Entry:
    from grader.data.training import Trainer, train  # noqa: PLC0415 - torch: seconds

    device = resolve_device(spec.device)
    trainer = Trainer(
        dataset.train,
        spec.architecture.widths,
        seed=spec.seed,
        batch=spec.batch,
        learning_rate=spec.learning_rate,
        device=device,
    )
    trained = train(
        trainer,
        spec.epochs,
        judged_by=dataset.hidden,
        threads=spec.threads,
        progress=progress,
        time_budget=time_budget,
    )
    if not all(np.isfinite(values).all() for values in trained.weights.values()):
        raise UsageError(
            "baseline: learning_rate must let the training converge, got"
            f" {spec.learning_rate!r}, which gave weights that are not finite; give a smaller one"
        )
    facts = {
        "epochs": len(trained.losses),
        "device": device,
        "threads": spec.threads,
        "accuracy": trained.accuracy,
        "losses": list(trained.losses),
        "seconds": trained.seconds,
    }
    return Entry(trained.weights, facts)


def _baseline(spec: BaselineSpec, dataset: Dataset, entry: Entry) -> Baseline:
    facts = entry.facts
    as_trained = replace(
        spec, epochs=facts["epochs"], device=facts["device"], threads=facts["threads"]
    )
    weights = {
        f"{layer}.{kind}": entry.arrays[f"{layer}.{kind}"]
        for layer in spec.architecture.layers
        for kind in ("weight", "bias")
    }
    return Baseline(
        key=_key(as_trained, dataset, weights),
        dataset=dataset,
        weights=weights,
        accuracy=facts["accuracy"],
        losses=tuple(facts["losses"]),
        seconds=facts["seconds"],
        spec=as_trained,
    )


def _key(spec: BaselineSpec, dataset: Dataset, weights: Weights) -> str:
    digest = hashlib.sha256(json.dumps(_asked(spec, dataset), sort_keys=True).encode())
    for name, values in weights.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values, "<f4").data)
    return digest.hexdigest()
