"""Checks of problem 3.2 on what the compressed network computes, and on the one it is made of.

The grader knows the right answer: the baseline truncated by itself in double precision. It asks
for log-probabilities of images that it chooses after the model's numbers have been sent, and it
compares; so the function is proven. Whether the network that was given is left alone is measured
in the worker, by comparing it with a copy; code in that process could lie about it. The grader sees
for itself only that the given network still computes what it did.
"""

import numpy as np
from pydantic import Field

from grader.checks.compare import Array, as_array, close, relative_error
from grader.checks.compressed import RTOL, Models, RankParams
from grader.checks.interface import Bench, Outcome, Params, Value, check, failed, passed
from grader.checks.margins import within
from grader.checks.truncation import Form, log_softmax
from grader.names import clean_name, first_few, short_name

RECOGNISED = 1e-3
"""A wrong answer this close to a known mistake, relatively, is called by its name."""


class TruncationParams(Params):
    """Parameters of `compression.truncation`."""

    ranks: tuple[int, ...] = Field(default=(3, 8), min_length=1)


class EdgeParams(Params):
    """Parameters of `compression.edge_ranks`."""


@check("compression.truncation", TruncationParams, calls=["CompressedNet"], needs_baseline=True)
def truncation(params: TruncationParams, bench: Bench) -> Outcome:
    """`CompressedNet(net, r)` computes what the network computes with weights of rank r."""
    models = Models.of(bench)
    for done, rank in enumerate(params.ranks):
        bench.progress(done, len(params.ranks))
        finding = judge(models, rank)
        if finding is not None:
            return finding
    return passed()


@check("compression.edge_ranks", EdgeParams, calls=["CompressedNet"], needs_baseline=True)
def edge_ranks(params: EdgeParams, bench: Bench) -> Outcome:
    """`CompressedNet(net, r)` works for r = 1, for full rank and for every r beyond."""
    del params
    models = Models.of(bench)
    *lower, full = models.net.sides
    # Beyond each smaller side, below the next; then full rank, and beyond all.
    ranks = [1, *(min(2 * side, full - 1) for side in lower), full, full + full // 2]
    for done, rank in enumerate(dict.fromkeys(ranks)):
        bench.progress(done, len(ranks))
        finding = judge(models, rank)
        if finding is not None:
            return finding
    return passed(ranks=ranks)


def judge(models: Models, rank: int) -> Outcome | None:
    """The finding about a model that does not compute the truncated network."""
    seen = models.seen(rank)
    if isinstance(seen.actual, Outcome):
        return seen.actual
    if seen.spoilt:
        return failed(
            f"CompressedNet(net, {rank}): forward changes the images that it is given",
            "work on a new tensor: `x += ...` and `relu_(x)` change the caller's",
        )
    error, allowed = models.distance(rank, seen.pixels, seen.actual)
    if within(error, allowed):
        return None
    full = rank >= models.net.sides[-1]
    what = "network that was given" if full else f"network truncated to rank {rank}"
    return failed(
        f"CompressedNet(net, {rank}): expected the log-probabilities of the {what}, got others",
        explain(models, rank, seen.pixels, seen.actual),
        f"relative error {error:.3g}, allowed {allowed:.3g}",
        rank=rank,
    )


def explain(models: Models, rank: int, pixels: Array, actual: Array) -> str:
    """The hint for wrong log-probabilities: how they came about, where that can be told."""
    wide = actual.astype(np.float64)
    expected = models.expected(pixels, Form(rank))
    if np.all(wide >= 0) and close(wide.sum(axis=1), np.ones(len(wide)), rtol=RECOGNISED):
        return "these are probabilities: `forward` ends with log_softmax, as in Net"
    with np.errstate(over="ignore"):
        if close(np.exp(wide).sum(axis=0), np.ones(wide.shape[1]), rtol=RECOGNISED):
            return "log_softmax runs over the batch: the classes are dim=1"
    errors = {}
    finished = log_softmax(wide)
    # Of log-probabilities it changes nothing, so those that are a little off don't lack it.
    if not close(finished, wide, rtol=RTOL):
        errors["log_softmax is missing at the end"] = relative_error(finished, expected)
    for hint, form in models.net.mistakes(rank).items():
        mistaken = models.expected(pixels, form)
        # What this mistake does not change at this rank can't be it.
        if not close(mistaken, expected, rtol=RTOL):
            errors[hint] = relative_error(wide, mistaken)
    nearest = min(errors, key=lambda hint: errors[hint])
    if errors[nearest] <= RECOGNISED:
        return nearest
    return "compare each layer's product of factors with U[:, :r] diag(s[:r]) Vh[:r]"


@check("compression.unchanged", RankParams, calls=["CompressedNet"], needs_baseline=True)
def unchanged(params: RankParams, bench: Bench) -> Outcome:
    """Making, running and training `CompressedNet(net, r)` leaves `net` as it was."""
    models, rank = Models.of(bench), params.rank
    seen = models.seen(rank)
    foreign = models.foreign(rank)
    if foreign is not None:
        return foreign
    models.build(rank, untrained=False)
    images = models.public()
    told = models.ask("training", "exercise", rank, images.pixels, images.labels)
    changed = told.get("changed") if isinstance(told, dict) else None
    for stage, doing in (
        ("construction", "making"),
        ("forward", "running"),
        ("training", "training"),
    ):
        names = changed.get(stage) if isinstance(changed, dict) else None
        if not isinstance(names, list):
            return failed("CompressedNet: the given network could not be compared with its copy")
        if names:
            return failed(
                f"CompressedNet(net, {rank}): {doing} it changes {_listed(names)} of `net`",
                "store copies: `.detach().clone()`; nn.Parameter(t) alone shares t's memory",
            )
    if seen.stored.shared:
        return failed(
            f"CompressedNet(net, {rank}): it shares {_listed(seen.stored.shared)} with `net`, "
            "so that training one changes the other",
            "store copies: `.detach().clone()`; nn.Parameter(t) alone shares t's memory",
        )
    return _still_computes(models, images.pixels, told.get("outputs"))


def _still_computes(models: Models, pixels: Array, value: Value) -> Outcome:
    expected = models.expected(pixels, Form(models.net.sides[-1]))
    actual = as_array(value, name="net, afterwards", shape=expected.shape)
    if isinstance(actual, Outcome):
        return actual
    if not close(actual, expected, rtol=RTOL):
        return failed(
            "CompressedNet: `net` computes something else afterwards",
            "don't replace layers or methods of the network that is given",
        )
    return passed()


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return first_few((short_name(clean_name(str(name)), 60) for name in names), 3)
