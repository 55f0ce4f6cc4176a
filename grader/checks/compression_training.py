"""Check of problem 3.2 on whether the factors can be trained.

That training moves the factors is proven as storage is: the numbers sent after the training are
compared with those before, and a fresh model made of them in a process without the trained weights
computes what the trained one did. The loss is worked out by the grader from log-probabilities. That
an optimiser reaches the factors through `parameters()` is measured in the worker.
"""

from collections.abc import Mapping

import numpy as np

from grader.checks.compare import Array
from grader.checks.compressed import Models, RankParams, Seen
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
from grader.checks.probe_answers import fields, read_arrays
from grader.checks.truncation import TruncatedNet


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
        models.ask("training", "train_steps", rank, images.pixels, images.labels),
        arrays=dict,
        gradient=bool,
        parameters=list,
    )
    name = f"CompressedNet(net, {rank})"
    if not told["gradient"]:
        return failed(
            f"{name}: training moves nothing: the loss depends on none of its parameters()",
            "store the factors as nn.Parameter: plain tensors are no parameters",
        )
    arrays = read_arrays(told["arrays"])
    finding = _judge_moved(models, rank, seen, arrays, frozenset(map(str, told["parameters"])))
    if finding is not None:
        return finding
    losses = [
        _loss(answer, images.labels) for answer in (before, models.answer(rank, images.pixels))
    ]
    if not losses[1] < losses[0]:
        return failed(
            f"{name}: the loss on a batch does not fall while it is trained on that batch",
            "the gradient must reach the factors through everything that `forward` does",
            f"{losses[0]:.6g} before, {losses[1]:.6g} after",
        )
    after = models.answer(rank, seen.pixels)
    finding = judge_rebuilt(models, rank, arrays, seen.pixels, after)
    return finding or passed(losses=losses)


def _judge_moved(
    models: Models, rank: int, seen: Seen, after: Mapping[str, Array], parameters: frozenset[str]
) -> Outcome | None:
    name = f"CompressedNet(net, {rank})"
    before = seen.stored.arrays
    roles = find_roles(before, models.net, rank)
    still = {
        path
        for path, array in before.items()
        if path not in after or np.array_equal(array, after[path], equal_nan=True)
    }
    if unaccounted(roles, models.net):
        # Arranged in a way that can't be told apart: then all that looks like a factor counts.
        roles = {path: frozenset[Role]() for path, array in before.items() if array.ndim > 1}
        still &= set(roles)
        if not roles:
            return failed(f"{name}: no factors were found in what it keeps", "keep U, s and Vh")
    else:
        still = _needed(models.net, rank, roles, before, still)
    if not still:
        return None
    shown = [path for path in before if path in still][:3]
    listed = ", ".join(describe(path, roles[path]) for path in shown)
    more = f" and {len(still) - len(shown)} more" if len(still) > len(shown) else ""
    plain = not still & parameters
    return failed(
        f"{name}: training does not move {listed}{more}",
        "store it as nn.Parameter: plain tensors and buffers are not trained"
        if plain
        else "let the gradient through: no .detach(), .data or no_grad in `forward`",
    )


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


def _loss(answer: Array | Outcome, labels: Array) -> float:
    """Mean negative log-likelihood, nats; NaN where there is no answer."""
    if isinstance(answer, Outcome):
        return float("nan")
    return float(-answer[np.arange(len(labels)), labels].astype(np.float64).mean())
