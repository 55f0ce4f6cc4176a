import numpy as np

from grader.data.interface import Splits, content_hash, silent
from grader.data.synthetic import Synthetic

SMALL = Synthetic(training_images=700, test_images=300)
SMALL_SHA256 = "6e190810534290039eb9ec31e215c8764416c46409eb82185745c7e7a5a08ff2"


def hash_of(splits: Splits) -> str:
    return content_hash(splits.train, splits.test)


def test_read_gives_the_same_images_on_every_machine() -> None:
    """The images are, to the last bit, those drawn when the rule was laid down."""
    assert hash_of(SMALL.read(silent)) == SMALL_SHA256


def test_read_gives_other_images_for_another_seed() -> None:
    """The seed matters."""
    other = Synthetic(training_images=700, test_images=300, seed=2021)
    assert hash_of(other.read(silent)) != SMALL_SHA256


def test_read_gives_images_of_cifar_shape_and_every_class() -> None:
    """Both splits hold (N, 3, 32, 32) bytes of ten classes, none rare."""
    splits = SMALL.read(silent)
    assert splits.train.pixels.shape == (700, 3, 32, 32)
    assert splits.train.pixels.dtype == np.uint8
    assert np.bincount(splits.train.labels, minlength=10).min() > 40
    assert np.bincount(splits.test.labels, minlength=10).min() > 10


def test_read_uses_the_range_of_brightness_without_saturating() -> None:
    """Few pixels are quite black or quite white, and the contrast is that of photographs."""
    pixels = SMALL.read(silent).train.pixels
    assert np.isin(pixels, (0, 255)).mean() < 0.03
    assert 35 < pixels.std() < 70


def test_read_tells_its_progress_to_the_end() -> None:
    """Progress starts at nothing and ends with everything."""
    told: list[tuple[int, int]] = []
    SMALL.read(lambda done, total, _what: told.append((done, total)))
    assert told[0] == (0, 1000)
    assert told[-1] == (1000, 1000)


def test_fingerprint_depends_on_the_recipe() -> None:
    """A changed recipe is not answered from the cache."""
    assert SMALL.fingerprint() != Synthetic().fingerprint()
