"""From a `--data` text to a dataset."""

from pathlib import Path

from grader.data.interface import Dataset, Images, Progress, silent

__all__ = ["Dataset", "Images", "load_dataset"]


def load_dataset(spec: str, *, cache: Path | None = None, progress: Progress = silent) -> Dataset:
    """The dataset that `spec` names.

    Args:
        spec: `synthetic`, `cifar10`, `imagefolder:FOLDER` or `npz:FILE`.
        cache: Folder for what is slow to make; the user's cache folder where None.
        progress: Told (done, total, what).

    Raises:
        DataError: the dataset can't be had; the text says what to do.
    """
    raise NotImplementedError
