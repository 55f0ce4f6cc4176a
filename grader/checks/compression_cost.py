"""Checks of problem 3.2 on what the compressed network stores, spends and trains.

What is proven here, and what is only measured:

- Storage is proven. The worker sends every number that the model keeps; the grader counts what it
  received. Then a fresh process, which was never given the trained weights, makes a model of random
  ones, has its numbers overwritten by the received ones, and is asked about images chosen after
  they were sent. Where it computes what the first model computed, these numbers and the code are
  enough, wherever else the first process may have hidden the dense network. A tensor that is kept
  and never used can still be hidden from the count; it changes no answer.
- That training moves the factors is proven in the same way: the numbers sent after the training are
  compared with those before, and a fresh model made of them computes what the trained one did. That
  an optimiser reaches them through `parameters()` is measured in the worker.
- The number of operations is only measured in the worker. The count must also not fall below what
  the factors need, so that work which torch does not see is noticed; code that rewrites the
  measurement in its own process can forge it.
"""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from grader.checks.compare import Array, close
from grader.checks.compressed import RTOL, Models, RankParams, Seen
from grader.checks.factors import (
    PARTS,
    WHOLE,
    Role,
    describe,
    find_roles,
    needs_values,
    unaccounted,
)
from grader.checks.interface import Bench, Outcome, Params, check, failed, passed
from grader.checks.probe_answers import fields, read_arrays
from grader.checks.truncation import TruncatedNet

SLACK = 0.01
"""Share of the numbers that a model may keep beside factors, singular values and biases."""
ODD_NUMBERS = 100
"""Numbers such as r and the sides of the layers that a model may keep besides."""
MARGIN = 0.05
"""Share of the operations that may be missing or too many: 1 % is what diag(s) costs at rank 8."""
BATCH = 100
"""Images in the pass whose operations are counted, unless that is a side of a weight matrix."""


class StorageParams(Params):
    """Parameters of `compression.storage`."""

    ranks: tuple[int, ...] = Field(default=(3, 8), min_length=1)
    """The last one is also rebuilt from what was sent."""


@check("compression.storage", StorageParams, calls=["CompressedNet"], needs_baseline=True)
def storage(params: StorageParams, bench: Bench) -> Outcome:
    """`CompressedNet(net, r)` stores the factors, and nothing more."""
    models = Models.of(bench)
    looked_at = {rank: models.seen(rank) for rank in params.ranks}
    for rank, seen in looked_at.items():
        finding = _judge_numbers(models, rank, seen)
        if finding is not None:
            return finding
    rank, seen = next(reversed(looked_at.items()))
    finding = _judge_rebuilt(models, rank, seen.stored.arrays, seen.pixels, seen.actual)
    if finding is not None:
        return finding
    return passed(stored={str(rank): seen.stored.count for rank, seen in looked_at.items()})


def storage_limit(net: TruncatedNet, rank: int) -> int:
    """The most numbers that count as factors, singular values and biases, and some slack.

    Where a weight matrix has fewer numbers than its factors either may be stored.
    """
    needed = sum(
        layer.factored(rank) + min(rank, len(layer.values)) + len(layer.bias)
        for layer in net.layers
    )
    return int(needed * (1 + SLACK)) + ODD_NUMBERS


def _judge_numbers(models: Models, rank: int, seen: Seen) -> Outcome | None:
    net, stored, name = models.net, seen.stored, f"CompressedNet(net, {rank})"
    count, limit = stored.count + stored.numbers, storage_limit(net, rank)
    if count > limit:
        dense = sum(layer.weight.size + len(layer.bias) for layer in net.layers)
        roles = find_roles(stored.arrays, net, rank)
        sizes = {path: array.size for path, array in stored.arrays.items()} | dict(stored.empty)
        needless = [
            path for path in sizes if not {role.part for role in roles.get(path, ())} & {*PARTS}
        ]
        largest = max(needless or sizes, key=lambda path: sizes[path], default="a list of numbers")
        return Outcome(
            # Rows that are scored in proportion give what was saved of what can be.
            max(0.0, min((dense - count) / max(dense - limit, 1), 0.99)),
            f"{name}: expected at most {limit} stored numbers, got {count}; the largest that is "
            f"no factor or bias: {describe(largest, roles.get(largest, frozenset()))}",
            "keep the two factors and the bias of each layer; nothing else may refer to `net`",
            data={"stored": count, "limit": limit},
        )
    if stored.empty:
        path = next(iter(stored.empty))
        return failed(f"{name}: `{path}` holds no numbers", "don't keep tensors on the meta device")
    if isinstance(seen.actual, Outcome):
        return seen.actual
    return models.foreign(rank)


def _judge_rebuilt(
    models: Models, rank: int, arrays: Mapping[str, Array], pixels: Array, actual: Array | Outcome
) -> Outcome | None:
    """The finding where `arrays` alone do not make a model that answers `actual`."""
    if isinstance(actual, Outcome):
        return actual
    again, lost = models.rebuilt(rank, arrays, pixels)
    if not isinstance(again, Outcome) and close(again, actual, rtol=RTOL):
        return None
    return failed(
        f"CompressedNet(net, {rank}): made in a fresh process of the numbers that it keeps, and "
        "of nothing else, it computes something else",
        "keep all that `forward` uses in parameters, buffers or attributes of the model",
        f"not found again: {', '.join(lost[:5]) or 'nothing'}",
    )


@check("compression.flops", RankParams, calls=["CompressedNet"], needs_baseline=True)
def flops(params: RankParams, bench: Bench) -> Outcome:
    """`forward` multiplies by the factors one after the other, and never by their product."""
    models, rank = Models.of(bench), params.rank
    net, name = models.net, f"CompressedNet(net, {rank})"
    models.seen(rank)
    sides = {side for layer in net.layers for side in layer.shape}
    batch = next(size for size in range(BATCH, 2 * BATCH) if size not in sides)
    shapes = [layer.shape for layer in net.layers if layer.factored(rank) < layer.weight.size]
    models.build(rank)
    told = fields(
        models.ask("operations", "operations", rank, batch, [list(shape) for shape in shapes]),
        flops=int,
        formed=list,
    )
    count = told["flops"]
    if told["formed"]:
        matrix = "x".join(str(side) for side in told["formed"][0])
        return failed(
            f"{name}: a matrix of the size of a weight matrix, {matrix}, is formed in `forward`",
            "multiply x by one factor and the result by the other: (x @ V) @ U.T",
            flops=count,
        )
    # A diagonal of singular values may be a matrix of its own, r² operations for each image.
    least = 2 * batch * sum(min(layer.factored(rank), layer.weight.size) for layer in net.layers)
    most = 2 * batch * sum(layer.factored(rank) + rank**2 for layer in net.layers)
    dense = 2 * batch * sum(layer.weight.size for layer in net.layers)
    if count > (1 + MARGIN) * most:
        return Outcome(
            max(0.0, min((dense - count) / max(dense - most, 1), 0.99)),
            f"{name}: expected about {most:.3g} operations for {batch} images, got {count:.3g}; "
            f"the given network takes {dense:.3g}",
            "every layer is applied as two thin products, of r(m + n) multiplications an image",
            data={"flops": count, "limit": most},
        )
    if count < (1 - MARGIN) * least:
        return failed(
            f"{name}: expected about {least:.3g} operations for {batch} images, only {count:.3g} "
            "were seen in torch",
            "use torch's matrix products (@, F.linear, nn.Linear) for every factor",
            flops=count,
        )
    return models.foreign(rank) or passed(flops=count)


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
    finding = _judge_rebuilt(models, rank, arrays, seen.pixels, after)
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
