"""Check of problem 3.2 on whether the factors can be trained.

That training moves the factors is proven as storage is: the numbers sent after the training are
compared with those before, they are no more than storage allows, and a fresh model made of them in
a process that was given nothing else computes what the trained one did. The loss is worked out by
the grader from the log-probabilities of that model. That an optimiser reaches the factors through
`parameters()` is measured in the worker.
"""

from collections.abc import Mapping

import numpy as np

from grader.checks.compare import Array, relative_error
from grader.checks.compressed import (
    ARRAYS_BYTES,
    Models,
    RankParams,
    Seen,
    Stored,
    no_factors,
    storage_limit,
)
from grader.checks.compression_cost import judge_rebuilt
from grader.checks.factors import (
    PARTS,
    WHOLE,
    Role,
    describe,
    find_roles,
    needs_values,
    unaccounted,
)
from grader.checks.interface import Bench, Outcome, check, failed, passed
from grader.checks.probe_answers import fields
from grader.checks.truncation import Form, TruncatedNet

NEAR = 0.5
"""Relative difference that a few steps of Adam stay below: each moves a number by 1e-4 at most."""


@check("compression.trainable", RankParams, calls=["CompressedNet"], needs_baseline=True)
def trainable(params: RankParams, bench: Bench) -> Outcome:
    """A few steps of training move every factor and bias of `CompressedNet(net, r)`."""
    models, rank = Models.of(bench), params.rank
    seen = models.seen(rank)
    images = models.public()
    models.build(rank)
    before = models.answer(rank, images.pixels)
    if isinstance(before, Outcome):
        return before
    told = fields(
        models.ask(
            "training",
            "train_steps",
            rank,
            images.pixels,
            images.labels,
            answer_bytes=ARRAYS_BYTES,
        ),
        stored=dict,
        gradient=bool,
    )
    name = f"CompressedNet(net, {rank})"
    if not told["gradient"]:
        return failed(
            f"{name}: training moves nothing: the loss depends on none of its parameters()",
            "store the factors as nn.Parameter: plain tensors are no parameters",
        )
    after = Stored.read(told["stored"])
    finding = _judge_moved(models, rank, seen.stored, after)
    if finding is not None:
        return finding
    trained = models.answer(rank, seen.pixels)
    # Training adds no numbers; that a model keeps too many is what `storage` finds.
    limit = max(storage_limit(models.net, rank), seen.stored.count)
    arrays = {path: after.arrays[path] for path in seen.stored.arrays if path in after.arrays}
    finding = judge_rebuilt(models, rank, arrays, seen.pixels, trained, limit=limit)
    # The loss is that of the rebuilt model: of the numbers that were sent.
    rebuilt = finding or models.answer(rank, images.pixels)
    if isinstance(rebuilt, Outcome):
        return rebuilt
    losses = [
        _loss(answer, images.labels)
        for answer in (_untrained(models, rank, seen, images.pixels, before), rebuilt)
    ]
    if not losses[1] < losses[0]:
        return failed(
            f"{name}: the loss on a batch does not fall while it is trained on that batch",
            "the gradient must reach the factors through everything that `forward` does",
            f"{losses[0]:.6g} before, {losses[1]:.6g} after",
        )
    return passed(losses=losses)


def _untrained(models: Models, rank: int, seen: Seen, pixels: Array, told: Array) -> Array:
    """What the untrained model computes: the grader's own where the two were found to agree."""
    if isinstance(seen.actual, Outcome):
        return told
    error, allowed = models.distance(rank, seen.pixels, seen.actual)
    return models.expected(pixels, Form(rank)) if error <= allowed else told


def _judge_moved(models: Models, rank: int, before: Stored, after: Stored) -> Outcome | None:
    name = f"CompressedNet(net, {rank})"
    roles = find_roles(before.arrays, models.net, rank)
    lost = unaccounted(roles, models.net)
    if lost:
        return no_factors(rank, lost)
    kept = {
        path: some
        for path, some in roles.items()
        if path in after.arrays and _is_near(after.arrays[path], before.arrays[path])
    }
    lost = unaccounted(kept, models.net)
    if lost:
        return failed(
            f"{name}: the factors of {', '.join(lost)} are no longer found after a few small steps "
            "of training",
            "training may move the parameters, not replace them; float32 keeps them finite",
        )
    still = {
        path
        for path, array in before.arrays.items()
        if path not in after.arrays or np.array_equal(array, after.arrays[path], equal_nan=True)
    }
    still = _needed(models.net, rank, roles, before.arrays, still)
    if not still:
        return None
    shown = [path for path in before.arrays if path in still][:3]
    listed = ", ".join(describe(path, roles[path]) for path in shown)
    more = f" and {len(still) - len(shown)} more" if len(still) > len(shown) else ""
    plain = not still & after.parameters
    return failed(
        f"{name}: training does not move {listed}{more}",
        "store it as nn.Parameter: plain tensors and buffers are not trained"
        if plain
        else "let the gradient through: no .detach(), .data or no_grad in `forward`",
    )


def _is_near(after: Array, before: Array) -> bool:
    """Whether a few steps of training may have made one of the other; NaN is near nothing."""
    return after.shape == before.shape and relative_error(after, before) <= NEAR


def _needed(
    net: TruncatedNet,
    rank: int,
    roles: Mapping[str, frozenset[Role]],
    arrays: Mapping[str, Array],
    still: set[str],
) -> set[str]:
    """Those of the arrays that stood still whose part of a layer nothing else plays."""
    needed: set[str] = set()
    for layer in net.layers:
        players = {
            part: {path for path, some in roles.items() if Role(layer.name, part) in some}
            for part in (*PARTS, WHOLE)
        }
        if players["left factor"] and players["right factor"]:
            players.pop(WHOLE)
        for part, paths in players.items():
            if not paths or paths - still:
                continue
            if part != "singular values" or needs_values(roles, arrays, layer, rank):
                needed |= paths
    return needed


def _loss(answer: Array, labels: Array) -> float:
    """Mean negative log-likelihood, nats."""
    return float(-answer[np.arange(len(labels)), labels].astype(np.float64).mean())
