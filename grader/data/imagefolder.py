"""Images that lie in folders, one folder a class."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from grader.data.interface import CLASSES, SHAPE, Images, Progress, Splits
from grader.errors import DataError

SPLITS = ("train", "test")
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".webp")
SIDE = SHAPE[1]
IMAGES_BETWEEN_REPORTS = 1000


@dataclass(frozen=True)
class ImageFolder:
    """The source `imagefolder:FOLDER`: FOLDER/train/<class>/*.jpg and FOLDER/test/<class>/*.jpg.

    Classes are numbered in the order of their names; files that are no images by their name are
    passed over.
    """

    folder: Path

    def fingerprint(self) -> str:
        """Of the names, sizes and times of the files; no file is opened."""
        digest = hashlib.sha256()
        for split in SPLITS:
            for label, entry in self._entries(split):
                facts = entry.stat()
                line = f"{split}/{label}/{entry.name}/{facts.st_size}/{facts.st_mtime_ns}\n"
                digest.update(os.fsencode(line))
        return digest.hexdigest()

    def read(self, progress: Progress) -> Splits:
        """Decode every file, one after the other: threads would only wait for each other here."""
        files = {split: list(self._entries(split)) for split in SPLITS}
        total = sum(map(len, files.values()))
        found: dict[str, Images] = {}
        done = 0
        for split, labelled in files.items():
            pixels = np.empty((len(labelled), *SHAPE), np.uint8)
            for number, (_, entry) in enumerate(labelled):
                pixels[number] = _decode(Path(entry.path))
                done += 1
                if done % IMAGES_BETWEEN_REPORTS == 0 or done == total:
                    progress(done, total, "reading images")
            labels = np.array([label for label, _ in labelled], np.int64)
            found[split] = Images(pixels, labels)
        return Splits(found["train"], found["test"])

    def _entries(self, split: str) -> Iterator[tuple[int, os.DirEntry[str]]]:
        """Every image file of a split with its class's number, in the order of their names."""
        for label, name in enumerate(self._classes()):
            with os.scandir(self.folder / split / name) as entries:
                for entry in sorted(entries, key=lambda one: one.name):
                    if entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                        yield label, entry

    def _classes(self) -> list[str]:
        """Names of the classes, which both splits must share."""
        train, test = (_subfolders(self.folder / split) for split in SPLITS)
        if len(train) != CLASSES:
            raise DataError(
                f"{self.folder / 'train'}: folders must be {CLASSES}, one for each class,"
                f" got {len(train)}: {', '.join(train)[:120]!r}; move the others away"
            )
        if train != test:
            odd = sorted(set(train) ^ set(test))
            raise DataError(
                f"{self.folder / 'test'}: folders must be named as in 'train', got a difference in"
                f" {', '.join(odd)[:120]!r}; give both splits the same classes"
            )
        return train


def _subfolders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name for entry in entries if entry.is_dir() and entry.name[0] != "."
            )
    except OSError as exc:
        raise DataError(
            f"{folder}: folder must be there and readable, got {exc.strerror!r};"
            f" {_advice(folder.parent)}"
        ) from exc


def _advice(folder: Path) -> str:
    """One step for a folder without `train` or `test`: the folder that was meant, or the layout."""
    with suppress(OSError):
        inner = sorted(path for path in folder.iterdir() if path.is_dir())
        near = [folder.parent, *inner] if folder.name in SPLITS else inner
        for meant in near:
            if all((meant / split).is_dir() for split in SPLITS):
                return f"did you mean --data imagefolder:{meant}?"
    return "lay the images out as FOLDER/train/<class>/*.jpg and FOLDER/test/<class>/*.jpg"


def _decode(path: Path) -> NDArray[np.uint8]:
    """(3, 32, 32) of one file."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            # A file may claim to be of any size: decoded only where the size is right.
            fits = (width, height) == (SIDE, SIDE)
            pixels = np.asarray(image.convert("RGB")) if fits else None
    # Pillow's decoders report damage as what they meet, by format.
    except Exception as exc:
        kind = "no image" if isinstance(exc, UnidentifiedImageError) else str(exc)
        raise DataError(
            f"{path}: file must be an image that can be read, got {kind[:120]!r};"
            " replace it or take it away"
        ) from exc
    if pixels is None:
        raise DataError(
            f"{path}: image must be {SIDE} by {SIDE} pixels, got {width} by {height}; resize it"
        )
    return pixels.transpose(2, 0, 1)
