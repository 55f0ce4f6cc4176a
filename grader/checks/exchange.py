"""Labels of two classes exchanged in one part of an epoch, and how far that was followed.

An epoch is put in order: first all images of one pair of classes, then those of the next. Where the
labels of one pair are exchanged, a network that learns from these batches takes the two for each
other, on any image; one that left these batches out becomes the same as with the right labels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.checks.compare import Array

Labels = NDArray[np.int64]
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Epoch:
    """The images of an epoch in an order in which each part has those of two classes."""

    pairs: tuple[Pair, ...]
    """The classes of each part; of an odd number of classes one comes last, in no part."""
    order: NDArray[np.intp]
    """(N,) which image comes when."""
    labels: Labels
    """(N,) in this order."""

    def exchanged(self, pair: Pair) -> Labels:
        """(N,) the labels, each of the two classes replaced by the other."""
        labels = self.labels.copy()
        for old, new in (pair, pair[::-1]):
            labels[self.labels == old] = new
        return labels


def in_parts(labels: Array, classes: int, rng: np.random.Generator) -> Epoch:
    """Draw the pairs of classes, and the order of their images."""
    drawn = [int(label) for label in rng.permutation(classes)]
    pairs = tuple(zip(drawn[::2], drawn[1::2], strict=False))
    part = np.full(classes, len(pairs))
    for number, pair in enumerate(pairs):
        part[list(pair)] = number
    mixed = rng.permutation(len(labels))
    order = mixed[np.argsort(part[labels[mixed]], kind="stable")]
    return Epoch(pairs, order, labels[order].astype(np.int64))


def followed(change: Array, labels: Array, pair: Pair) -> float:
    """How far the exchange of two classes was followed; 1: wholly, 0.5: as chance would have it.

    Args:
        change: (N, classes) log-probabilities after training with the exchanged labels, less those
            after training with the right ones.
        labels: (N,) right labels of these images.
        pair: the classes that were exchanged.

    Returns:
        How often, of an image of either class, that of the first class turned further towards the
        second one. What turns all images alike plays no part. NaN where a class has no image.
    """
    first, second = pair
    turned = change[:, second] - change[:, first]
    higher, lower = turned[labels == first], np.sort(turned[labels == second])
    if not (len(higher) and len(lower)):
        return float("nan")
    ranks = np.searchsorted(lower, higher, "left") + np.searchsorted(lower, higher, "right")
    return float(ranks.mean() / 2 / len(lower))
