"""A loaded submission as a probe sees it, without a worker."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from grader.worker.interface import ProbeContext
from grader.worker.namespace import load
from grader.worker.probes import given

WIDTHS = (3072, 12, 10)
"""Small enough to be random anew in each test."""


def _nobody(_query: Any) -> Any:
    raise AssertionError("these probes ask nothing")


def weights(seed: int = 0) -> Mapping[str, np.ndarray]:
    """Random weights of a network of `WIDTHS`."""
    rng = np.random.default_rng(seed)
    made = {}
    for number, (inputs, outputs) in enumerate(pairwise(WIDTHS), start=1):
        shape = (outputs, inputs)
        made[f"fc{number}.weight"] = rng.normal(size=shape).astype(np.float32) / np.sqrt(inputs)
        made[f"fc{number}.bias"] = rng.normal(size=outputs).astype(np.float32)
    return {name: array.astype(np.float32) for name, array in made.items()}


def context_for(source: str, *, loaded: bool = True) -> ProbeContext:
    """The submission `source`, with weights loaded or not."""
    namespace = load([{"source": source, "label": "test source", "first_line": 1}])
    context = ProbeContext(namespace, _nobody)
    if loaded:
        given.load(context, weights())
    return context


def pixels(count: int = 7, seed: int = 0) -> np.ndarray:
    """(count, 3, 32, 32) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), np.uint8)
