"""The images that are drawn by rule: the same everywhere, and hard in the right measure."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rank_curve import accuracy, numbers_stored, truncations
from grader.data.baseline import Baseline, BaselineSpec, provide_baseline
from grader.data.interface import Splits, content_hash, silent
from grader.data.synthetic import Synthetic
from grader.data.training import Trainer, train

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


def test_a_small_network_learns_much_of_it_and_not_all() -> None:
    """Far better than guessing, far from perfect, after seconds."""
    splits = Synthetic(training_images=3000, test_images=500).read(silent)
    trainer = Trainer(splits.train, (3072, 300, 300, 10), seed=0)
    found = train(trainer, 5, judged_by=splits.test, threads=1, progress=silent)
    assert 0.4 < found.accuracy < 0.75


def bends(baseline: Baseline) -> None:
    """Assert that little is left at rank 5 and little is lost at rank 100."""
    of_rank, hidden = truncations(baseline), baseline.dataset.hidden
    found = {rank: accuracy(of_rank(rank), hidden) for rank in (1, 5, 20, 50, 100, 1000)}
    whole = baseline.accuracy
    assert found[1000] == pytest.approx(whole, abs=0.002)
    assert found[1] < 0.2
    assert found[5] < 0.5 * whole
    assert 0.5 * whole < found[20] < 0.9 * whole
    assert found[50] > 0.9 * whole
    assert found[100] > 0.96 * whole
    assert numbers_stored(baseline, 20) < 0.05 * numbers_stored(baseline, 1000)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_baseline_learns_most_of_it_and_its_ranks_matter(cache: Path) -> None:
    """The assignment's network is right on 60 to 90 %, and bends between rank 5 and rank 50."""
    baseline = provide_baseline(BaselineSpec(), cache=cache)
    assert 0.6 < baseline.accuracy < 0.9
    bends(baseline)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_cifar10_agrees(cache: Path) -> None:
    """On the real images the network is right on 50 to 56 %, and bends at the same ranks."""
    folder = os.environ.get("NLA_GRADER_CIFAR10_JPEG", "")
    if not folder:
        pytest.skip("NLA_GRADER_CIFAR10_JPEG names no folder with CIFAR-10 as JPEG files")
    baseline = provide_baseline(BaselineSpec(data=f"imagefolder:{folder}"), cache=cache)
    assert 0.50 < baseline.accuracy < 0.56
    bends(baseline)
