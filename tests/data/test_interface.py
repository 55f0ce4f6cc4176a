import numpy as np

from grader.data.interface import Images, content_hash


def images(seed: int = 0, count: int = 4) -> Images:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    return Images(pixels, np.arange(count, dtype=np.int64))


def test_normalised_has_mean_and_deviation_of_one_half() -> None:
    """Black becomes -1, white 1, and what is between lies on the line, in float32."""
    pixels = np.array([0, 255, 51], np.uint8).reshape(3, 1, 1, 1) * np.ones(
        (1, 3, 32, 32), np.uint8
    )
    found = Images(pixels, np.zeros(3, np.int64)).normalised()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0, 0, 0], [-1, 1, -0.6], atol=1e-7)


def test_normalised_leaves_the_pixels_alone() -> None:
    """The images stay as they were."""
    some = images()
    before = some.pixels.copy()
    some.normalised()
    np.testing.assert_array_equal(some.pixels, before)


def test_part_keeps_pixels_and_labels_together() -> None:
    """A selection takes the same images from both."""
    some = images()
    chosen = some.part(np.array([2, 0]))
    np.testing.assert_array_equal(chosen.labels, [2, 0])
    np.testing.assert_array_equal(chosen.pixels[0], some.pixels[2])


def test_content_hash_tells_pixels_labels_and_splits_apart() -> None:
    """A changed pixel, a changed label and another border between splits change the hash."""
    some = images()
    pixels, labels = some.pixels.copy(), some.labels.copy()
    pixels[0, 0, 0, 0] ^= 1
    labels[0] += 1
    hashes = {
        content_hash(some),
        content_hash(Images(pixels, some.labels)),
        content_hash(Images(some.pixels, labels)),
        content_hash(some.part(slice(2)), some.part(slice(2, None))),
        content_hash(some.part(slice(1)), some.part(slice(1, None))),
    }
    assert len(hashes) == 5


def test_content_hash_is_of_the_content_alone() -> None:
    """How the arrays lie in memory doesn't count."""
    some = images()
    strided = Images(np.asfortranarray(some.pixels), some.labels)
    assert content_hash(some) == content_hash(strided)
