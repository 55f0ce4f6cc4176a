"""From a `--data` text to a dataset."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.data.cache import Cache, Entry, cache_folder
from grader.data.interface import (
    CLASSES,
    Dataset,
    Images,
    Progress,
    Source,
    Splits,
    content_hash,
    silent,
)
from grader.errors import DataError

__all__ = ["Dataset", "Images", "find_dataset", "load_dataset"]

FORMS = "synthetic, cifar10, imagefolder:FOLDER or npz:FILE"
PUBLIC_LIMIT = 2000
"""Images held out of the training split; a tenth of it where that is fewer."""


def load_dataset(spec: str, *, cache: Path | None = None, progress: Progress = silent) -> Dataset:
    """The dataset that `spec` names.

    The published test split is hidden, a part of the published training split is public; both are
    in a random order that is always the same, so that the first n of them are a fair sample.

    Args:
        spec: `synthetic`, `cifar10`, `imagefolder:FOLDER` or `npz:FILE`.
        cache: Folder for what is slow to make; the user's cache folder where None.
        progress: Told (done, total, what).

    Raises:
        DataError: the dataset can't be had; the text says what to do.
    """
    folder = cache_folder(cache)
    name, source = _source(spec, folder)
    return _divided(spec, name, _read(name, source, Cache(folder), progress))


def find_dataset(spec: str, *, cache: Path | None = None) -> Dataset | None:
    """As `load_dataset`, but None where the images would first have to be drawn or fetched.

    Raises:
        DataError: the dataset can't be had.
    """
    folder = cache_folder(cache)
    name, source = _source(spec, folder)
    entry_name = _entry_name(name, source)
    if entry_name is None:
        return _divided(spec, name, source.read(silent))
    entry = Cache(folder).read(entry_name)
    return None if entry is None else _divided(spec, name, _unpack(entry))


def _source(spec: str, folder: Path) -> tuple[str, Source]:
    """The name of the scheme, and the place that it stands for."""
    scheme, colon, place = spec.partition(":")
    match scheme, bool(place):
        case "imagefolder", True:
            from grader.data.imagefolder import ImageFolder  # noqa: PLC0415 - needs Pillow

            return scheme, ImageFolder(Path(place).expanduser())
        case "npz", True:
            from grader.data.npz import NpzFile  # noqa: PLC0415 - only the kind that is asked for

            return scheme, NpzFile(Path(place).expanduser())
        case "synthetic", False if not colon:
            from grader.data.synthetic import Synthetic  # noqa: PLC0415 - likewise

            return scheme, Synthetic()
        case "cifar10", False if not colon:
            from grader.data.cifar10 import Cifar10  # noqa: PLC0415 - likewise

            return scheme, Cifar10(folder / "cifar10")
    raise DataError(f"--data: dataset must be {FORMS}, got {spec[:200]!r}")


def _read(name: str, source: Source, cache: Cache, progress: Progress) -> Splits:
    """What `source` has, by way of the cache where that is faster."""
    entry_name = _entry_name(name, source)
    if entry_name is None:
        return source.read(progress)
    entry = cache.read(entry_name)
    if entry is None:
        with cache.alone(entry_name, progress):
            entry = cache.read(entry_name)
            if entry is None:
                entry = _pack(source.read(progress))
                cache.write(entry_name, entry)
    return _unpack(entry)


def _entry_name(name: str, source: Source) -> str | None:
    """What the cache calls the source's images; None where they are not kept there."""
    fingerprint = source.fingerprint()
    return f"dataset-{name}-{fingerprint[:32]}" if fingerprint else None


def _pack(splits: Splits) -> Entry:
    arrays: dict[str, NDArray[np.generic]] = {}
    for split, images in (("train", splits.train), ("test", splits.test)):
        arrays[f"{split}_images"] = images.pixels
        arrays[f"{split}_labels"] = images.labels
    return Entry(arrays, {})


def _unpack(entry: Entry) -> Splits:
    train, test = (
        Images(entry.arrays[f"{split}_images"], entry.arrays[f"{split}_labels"])
        for split in ("train", "test")
    )
    return Splits(train, test)


def _check(spec: str, split: str, images: Images) -> None:
    where = f"--data {spec}: {split}"
    if len(images) < CLASSES:
        raise DataError(
            f"{where}: images must be {CLASSES} at least, got {len(images)}; add images"
        )
    low, high = int(images.labels.min()), int(images.labels.max())
    if low < 0 or high >= CLASSES:
        raise DataError(
            f"{where}: labels must be from 0 to {CLASSES - 1}, got {low} to {high};"
            " number the classes from 0"
        )
    present = len(np.unique(images.labels))
    if split == "train" and present != CLASSES:
        raise DataError(
            f"{where}: classes must be {CLASSES}, got {present};"
            " add images of the classes that have none"
        )


def _divided(spec: str, name: str, splits: Splits) -> Dataset:
    for split, images in (("train", splits.train), ("test", splits.test)):
        _check(spec, split, images)
    train = splits.train.part(_order(len(splits.train)))
    hidden = splits.test.part(_order(len(splits.test)))
    held_out = min(PUBLIC_LIMIT, len(train) // 10)
    public, rest = train.part(slice(held_out)), train.part(slice(held_out, None))
    return Dataset(name, rest, public, hidden, content_hash(rest, public, hidden))


def _order(count: int) -> NDArray[np.intp]:
    """A random order of `count` things, the same on every machine and with every numpy."""
    return np.argsort(np.random.PCG64(count).random_raw(count), kind="stable")
