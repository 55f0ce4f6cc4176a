"""Images drawn by rule: for grading without a network or a download.

Every class has several patterns, smooth random fields in colour. An image is one of its class's
patterns, shifted, stronger or weaker, with a weaker pattern of another class over it, a smooth
field of its own, a change of brightness, white noise, and often a grey rectangle. A network
learns most of that and not all.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.data.interface import CLASSES, SHAPE, Images, Progress, Splits

CHANNELS, SIDE, _ = SHAPE
OCTAVES = ((4, 4), (8, 2), (16, 1))
"""Grid points along a side, and amplitude, of a field's layers: the coarse ones prevail."""
IMAGES_AT_ONCE = 500
"""Bounds the memory that drawing takes: 6 MB for an array of 32-bit numbers."""


@dataclass(frozen=True)
class Recipe:
    """What the images are made of; weights and levels are of 256."""

    patterns: int = 12
    """Patterns of each class."""
    shift: int = 3
    """Largest shift of a pattern, pixels, in each direction."""
    signal: int = 160
    """Largest weight of the class's pattern; the smallest is half of it."""
    rival: int = 64
    """Largest weight of the other class's pattern; the smallest is none."""
    clutter: int = 128
    """Weight of the image's own field."""
    noise: int = 32
    """Range of the white noise."""
    brightness: int = 48
    """Range of the image's brightness."""


@dataclass(frozen=True)
class Synthetic:
    """The source `synthetic`: the same images to the last bit on every machine."""

    recipe: Recipe = Recipe()
    training_images: int = 9000
    test_images: int = 2000
    seed: int = 2020

    def fingerprint(self) -> str:
        """Changes with this module's text: whoever alters the rule need not think of the cache."""
        return hashlib.sha256(Path(__file__).read_bytes() + repr(self).encode()).hexdigest()

    def read(self, progress: Progress) -> Splits:
        """Draw every image."""
        source = _Bytes(self.seed)
        patterns = _fields(source, CLASSES * self.recipe.patterns)
        total = self.training_images + self.test_images
        parts: list[Images] = []
        for done in range(0, total, IMAGES_AT_ONCE):
            progress(done, total, "drawing images")
            parts.append(_draw(source, patterns, min(IMAGES_AT_ONCE, total - done), self.recipe))
        progress(total, total, "drawing images")
        images = Images(
            np.concatenate([part.pixels for part in parts]),
            np.concatenate([part.labels for part in parts]),
        )
        training = slice(self.training_images)
        test = slice(self.training_images, None)
        return Splits(images.part(training), images.part(test))


class _Bytes:
    """Random bytes.

    Made of the generator's raw words alone, whose stream numpy promises never to change; its
    distributions (`normal`, `integers`) may change from release to release.
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.PCG64(seed)

    def draw(self, *shape: int) -> NDArray[np.uint8]:
        """Bytes, uniform over 0 to 255."""
        size = int(np.prod(shape))
        words = self._generator.random_raw(-(-size // 8))
        return words.astype("<u8", copy=False).view(np.uint8)[:size].reshape(shape)

    def below(self, limit: int, *shape: int) -> NDArray[np.intp]:
        """Integers from 0 to `limit` - 1, each equally likely to within 1 in 65536."""
        pairs = self.draw(*shape, 2).astype(np.intp)
        return ((pairs[..., 0] * 256 + pairs[..., 1]) * limit) >> 16


def _draw(source: _Bytes, patterns: NDArray[np.float32], count: int, recipe: Recipe) -> Images:
    """`count` labelled images.

    Every number on the way is a whole one below 2^24, which float32 holds exactly: no machine's
    rounding can change a pixel.
    """
    labels = source.below(CLASSES, count)
    own = labels * recipe.patterns + source.below(recipe.patterns, count)
    other = source.below(len(patterns), count)
    half = recipe.signal // 2
    canvas = _weight(half + source.below(half + 1, count)) * _shifted(
        source, patterns, own, recipe.shift
    )
    canvas += _weight(source.below(recipe.rival + 1, count)) * _shifted(
        source, patterns, other, recipe.shift
    )
    canvas += np.float32(recipe.clutter) * _fields(source, count)
    canvas += _weight(256 * (128 + _around_zero(source, recipe.brightness, count)))
    canvas += np.float32(recipe.noise) * (source.draw(*canvas.shape).astype(np.float32) - 128)
    pixels = np.floor(canvas / 256).clip(0, 255).astype(np.uint8)
    _occlude(source, pixels)
    return Images(pixels, labels.astype(np.int64))


def _weight(values: NDArray[np.intp]) -> NDArray[np.float32]:
    """`values`, one for each image, ready to be multiplied with images."""
    return values.astype(np.float32)[:, None, None, None]


def _around_zero(source: _Bytes, limit: int, *shape: int) -> NDArray[np.intp]:
    return source.below(2 * limit + 1, *shape) - limit


def _fields(source: _Bytes, count: int) -> NDArray[np.float32]:
    """Smooth random fields.

    Returns:
        (count, 3, 32, 32), whole numbers from -256 to 256: noise on three periodic grids,
        interpolated bilinearly and added up.
    """
    bases = [_interpolation(points) for points, _ in OCTAVES]
    finest = max((SIDE // points) ** 2 for points, _ in OCTAVES)
    basis = np.concatenate(
        [
            np.kron(base, base).T * (amplitude * finest // (SIDE // points) ** 2)
            for base, (points, amplitude) in zip(bases, OCTAVES, strict=True)
        ]
    )
    grids = source.draw(count * CHANNELS, len(basis)).astype(np.float32) - 128
    # A sum of whole numbers below 2^24 is exact in float32, in whatever order BLAS adds.
    fields: NDArray[np.float32] = np.floor((grids @ basis) / 256).reshape(count, *SHAPE)
    return fields


def _interpolation(points: int) -> NDArray[np.float32]:
    """(32, points): weights of grid points in the pixels of a line, in units of points / 32."""
    step = SIDE // points
    weights = np.zeros((SIDE, points), np.float32)
    for pixel in range(SIDE):
        left, past = divmod(pixel, step)
        weights[pixel, left] += step - past
        weights[pixel, (left + 1) % points] += past
    return weights


def _shifted(
    source: _Bytes, patterns: NDArray[np.float32], chosen: NDArray[np.intp], shift: int
) -> NDArray[np.float32]:
    """The chosen patterns, each moved around its own way."""
    line = np.arange(SIDE)
    rows = (line + _around_zero(source, shift, len(chosen), 1)) % SIDE
    columns = (line + _around_zero(source, shift, len(chosen), 1)) % SIDE
    moved: NDArray[np.float32] = patterns[
        chosen[:, None, None, None],
        np.arange(CHANNELS)[:, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]
    return moved


def _occlude(source: _Bytes, pixels: NDArray[np.uint8]) -> None:
    """Cover a grey rectangle of up to 11 by 11 pixels in each image."""
    count = len(pixels)
    top, left = source.below(SIDE, count), source.below(SIDE, count)
    height, width = source.below(12, count), source.below(12, count)
    grey = source.draw(count)
    for image, y, x, h, w, level in zip(pixels, top, left, height, width, grey, strict=True):
        image[:, y : y + h, x : x + w] = level
