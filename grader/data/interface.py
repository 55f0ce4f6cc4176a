"""What a dataset is: labelled images in three splits."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CLASSES = 10
"""Classes of every dataset."""
SHAPE = (3, 32, 32)
"""Channels, height and width of every image."""

Progress = Callable[[int, int, str], None]
"""Told (done, total, what) during long work."""


def silent(done: int, total: int, what: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images."""

    pixels: NDArray[np.uint8]
    """(N, 3, 32, 32), red, green, blue."""
    labels: NDArray[np.int64]
    """(N,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def normalised(self) -> NDArray[np.float32]:
        """The pixels as the network takes them.

        Returns:
            (N, 3, 32, 32) float32 in [-1, 1]: (p / 255 - 0.5) / 0.5, mean 0.5 and standard
            deviation 0.5 for each channel, in the order in which torchvision computes it.
        """
        scaled = self.pixels.astype(np.float32)
        scaled /= np.float32(255)
        scaled -= np.float32(0.5)
        scaled /= np.float32(0.5)
        return scaled

    def part(self, chosen: NDArray[np.intp] | slice) -> "Images":
        """The images that `chosen` selects, in its order."""
        return Images(self.pixels[chosen], self.labels[chosen])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images to learn from, to show and to judge by."""

    name: str
    """The scheme it came from: `synthetic`, `cifar10`, `imagefolder` or `npz`."""
    train: Images
    """What the baseline learns from."""
    public: Images
    """What submissions may see with labels; the baseline never learned from it."""
    hidden: Images
    """What the grader judges by; its labels never leave the grader."""
    sha256: str
    """Of the content of the three splits, whatever file it came from."""


@dataclass(frozen=True, eq=False)
class Splits:
    """What a source has: the two splits that are published, not yet divided further."""

    train: Images
    test: Images


class Source(Protocol):
    """A place that images come from."""

    def fingerprint(self) -> str:
        """A cheap hash that changes when the images may have; empty where reading is fast anyway.

        Raises:
            DataError: the images can't be had.
        """
        ...

    def read(self, progress: Progress) -> Splits:
        """Every image.

        Raises:
            DataError: the images can't be had.
        """
        ...


def content_hash(*parts: Images) -> str:
    """SHA-256, in hexadecimal, of the shapes, pixels and labels of `parts`."""
    digest = hashlib.sha256()
    for images in parts:
        digest.update(repr(images.pixels.shape).encode())
        digest.update(np.ascontiguousarray(images.pixels).data)
        digest.update(np.ascontiguousarray(images.labels, dtype="<i8").data)
    return digest.hexdigest()
