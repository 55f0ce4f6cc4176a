"""Small data of every form that the grader reads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Arrays = dict[str, NDArray[np.generic]]
MakeNpz = Callable[..., Path]


def small_arrays(train: int = 200, test: int = 50) -> Arrays:
    """Noise whose brightness tells the class, so that a small network learns it in no time."""
    rng = np.random.default_rng(1)
    arrays: Arrays = {}
    for split, count in (("train", train), ("test", test)):
        labels = np.arange(count) % 10
        noise = rng.integers(0, 16, (count, 32, 32, 3))
        arrays[f"{split}_images"] = (labels[:, None, None, None] * 24 + noise).astype(np.uint8)
        arrays[f"{split}_labels"] = labels
    return arrays


def write_npz(file: Path, arrays: Arrays) -> Path:
    np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes `allow_pickle` for them
    return file


@pytest.fixture
def make_npz(tmp_path: Path) -> MakeNpz:
    """Writes a small archive, some of its arrays replaced or, where None, left out."""

    def make(**changed: NDArray[np.generic] | None) -> Path:
        arrays = small_arrays() | changed
        kept = {name: array for name, array in arrays.items() if array is not None}
        return write_npz(tmp_path / "images.npz", kept)

    return make


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Three training images and one test image of each of ten classes, PNG, one colour each."""
    folder = tmp_path / "images"
    for split, count in (("train", 3), ("test", 1)):
        for label in range(10):
            place = folder / split / f"class_{label}"
            place.mkdir(parents=True)
            for number in range(count):
                colour = (label, number, 200)
                Image.new("RGB", (32, 32), colour).save(place / f"{number}.png")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty cache folder."""
    return tmp_path / "cache"
