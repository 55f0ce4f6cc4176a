"""Images that lie in one NumPy archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from grader.data.interface import SHAPE, Images, Progress, Splits
from grader.errors import DataError

SPLITS = ("train", "test")
CHANNELS_LAST = (*SHAPE[1:], SHAPE[0])


@dataclass(frozen=True)
class NpzFile:
    """The source `npz:FILE`: train_images, train_labels, test_images, test_labels."""

    file: Path

    def fingerprint(self) -> str:
        """Empty: the file is read as fast as a cache."""
        return ""

    def read(self, progress: Progress) -> Splits:
        """Read the four arrays; nothing pickled is ever loaded."""
        names = [f"{split}_{kind}" for split in SPLITS for kind in ("images", "labels")]
        try:
            # Opened here: numpy leaves a file open that it finds to be broken.
            with self.file.open("rb") as stream:
                present, arrays = _load(stream, names, progress)
        # Damage shows as a dozen kinds of error, from zipfile, zlib, tokenize and numpy itself.
        except Exception as exc:
            raise DataError(
                f"{self.file}: file must be an .npz archive of plain arrays, got"
                f" {str(exc)[:120]!r}; write it with numpy.savez"
            ) from exc
        missing = [name for name in names if name not in arrays]
        if missing:
            raise DataError(
                f"{self.file}: arrays must be {', '.join(names)}, got {', '.join(present)[:120]!r};"
                f" add {', '.join(missing)}"
            )
        train, test = (self._images(arrays, split) for split in SPLITS)
        progress(len(names), len(names), "reading images")
        return Splits(train, test)

    def _images(self, arrays: Mapping[str, NDArray[np.generic]], split: str) -> Images:
        pixels, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        if pixels.dtype != np.uint8 or pixels.shape[1:] not in (SHAPE, CHANNELS_LAST):
            raise DataError(
                f"{self.file}: {split}_images must be uint8 (N, 32, 32, 3) or (N, 3, 32, 32),"
                f" got {pixels.dtype} {pixels.shape}; convert it"
            )
        if not np.issubdtype(labels.dtype, np.integer) or labels.shape != pixels.shape[:1]:
            raise DataError(
                f"{self.file}: {split}_labels must be integers ({len(pixels)},),"
                f" got {labels.dtype} {labels.shape}; give one class number for each image"
            )
        if pixels.shape[1:] == CHANNELS_LAST:
            pixels = pixels.transpose(0, 3, 1, 2)
        return Images(np.ascontiguousarray(pixels, np.uint8), labels.astype(np.int64))


def _load(
    stream: BinaryIO, names: Sequence[str], progress: Progress
) -> tuple[list[str], dict[str, NDArray[np.generic]]]:
    """The names of all arrays, and those of `names` that are there."""
    archive = np.load(stream, allow_pickle=False)
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise TypeError("one array")
    arrays: dict[str, NDArray[np.generic]] = {}
    with archive:
        present = list(archive)
        for done, name in enumerate(names):
            progress(done, len(names), "reading images")
            if name in present:
                arrays[name] = archive[name]
    return present, arrays
