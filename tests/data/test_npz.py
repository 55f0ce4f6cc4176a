import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.data.interface import silent
from grader.data.npz import NpzFile
from grader.errors import DataError

MakeNpz = Callable[..., Path]


def test_read_takes_channels_last_and_first(make_npz: MakeNpz) -> None:
    """Both usual layouts give the same images."""
    last = NpzFile(make_npz()).read(silent)
    first = NpzFile(make_npz(train_images=last.train.pixels)).read(silent)
    assert last.train.pixels.shape == (200, 3, 32, 32)
    np.testing.assert_array_equal(first.train.pixels, last.train.pixels)


def test_read_takes_labels_of_any_integer_type(make_npz: MakeNpz) -> None:
    """Labels come as int64 whatever they were stored as."""
    splits = NpzFile(make_npz(train_labels=(np.arange(200) % 10).astype(np.uint8))).read(silent)
    assert splits.train.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        pytest.param({"test_labels": None}, "add test_labels", id="missing array"),
        pytest.param(
            {"train_images": np.zeros((200, 32, 32, 3))}, "got float64 (200, 32, 32, 3)", id="dtype"
        ),
        pytest.param(
            {"train_images": np.zeros((200, 28, 28), np.uint8)},
            "got uint8 (200, 28, 28)",
            id="shape",
        ),
        pytest.param(
            {"train_images": np.uint8(1)}, "train_images must be uint8", id="no dimension"
        ),
        pytest.param(
            {"train_labels": np.zeros(199, np.int64)},
            "must be integers (200,)",
            id="too few labels",
        ),
        pytest.param({"test_labels": np.zeros(50)}, "got float64 (50,)", id="labels not integers"),
        pytest.param(
            {"test_labels": np.zeros(50, object)}, "archive of plain arrays", id="pickled objects"
        ),
    ],
)
def test_read_names_what_is_wrong(
    make_npz: MakeNpz, changed: dict[str, NDArray[np.generic] | None], text: str
) -> None:
    """A fault is told with the file's name, what was expected and what came."""
    file = make_npz(**changed)
    with pytest.raises(DataError, match=re.escape(text)) as caught:
        NpzFile(file).read(silent)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"not an archive", b"PK\x03\x04 broken"])
def test_read_rejects_what_is_no_archive(tmp_path: Path, raw: bytes) -> None:
    """A damaged file is told as such."""
    file = tmp_path / "images.npz"
    file.write_bytes(raw)
    with pytest.raises(DataError, match=r"must be an \.npz archive"):
        NpzFile(file).read(silent)


def test_read_rejects_a_missing_file(tmp_path: Path) -> None:
    """A file that isn't there is told as such."""
    with pytest.raises(DataError, match="No such file"):
        NpzFile(tmp_path / "none.npz").read(silent)


def test_read_rejects_a_single_array(tmp_path: Path) -> None:
    """An .npy file under another name is not taken for an archive."""
    file = tmp_path / "images.npz"
    with file.open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(DataError, match="got 'one array'"):
        NpzFile(file).read(silent)
