import re
import zlib
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
from PIL import Image

from grader.data.imagefolder import ImageFolder
from grader.data.interface import silent
from grader.errors import DataError


def test_read_numbers_classes_by_name(image_folder: Path) -> None:
    """Pixels and labels belong together, classes in the order of their names."""
    splits = ImageFolder(image_folder).read(silent)
    assert splits.train.pixels.shape == (30, 3, 32, 32)
    np.testing.assert_array_equal(splits.train.labels, np.repeat(np.arange(10), 3))
    np.testing.assert_array_equal(splits.train.pixels[:, 0, 5, 7], splits.train.labels)
    np.testing.assert_array_equal(splits.test.pixels[:, 2, 0, 0], 200)


def test_read_passes_over_files_that_are_no_images(image_folder: Path) -> None:
    """Notes and hidden folders beside the images do no harm."""
    (image_folder / "train" / "class_0" / "notes.txt").write_text("mine")
    (image_folder / "train" / ".thumbnails").mkdir()
    assert len(ImageFolder(image_folder).read(silent).train) == 30


def test_read_takes_grey_images(image_folder: Path) -> None:
    """An image without colour gets three equal channels."""
    Image.new("L", (32, 32), 77).save(image_folder / "train" / "class_0" / "0.png")
    pixels = ImageFolder(image_folder).read(silent).train.pixels
    np.testing.assert_array_equal(pixels[0], 77)


def test_read_names_a_damaged_file(image_folder: Path) -> None:
    """The error says which of the files can't be decoded."""
    file = image_folder / "train" / "class_4" / "1.png"
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(DataError, match=r"class_4/1\.png: file must be an image"):
        ImageFolder(image_folder).read(silent)


def test_read_names_a_file_that_is_no_image(image_folder: Path) -> None:
    """A text named like an image is told as no image."""
    (image_folder / "test" / "class_1" / "x.jpg").write_text("hello")
    with pytest.raises(DataError, match=r"x\.jpg: file must be an image that can be read, got 'no"):
        ImageFolder(image_folder).read(silent)


def test_read_names_an_image_of_another_size(image_folder: Path) -> None:
    """The error says which file and which size."""
    Image.new("RGB", (28, 30)).save(image_folder / "train" / "class_4" / "1.png")
    with pytest.raises(DataError, match=r"1\.png: image must be 32 by 32 pixels, got 28 by 30"):
        ImageFolder(image_folder).read(silent)


def test_read_rejects_another_number_of_classes(image_folder: Path) -> None:
    """Nine classes are one too few."""
    rmtree(image_folder / "train" / "class_9")
    with pytest.raises(DataError, match="folders must be 10, one for each class, got 9"):
        ImageFolder(image_folder).read(silent)


def test_read_rejects_splits_with_different_classes(image_folder: Path) -> None:
    """The error names the classes that the splits don't share."""
    (image_folder / "test" / "class_9").rename(image_folder / "test" / "zebra")
    with pytest.raises(DataError, match="class_9, zebra"):
        ImageFolder(image_folder).read(silent)


def test_read_rejects_a_missing_folder(tmp_path: Path) -> None:
    """The error says how the folder must look."""
    with pytest.raises(DataError, match="lay the images out as FOLDER/train/<class>"):
        ImageFolder(tmp_path / "none").read(silent)


@pytest.mark.parametrize("told", ["..", "train", "test"])
def test_read_guesses_which_folder_was_meant(image_folder: Path, told: str) -> None:
    """One level too high or too deep is told with the folder that would do."""
    advice = re.escape(f"did you mean --data imagefolder:{image_folder}?")
    with pytest.raises(DataError, match=advice):
        ImageFolder((image_folder / told).resolve()).read(silent)


def test_read_rejects_images_without_splits(image_folder: Path, tmp_path: Path) -> None:
    """Classes without `train` and `test` above them are told the layout."""
    (image_folder / "train").rename(tmp_path / "flat")
    with pytest.raises(DataError, match="lay the images out as FOLDER/train/<class>"):
        ImageFolder(tmp_path / "flat").read(silent)


def test_read_decodes_no_image_of_another_size(image_folder: Path) -> None:
    """A file that claims to be huge is told by its header, whatever decoding it would take."""
    file = image_folder / "train" / "class_2" / "0.png"
    raw = bytearray(file.read_bytes())
    raw[16:24] = (60_000).to_bytes(4, "big") * 2
    raw[29:33] = zlib.crc32(raw[12:29]).to_bytes(4, "big")
    file.write_bytes(raw)
    with pytest.raises(
        DataError, match=r"class_2/0\.png: (image must be 32|file must be an image)"
    ):
        ImageFolder(image_folder).read(silent)


def test_fingerprint_changes_with_the_files(image_folder: Path) -> None:
    """An added or changed file is noticed; nothing changed, nothing noticed."""
    source = ImageFolder(image_folder)
    first = source.fingerprint()
    assert source.fingerprint() == first
    file = image_folder / "train" / "class_0" / "0.png"
    file.write_bytes(file.read_bytes() + b" ")
    second = source.fingerprint()
    file.rename(file.with_name("7.png"))
    assert len({first, second, source.fingerprint()}) == 3
