"""Check of problem 3.4: fine-tuning trains the factors and does not lower the accuracy.

What is judged is rebuilt: a fresh process, which never got the given network, makes a model of
random weights, has it fine-tuned with random labels, so that it takes the form that `fine_tune`
gives it, and has every number overwritten by those that the tuned model stores. The accuracy is the
grader's: from log-probabilities of held-out images, whose labels stay with it.

One epoch improves the accuracy even where the labels are wrong, since any training makes a
truncated network less sure of its mistakes. So it trains again and again, always on batches that
hold the images of two classes each: once with the right labels, and once for each of these pairs
with the labels of that pair exchanged. What differs between two such networks is the doing of the
labels in these few batches, and shows on held-out images.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import Field

from grader.checks.carried import storage_of_mistake
from grader.checks.compare import Array, close, relative_error
from grader.checks.compressed import Models, Stored, storage_limit
from grader.checks.exchange import Epoch, followed, in_parts
from grader.checks.factors import find_roles
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
from grader.checks.probe_answers import fields, read_count
from grader.checks.truncation import TruncatedNet
from grader.data.interface import Images

HELD_OUT_IMAGES = 2000
STILL = 1e-6
"""Relative difference of log-probabilities below which nothing has been learned."""
FOLLOWED = 0.66
"""Share of held-out images of each class that must follow its labels; half of them do by chance."""
TURNED = 1e-5
"""Relative change of a factor, beside its size, that one epoch exceeds at a rate of 1e-6 too."""
SERVED = 0.9
"""Share of an epoch that must be taken from the loader; some leave out a small last batch."""


class FineTuneParams(Params):
    """Parameters of `compression.fine_tune`."""

    rank: int = Field(default=10, gt=0)
    epochs: int = Field(default=1, gt=0)
    images: int = Field(default=2000, gt=0)
    """Training images in the loader."""
    margin: float = Field(default=0.02, ge=0)
    """By how much the accuracy may fall."""


@check("compression.fine_tune", FineTuneParams, calls=["fine_tune"], needs_baseline=True)
def fine_tune(params: FineTuneParams, bench: Bench) -> Outcome:
    """`fine_tune(compressed, loader, epochs)` trains the factors and keeps the accuracy."""
    models = Models.of(bench)
    found: Outcome | SubmissionFault | None = None
    if models.has_own:
        found = _attempt(params, models, own=True)
        if isinstance(found, Outcome) and found.value >= 1:
            return found
    # A mistake in the submission's class has cost its points in 3.2; here a network that is right
    # stands in for it.
    other = _attempt(params, models, own=False)
    if isinstance(other, Outcome) and other.value >= 1:
        return replace(other, staff_note="judged on the grader's own compressed network")
    found = found or other
    if isinstance(found, SubmissionFault):
        raise found
    return found


@dataclass(frozen=True)
class _Tuning:
    """Whose network is tuned, on what."""

    params: FineTuneParams
    models: Models
    training: Images
    own: bool
    """Whether it is the submission's `CompressedNet`, not the grader's."""

    def build(self) -> None:
        """Make the network, as it is before any training."""
        rank = self.params.rank
        if self.own:
            self.models.build(rank)
        else:
            net = self.models.net
            self.models.ask("compression", "build_given", rank, net.factor_chains(rank), net.biases)

    def again(self) -> None:
        """Make the network once more, by copying it where that can be done."""
        if self.models.bench.session.probe("training", "start_again", self.params.rank) is not True:
            self.build()

    def train(self, images: Images, *, shuffle: bool) -> Stored | Outcome:
        """What the network stores after an epoch or more of these images, or what is wrong."""
        told = self._train(images, shuffle=shuffle)
        if not told["usable"]:
            return failed(
                f"fine_tune: expected the fine-tuned network, got an object of type "
                f"{told['kind'][:40]}",
                "end with `return compressed`",
            )
        served = read_count(told["served"])
        # None at all: the images were taken from `loader.dataset`, past the loader.
        if 0 < served < SERVED * len(images):
            return failed(
                f"fine_tune: took {served} of the {len(images)} images in the loader",
                "train on every batch, and return after the last epoch",
            )
        return self.models.stored(self.params.rank)

    def rebuild(
        self, before: Stored, tuned: Sequence[Stored], pixels: Array
    ) -> Iterator[Array | Outcome]:
        """The answers for `pixels` of networks made of what was stored, and of nothing else.

        The first one is that of the network `before` the training.
        """
        models, rank = self.models, self.params.rank
        models.bench.session.restart()
        if self.own:
            models.build_blank(rank)
        else:
            blank = [
                [np.zeros_like(matrix) for matrix in chain]
                for chain in models.net.factor_chains(rank)
            ]
            biases = [np.zeros_like(bias) for bias in models.net.biases]
            models.bench.session.probe("compression", "build_given", rank, blank, biases)
        yield self._fill(before, pixels)
        # With random labels: only so that the model takes the form that `fine_tune` gives it.
        classes = len(models.net.layers[-1].bias)
        labels = models.bench.draws.rng("form").integers(0, classes, len(self.training))
        self._train(Images(self.training.pixels, labels), shuffle=True)
        yield from (self._fill(stored, pixels) for stored in tuned)

    def _train(self, images: Images, *, shuffle: bool) -> dict[str, Any]:
        told = self.models.bench.session.probe(
            "training",
            "fine_tune",
            self.params.rank,
            self.params.epochs,
            images.pixels,
            images.labels,
            shuffle=shuffle,
        )
        return fields(told, usable=bool, kind=str, served=int)

    def _fill(self, stored: Stored, pixels: Array) -> Array | Outcome:
        self.models.fill(self.params.rank, stored.arrays)
        return self.models.answer(self.params.rank, pixels)


def _attempt(params: FineTuneParams, models: Models, *, own: bool) -> Outcome | SubmissionFault:
    training = models.baseline.dataset.train.part(slice(params.images))
    try:
        return _tune(_Tuning(params, models, training, own))
    except Tampering:
        raise
    except SubmissionFault as fault:
        return fault


def _tune(tuning: _Tuning) -> Outcome:
    models, rank, training = tuning.models, tuning.params.rank, tuning.training
    epoch = in_parts(
        training.labels, len(models.net.layers[-1].bias), models.bench.draws.rng("labels")
    )
    ordered = training.part(epoch.order)
    tuning.build()
    before = models.stored(rank)
    limit = storage_of_mistake(before.arrays, models.net, rank)
    if limit is None or before.count > limit:
        return failed(
            f"CompressedNet(net, {rank}): factors of the layers, and little else, were expected in "
            "what it stores",
            "keep U[:, :r], s[:r] and Vh[:r] of each weight matrix, multiplied as you like",
        )
    tuned: list[Stored] = []
    for number, images in enumerate(
        [
            training,
            ordered,
            *(Images(ordered.pixels, epoch.exchanged(pair)) for pair in epoch.pairs),
        ]
    ):
        if number:
            tuning.again()
        stored = tuning.train(images, shuffle=not number)
        if isinstance(stored, Outcome):
            return stored
        finding = _judge_factors(models.net, rank, before, stored)
        if finding is not None:
            return finding
        tuned.append(stored)
    pixels, labels = models.labelled(HELD_OUT_IMAGES)
    answers: list[Array] = []
    for answer in tuning.rebuild(before, tuned, pixels):
        if isinstance(answer, Outcome):
            return answer
        answers.append(answer)
    first, last, right, *exchanged = answers
    finding = _judge_answers(tuning.params, first, last, labels)
    if finding.value < 1:
        return finding
    return _judge_labels(finding, [answer - right for answer in exchanged], labels, epoch)


def _judge_labels(found: Outcome, changes: Sequence[Array], labels: Array, epoch: Epoch) -> Outcome:
    """Whether the network learns the labels that it is given; `found` is returned if so."""
    shares = [
        followed(change, labels, pair) for change, pair in zip(changes, epoch.pairs, strict=True)
    ]
    if not all(within(1 - share, 1 - FOLLOWED) for share in shares):
        return failed(
            "fine_tune: the network does not learn the labels that the loader gives, or not those "
            "of every batch: with other labels it becomes much the same",
            "compare the answers for a batch with the labels of that batch, as they are, and make "
            "a step for every batch",
            f"parts of an epoch followed: {', '.join(f'{share:.0%}' for share in shares)}; half "
            "would be chance",
        )
    return replace(found, data={**found.data, "followed": min(shares)})


def _judge_answers(params: FineTuneParams, before: Array, after: Array, labels: Array) -> Outcome:
    if close(after, before, rtol=STILL):
        return failed("fine_tune: the network computes what it did before", "train the factors")
    first, last = (float((answer.argmax(axis=1) == labels).mean()) for answer in (before, after))
    if not within(max(first - last, 0.0), params.margin):
        return failed(
            "fine_tune: the accuracy on images that were not trained on is lower than before",
            "use a smaller learning rate, and train on every batch of the loader",
            before=first,
            after=last,
        )
    return passed(before=first, after=last)


def _judge_factors(net: TruncatedNet, rank: int, before: Stored, after: Stored) -> Outcome | None:
    limit = storage_limit(net, rank)
    # Plain numbers, such as the losses of each step, don't reach the rebuilt network.
    count = after.count - after.numbers
    if count > max(limit, before.count):
        return failed(
            f"fine_tune: the network that it returns keeps {count} numbers; factors of rank "
            f"{rank} are {limit} at most",
            "train the factors, without multiplying them out",
        )
    roles = find_roles(before.arrays, net, rank)
    for layer in net.layers:
        factors = [
            before.arrays[path]
            for path, some in roles.items()
            if any(role.layer == layer.name and role.part.endswith("factor") for role in some)
        ]
        if factors and all(_is_unmoved(factor, after) for factor in factors):
            return failed(
                f"fine_tune: the factors of {layer.name} are the same as before, "
                "or a multiple of that",
                "give the optimiser all parameters of the compressed network",
            )
    return None


def _is_unmoved(factor: Array, after: Stored) -> bool:
    """Whether some array is a multiple of `factor`, but for rounding: training turns it, too."""
    line = factor.reshape(-1).astype(np.float64)
    for array in after.arrays.values():
        if array.shape == factor.shape:
            other = array.reshape(-1).astype(np.float64)
            multiple = line * (line @ other / (line @ line))
            if relative_error(other, multiple) <= TURNED:
                return True
    return False
