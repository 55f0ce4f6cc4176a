"""Check of problem 3.3: accuracy, parameters and time against the rank.

The grader computes the accuracies itself, from its own truncated network and the public images that
the submission measures on. A submission whose `CompressedNet` is wrong has lost points for that
already: its curve may also fit its own model. Its accuracies are believed where that model is a
compression, by the arrays that it stores, and where a fresh process, which never saw a label or the
given network, rebuilds it from these arrays and is as accurate: on the public images with some
noise, and on held-out ones.
"""

import time
from collections.abc import Mapping

import numpy as np
from pydantic import Field

from grader.checks.carried import storage_of_mistake
from grader.checks.compare import Array
from grader.checks.compressed import Models, Stored, storage_limit
from grader.checks.interface import (
    Bench,
    Outcome,
    Params,
    SubmissionFault,
    Tampering,
    check,
    failed,
    passed,
)
from grader.checks.margins import within
from grader.checks.records import read_records
from grader.checks.truncation import Form, TruncatedNet

COLUMNS = ("rank", "parameters", "accuracy", "seconds")
NAME = "compression_curve"
SLACK_SECONDS = 1.0
"""What clocks and threads may add to the wall time before a sum of times is called impossible."""
FASTEST = 1e13
"""Operations in a second that no processor reaches with so few."""
MARGIN = 0.02
"""Share by which a count may differ from the model's own."""
NOISE = 2
"""Levels of 255 by which pixels are moved, so that no image is one that came with a label."""
HELD_OUT_IMAGES = 2000
DEVIATIONS = 4.0
"""How far the accuracies of two samples of images may be apart by chance."""

Point = tuple[float, float, float]
"""Parameters, accuracy, seconds."""


class CurveParams(Params):
    """Parameters of `compression.curve`."""

    ranks: tuple[int, ...] = Field(default=(5, 20, 100), min_length=1)
    accuracy_margin: float = Field(default=0.02, gt=0)
    """By how much an accuracy may differ from the grader's."""


@check("compression.curve", CurveParams, calls=["compression_curve"], needs_baseline=True)
def curve(params: CurveParams, bench: Bench) -> Outcome:
    """`compression_curve(net, ranks, loader)` finds what the grader finds too."""
    models = Models.of(bench)
    images = models.baseline.dataset.public
    start = time.perf_counter()
    answer = models.ask("training", "curve", list(params.ranks), images.pixels, images.labels)
    wall = time.perf_counter() - start
    points = _read(answer, params.ranks)
    if isinstance(points, Outcome):
        return points
    finding = _judge_times(models.net, points, wall, bench.threads)
    if finding is not None:
        return finding
    own = _OwnModel(models, params.accuracy_margin, max(params.ranks))
    for rank, (parameters, accuracy, _) in points.items():
        finding = _judge_parameters(models.net, rank, parameters)
        if finding is not None and not own.has_count(rank, parameters):
            return finding
        right = _accuracy(models.expected(images.pixels, Form(rank)), images.labels)
        off = abs(accuracy - right)
        if not within(off, params.accuracy_margin) and not own.has_accuracy(rank, accuracy):
            return failed(
                f"{NAME}: the accuracy at rank {rank} is not that of the network truncated to it",
                "count the right answers of all images in the loader, of the model of this rank",
                f"{accuracy:.4g} reported, {right:.4g} right",
            )
    return passed(
        records=[dict(zip(COLUMNS, (rank, *point), strict=True)) for rank, point in points.items()]
    )


def _read(answer: object, ranks: tuple[int, ...]) -> dict[int, Point] | Outcome:
    """The points of the ranks asked for; of one measured twice the last record counts."""
    records = read_records(answer, COLUMNS, name=NAME)
    if isinstance(records, Outcome):
        return records
    points = {round(rank): (count, share, seconds) for rank, count, share, seconds in records}
    missing = [rank for rank in ranks if rank not in points]
    if missing:
        return failed(
            f"{NAME}: expected a record for each rank of {list(ranks)}, got none for {missing[0]}",
            "return one record for each rank in `ranks`",
        )
    # Some measure in per cent.
    unit = 100.0 if any(share > 1 for _, share, _ in points.values()) else 1.0
    return {rank: (points[rank][0], points[rank][1] / unit, points[rank][2]) for rank in ranks}


def _judge_times(
    net: TruncatedNet, points: Mapping[int, Point], wall: float, threads: int
) -> Outcome | None:
    for rank, (_, _, seconds) in points.items():
        operations = 2 * sum(min(layer.factored(rank), layer.weight.size) for layer in net.layers)
        if 0 < seconds < operations / FASTEST:
            return failed(
                f"{NAME}: the time at rank {rank} is shorter than the products for one image take",
                "report seconds, of all images or of one, measured around the inference",
                f"{seconds:.3g} s",
            )
    times = [seconds for _, _, seconds in points.values()]
    if not all(seconds > 0 for seconds in times):
        return failed(
            f"{NAME}: seconds must be positive",
            "measure with time.perf_counter around the inference",
        )
    if sum(times) > wall * (1 + threads) + SLACK_SECONDS:
        return failed(
            f"{NAME}: the reported seconds together exceed the time that the call took",
            "report seconds, not milliseconds, and measure within the call",
            f"{sum(times):.3g} s reported, {wall:.3g} s passed",
        )
    if len(times) > 1 and len(set(times)) == 1:
        return failed(f"{NAME}: seconds are the same for all ranks", "time each rank")
    return None


def _judge_parameters(net: TruncatedNet, rank: int, parameters: float) -> Outcome | None:
    """Factors, or the weight matrix where that is smaller; biases and s counted or not."""
    least = sum(min(layer.factored(rank), layer.weight.size) for layer in net.layers)
    if least <= parameters <= storage_limit(net, rank):
        return None
    hint = "a layer of size m x n takes r(m + n) numbers for its factors, and m for its bias"
    if parameters < least:
        hint += "; factors that are plain tensors are missing in parameters()"
    return failed(
        f"{NAME}: expected the number of stored parameters at rank {rank}, got {parameters:.0f}",
        hint,
    )


def _accuracy(scores: Array, labels: Array) -> float:
    return float((scores.argmax(axis=1) == labels).mean())


class _OwnModel:
    """What the submission's own `CompressedNet` has and does; asked where the curve differs."""

    def __init__(self, models: Models, margin: float, highest: int) -> None:
        self._models = models
        self._margin = margin
        self._highest = highest
        self._stored_at: dict[int, Stored | None] = {}
        self._accuracies_at: dict[int, tuple[float, float] | None] = {}

    def has_count(self, rank: int, parameters: float) -> bool:
        """Whether the model stores so many numbers."""
        stored = self._stored(rank)
        return stored is not None and abs(parameters - stored.count) <= MARGIN * stored.count

    def has_accuracy(self, rank: int, accuracy: float) -> bool:
        """Whether the model is that accurate, on images whose labels it can't know.

        At the highest rank it must have learned something: a constant answer confirms itself.
        """
        found, best = self._accuracies(rank), self._accuracies(self._highest)
        if found is None or best is None:
            return False
        _, labels = self._models.labelled(HELD_OUT_IMAGES)
        constant = np.bincount(labels).max() / len(labels)
        if best[1] <= constant + DEVIATIONS * np.sqrt(constant * (1 - constant) / len(labels)):
            return False
        seen, unseen = found
        public = len(self._models.baseline.dataset.public)
        chance = np.sqrt(unseen * (1 - unseen) * (1 / public + 1 / len(labels)))
        return abs(accuracy - seen) <= self._margin and abs(
            accuracy - unseen
        ) <= self._margin + DEVIATIONS * float(chance)

    def _accuracies(self, rank: int) -> tuple[float, float] | None:
        """The rebuilt model's on noisy public images and on held-out ones; None where none is."""
        if rank not in self._accuracies_at:
            self._accuracies_at[rank] = self._measure(rank)
        return self._accuracies_at[rank]

    def _measure(self, rank: int) -> tuple[float, float] | None:
        stored, models = self._stored(rank), self._models
        if stored is None:
            return None
        limit = storage_of_mistake(stored.arrays, models.net, rank)
        if limit is None or stored.count > limit:
            return None
        public = models.baseline.dataset.public
        rng = models.bench.draws.rng("own accuracy", rank)
        pixels, labels = models.labelled(HELD_OUT_IMAGES)
        moved = public.pixels + rng.integers(-NOISE, NOISE + 1, public.pixels.shape)
        mixed = np.concatenate([moved.clip(0, 255).astype(np.uint8), pixels])
        order = rng.permutation(len(mixed))
        try:
            answer, _ = models.rebuilt(rank, stored.arrays, mixed[order], limit=limit)
        except Tampering:
            raise
        except SubmissionFault:
            return None
        if isinstance(answer, Outcome):
            return None
        scores = np.empty_like(answer)
        scores[order] = answer
        return (
            _accuracy(scores[: len(public)], public.labels),
            _accuracy(scores[len(public) :], labels),
        )

    def _stored(self, rank: int) -> Stored | None:
        """What the model stores; None where none can be built."""
        if rank not in self._stored_at:
            if not self._stored_at:
                # The process that measured the curve has seen the labels.
                self._models.bench.session.restart()
            try:
                self._models.build(rank)
                self._stored_at[rank] = self._models.stored(rank)
            except Tampering:
                raise
            except SubmissionFault:
                self._stored_at[rank] = None
        return self._stored_at[rank]
