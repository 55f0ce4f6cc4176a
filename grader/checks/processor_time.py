"""What the forward pass of a compressed network costs, in processor time measured from outside.

No submission can hide work from this: the time is that of its process, with all its threads and
children, and it counts only where the answers that it has computed meanwhile are those of the
truncated network, for images that it could not have seen before. It is compared with what the
grader's own networks take, factored and dense, for the same batch in the same sandbox with no
submission loaded. A small network takes too little time for a verdict; then there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.checks.compare import Array, close
from grader.checks.compressed import Models
from grader.checks.interface import Outcome, Session, failed
from grader.checks.truncation import Form

IMAGES = 2000
"""In batches of drawn sizes; at full size the given network takes half a second for all of them."""
SMALLEST, LARGEST = 20, 2000
"""Images in a batch, so that no size is known beforehand."""
TRIES = 5
"""Noise only adds to a time, so the smallest of several counts."""
SHARE = 0.35
"""Of the time between the factored and the dense network that a forward pass may take."""
LEAST_OPERATIONS = 5e9
"""Of the dense network, for a batch; with fewer it takes too little time for a verdict."""
LEAST_RATIO = 2.5
"""Of the dense network's time to the factored one's; below it the measurement was disturbed."""
ROUNDS = 3
"""Measurements of the grader's own networks until the two can be told apart."""
EXACT = 1e-3
"""Relative error of the answers to a large batch; nearer bounds are another check's."""


@dataclass(frozen=True)
class Costs:
    """Processor seconds of one large batch."""

    factored: float
    dense: float

    @property
    def tell_apart(self) -> bool:
        """Whether the difference is large enough for a verdict."""
        return self.dense >= LEAST_RATIO * self.factored

    def limit(self, dense_share: float) -> float:
        """What a network with this share of the dense operations stays below on a noisy machine."""
        return self.factored + (SHARE + dense_share) * (self.dense - self.factored)


def judge_processor_time(models: Models, rank: int, *, dense_share: float = 0.0) -> Outcome | None:
    """The finding about a model whose forward pass costs too much for what it counts as.

    `dense_share` is the share of the dense network's operations that it is known to spend.

    Of a small network or on an accelerator the processor's time says nothing: no finding then.
    """
    bench = models.bench
    layers = models.net.layers
    dense, factored = (
        2 * IMAGES * sum(sizes)
        for sizes in (
            [layer.weight.size for layer in layers],
            [layer.factored(rank) for layer in layers],
        )
    )
    if bench.device != "cpu" or dense < max(LEAST_OPERATIONS, 2 * LEAST_RATIO * factored):
        return None
    costs = bench.once(("processor time", rank), lambda: _measure(models, rank))
    if not costs.tell_apart:
        return None
    finding = _judge(models, rank, costs, dense_share)
    if finding is None or "spent" not in finding.data:
        return finding
    # A busy machine makes everything slower: what it makes of the grader's networks is allowed.
    now = _measure(models, rank)
    costs = max(costs, now, key=lambda cost: cost.limit(0))
    return _judge(models, rank, costs, dense_share, first=TRIES)


def _judge(
    models: Models, rank: int, costs: Costs, dense_share: float, first: int = 0
) -> Outcome | None:
    models.build(rank)
    spent = []
    for attempt in range(first, first + TRIES):
        batches = _new_batches(models, rank, attempt)
        seconds, answer = _timed(models.bench.session, models, rank, batches)
        if isinstance(answer, Outcome):
            return answer
        if not _is_expected(models, rank, np.concatenate(batches), answer):
            return failed(
                f"CompressedNet(net, {rank}): for batches of other sizes it computes something "
                "else",
                "treat every image of a batch alike, however many there are",
            )
        if seconds <= costs.limit(dense_share):
            return None
        spent.append(seconds)
    return failed(
        f"CompressedNet(net, {rank}): `forward` takes {min(spent):.2g} s of processor time for "
        f"{IMAGES} images, where factors take {costs.factored:.2g} s and the given network "
        f"{costs.dense:.2g} s",
        "multiply by the factors alone, with torch's own matrix products, and do nothing else",
        spent=min(spent),
        factored=costs.factored,
        dense=costs.dense,
    )


def _measure(models: Models, rank: int) -> Costs:
    """What the grader's own networks take, in a process without the submission."""
    session = models.bench.session.without_submission()
    dense = [[layer.weight.astype(np.float32)] for layer in models.net.layers]
    networks = (models.net.factor_chains(rank), dense)
    costs = Costs(float("inf"), float("inf"))
    for _ in range(ROUNDS):
        seconds = []
        for chains in networks:
            session.probe("compression", "build_given", rank, chains, models.net.biases)
            timed = [
                _timed(session, models, rank, _new_batches(models, rank, attempt))[0]
                for attempt in range(TRIES)
            ]
            seconds.append(min(timed))
        costs = Costs(min(costs.factored, seconds[0]), min(costs.dense, seconds[1]))
        if costs.tell_apart:
            break
    session.restart()
    return costs


def _timed(
    session: Session, models: Models, rank: int, batches: Sequence[Array]
) -> tuple[float, Array | Outcome]:
    """Processor seconds of one request for each batch, and the log-probabilities of all."""
    seconds, answers = 0.0, []
    for pixels in batches:
        before = session.cpu_seconds
        told = session.probe("compression", "answer", rank, pixels)
        seconds += session.cpu_seconds - before
        output = told.get("output") if isinstance(told, dict) else None
        answer = models.read_output(rank, len(pixels), output)
        if isinstance(answer, Outcome):
            return seconds, answer
        answers.append(answer)
    return seconds, np.concatenate(answers)


def _new_batches(models: Models, rank: int, attempt: int) -> list[Array]:
    """Batches of (B, 3, 32, 32) uint8: hidden images with noise in their lowest bits."""
    rng = models.bench.draws.rng("processor time", rank, attempt)
    pool = models.baseline.dataset.hidden.pixels
    chosen = pool[rng.integers(len(pool), size=IMAGES)]
    chosen = chosen ^ rng.integers(0, 8, size=chosen.shape, dtype=np.uint8)
    sizes: list[int] = []
    while (left := IMAGES - sum(sizes)) > 0:
        size = round(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
        sizes.append(min(size, left))
    return np.split(chosen, np.cumsum(sizes)[:-1])


def _is_expected(models: Models, rank: int, pixels: Array, answer: Array) -> bool:
    """Whether a model that is right for a few images is right for these too."""
    seen = models.seen(rank)
    if isinstance(seen.actual, Outcome):
        return True
    error, allowed = models.distance(rank, seen.pixels, seen.actual)
    if error > allowed:
        return True
    return close(answer, models.expected(pixels, Form(rank)), rtol=max(EXACT, allowed))
