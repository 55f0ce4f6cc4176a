"""Accuracy of the baseline with every weight matrix cut to rank r, as a Markdown table.

    python benchmarks/rank_curve.py synthetic imagefolder:/where/cifar10/lies

Trains each baseline where it isn't cached: half a minute for `synthetic`, some three minutes for
CIFAR-10 on two threads. What it prints stands in docs/data.md.
"""

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from grader.data.baseline import Baseline, BaselineSpec, provide_baseline
from grader.data.interface import Images

RANKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

Array = NDArray[np.float32]
Layer = tuple[Array, Array]
"""(outputs, inputs) weights and (outputs,) biases."""


def truncations(baseline: Baseline) -> Callable[[int], list[Layer]]:
    """What gives the layers, each with its weight's best approximation of a rank."""
    names = baseline.spec.architecture.layers
    svds = {
        name: np.linalg.svd(baseline.weights[f"{name}.weight"], full_matrices=False)
        for name in names
    }

    def of_rank(rank: int) -> list[Layer]:
        layers = []
        for name in names:
            U, s, Vh = svds[name]
            weight = (U[:, :rank] * s[:rank]) @ Vh[:rank]
            layers.append((weight, baseline.weights[f"{name}.bias"]))
        return layers

    return of_rank


def accuracy(layers: list[Layer], images: Images) -> float:
    """The part of `images` whose class gets the highest score, between 0 and 1."""
    x = images.normalised().reshape(len(images), -1)
    for number, (weight, bias) in enumerate(layers, start=1):
        x = x @ weight.T + bias
        if number < len(layers):
            x = np.maximum(x, 0)
    return float(np.mean(x.argmax(axis=1) == images.labels))


def numbers_stored(baseline: Baseline, rank: int) -> int:
    """Numbers in factors and biases; a matrix that factors would not shrink is kept whole."""
    count = 0
    for name in baseline.spec.architecture.layers:
        m, n = baseline.weights[f"{name}.weight"].shape
        count += min(rank * (m + n), m * n) + m
    return count


def main() -> None:
    """Print a table for each dataset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", help="dataset, as `grader grade --data` takes it")
    parser.add_argument("--threads", type=int, default=2, help="for the training")
    asked = parser.parse_args()
    for data in asked.data:
        baseline = provide_baseline(BaselineSpec(data=data, threads=asked.threads))
        of_rank = truncations(baseline)
        hidden = baseline.dataset.hidden
        print(
            f"`{baseline.dataset.name}` ({baseline.dataset.sha256[:12]}): "
            f"{len(baseline.dataset.train)} images to learn from, {len(hidden)} hidden ones; "
            f"baseline {baseline.key[:12]}, {baseline.spec.epochs} epochs in "
            f"{baseline.seconds:.0f} s on {baseline.spec.threads} threads; "
            f"right on {baseline.accuracy:.1%} of the hidden images.\n"
        )
        print("| rank | numbers stored | accuracy |\n|---:|---:|---:|")
        for rank in RANKS:
            right = accuracy(of_rank(rank), hidden)
            print(f"| {rank} | {numbers_stored(baseline, rank):,} | {right:.3f} |")
        print()


if __name__ == "__main__":
    main()
