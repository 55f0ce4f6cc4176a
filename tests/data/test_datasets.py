"""From a `--data` text to three splits that are always the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grader.data.datasets import find_dataset, load_dataset
from grader.data.interface import Images
from grader.errors import DataError
from tests.data.conftest import small_arrays, write_npz

MakeNpz = Callable[..., Path]


def brightness(images: Images) -> list[float]:
    """What tells the images of `small_arrays` apart."""
    return [float(mean) for mean in images.pixels.mean(axis=(1, 2, 3))]


def test_load_dataset_divides_what_is_published(make_npz: MakeNpz, cache: Path) -> None:
    """The test split is hidden, a tenth of the training split is public, the rest is learned."""
    found = load_dataset(f"npz:{make_npz()}", cache=cache)
    assert (len(found.train), len(found.public), len(found.hidden)) == (180, 20, 50)
    assert found.name == "npz"
    arrays = small_arrays()
    test_means = arrays["test_images"].mean(axis=(1, 2, 3))
    train_means = arrays["train_images"].mean(axis=(1, 2, 3))
    assert sorted(brightness(found.hidden)) == pytest.approx(sorted(test_means))
    together = brightness(found.train) + brightness(found.public)
    assert sorted(together) == pytest.approx(sorted(train_means))


def test_load_dataset_keeps_labels_with_their_images(make_npz: MakeNpz, cache: Path) -> None:
    """Shuffling moves image and label together."""
    found = load_dataset(f"npz:{make_npz()}", cache=cache)
    for images in (found.train, found.public, found.hidden):
        np.testing.assert_array_equal(np.array(brightness(images)) // 24, images.labels)


def test_load_dataset_shuffles_always_alike(make_npz: MakeNpz, cache: Path) -> None:
    """The order is not that of the file, and the same every time."""
    spec = f"npz:{make_npz()}"
    first, second = load_dataset(spec, cache=cache), load_dataset(spec, cache=cache)
    assert first.sha256 == second.sha256
    np.testing.assert_array_equal(first.hidden.labels, second.hidden.labels)
    assert first.hidden.labels.tolist()[:20] != (np.arange(20) % 10).tolist()
    assert first.hidden.labels.tolist()[:8] == [2, 8, 5, 3, 6, 4, 1, 3]


def test_load_dataset_holds_back_two_thousand_at_most(tmp_path: Path, cache: Path) -> None:
    """Of many training images no more become public than a sample needs."""
    count = 25_000
    images = np.zeros((count, 32, 32, 3), np.uint8)
    labels = np.arange(count) % 10
    arrays = small_arrays(test=10) | {"train_images": images, "train_labels": labels}
    found = load_dataset(f"npz:{write_npz(tmp_path / 'many.npz', arrays)}", cache=cache)
    assert (len(found.train), len(found.public)) == (23_000, 2000)


def test_load_dataset_knows_content_wherever_it_came_from(
    make_npz: MakeNpz, image_folder: Path, cache: Path
) -> None:
    """The hash is of the images: another file changes it, another name does not."""
    file = make_npz()
    other = file.with_name("other.npz")
    other.write_bytes(file.read_bytes())
    one, same = (load_dataset(f"npz:{path}", cache=cache) for path in (file, other))
    assert one.sha256 == same.sha256
    assert load_dataset(f"imagefolder:{image_folder}", cache=cache).sha256 != one.sha256


@pytest.mark.parametrize(
    "spec",
    ["", "mnist", "synthetic:", "synthetic:3", "cifar10:x", "npz", "npz:", "imagefolder", ":x"],
)
def test_load_dataset_rejects_unknown_texts(spec: str, cache: Path) -> None:
    """The error says which texts there are."""
    with pytest.raises(DataError, match="dataset must be synthetic, cifar10, imagefolder:FOLDER"):
        load_dataset(spec, cache=cache)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        pytest.param(
            {"train_images": np.zeros((9, 32, 32, 3), np.uint8), "train_labels": np.arange(9)},
            "train: images must be 10 at least, got 9",
            id="too few",
        ),
        pytest.param(
            {"test_images": np.zeros((0, 32, 32, 3), np.uint8), "test_labels": np.arange(0)},
            "test: images must be 10 at least, got 0",
            id="none",
        ),
        pytest.param(
            {"train_labels": np.arange(200) % 11},
            "must be from 0 to 9, got 0 to 10",
            id="11 classes",
        ),
        pytest.param(
            {"test_labels": np.arange(50) % 10 - 1}, "must be from 0 to 9, got -1 to 8", id="-1"
        ),
        pytest.param(
            {"train_labels": np.arange(200) % 9}, "train: classes must be 10, got 9", id="9 classes"
        ),
    ],
)
def test_load_dataset_rejects_labels_that_dont_fit(
    make_npz: MakeNpz, cache: Path, changed: dict[str, np.ndarray], text: str
) -> None:
    """Labels that the network has no output for, or classes without images, are told."""
    with pytest.raises(DataError, match=text):
        load_dataset(f"npz:{make_npz(**changed)}", cache=cache)


def test_load_dataset_reads_a_folder_once(image_folder: Path, cache: Path) -> None:
    """The second time the images come from the cache, whatever became of the files."""
    told: list[str] = []
    spec = f"imagefolder:{image_folder}"
    first = load_dataset(spec, cache=cache, progress=lambda _d, _t, what: told.append(what))
    assert told == ["reading images"]
    second = load_dataset(spec, cache=cache, progress=lambda _d, _t, what: told.append(what))
    assert told == ["reading images"]
    assert second.sha256 == first.sha256


def test_load_dataset_notices_changed_files(image_folder: Path, cache: Path) -> None:
    """An image that was replaced is read anew."""
    spec = f"imagefolder:{image_folder}"
    first = load_dataset(spec, cache=cache)
    file = image_folder / "train" / "class_0" / "0.png"
    file.write_bytes((image_folder / "train" / "class_1" / "0.png").read_bytes() + b"\0")
    assert load_dataset(spec, cache=cache).sha256 != first.sha256


def test_load_dataset_makes_a_damaged_entry_again(image_folder: Path, cache: Path) -> None:
    """What is broken in the cache is neither trusted nor an error."""
    spec = f"imagefolder:{image_folder}"
    first = load_dataset(spec, cache=cache)
    (entry,) = cache.glob("dataset-imagefolder-*.safetensors")
    entry.write_bytes(entry.read_bytes()[:-1])
    assert load_dataset(spec, cache=cache).sha256 == first.sha256


def test_find_dataset_takes_what_is_there_alone(
    image_folder: Path, make_npz: MakeNpz, cache: Path
) -> None:
    """Images that would have to be read, drawn or fetched first are not; an archive is read."""
    spec = f"imagefolder:{image_folder}"
    for other in (spec, "synthetic", "cifar10"):
        assert find_dataset(other, cache=cache) is None
    made = load_dataset(spec, cache=cache)
    found = find_dataset(spec, cache=cache)
    assert found is not None
    assert found.sha256 == made.sha256
    archive = find_dataset(f"npz:{make_npz()}", cache=cache)
    assert archive is not None
    assert len(archive.hidden) == 50


def test_find_dataset_tells_what_is_wrong(cache: Path) -> None:
    """A folder that isn't there is an error, not a dataset yet to be read."""
    with pytest.raises(DataError, match="lay the images out"):
        find_dataset("imagefolder:none", cache=cache)
