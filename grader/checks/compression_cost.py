"""Checks of problem 3.2 on what the compressed network stores and spends.

What is proven here, and what is only measured:

- Storage is proven. The worker sends every number that the model keeps; the grader counts what it
  received. Then a fresh process, which was never given the trained weights, makes a model of random
  ones, has its numbers overwritten by the received ones, and is asked about images chosen after
  they were sent. Where it computes what the first model computed, these numbers and the code are
  enough, wherever else the first process may have hidden the dense network. A tensor that is kept
  and never used can still be hidden from the count; it changes no answer.
- The number of operations is only measured in the worker. The count must also not fall below what
  the factors need, so that work which torch does not see is noticed; code that rewrites the
  measurement in its own process can forge it.
"""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field

from grader.checks.compare import Array, close
from grader.checks.compressed import (
    RTOL,
    Models,
    RankParams,
    Seen,
    storage_limit,
    too_many,
)
from grader.checks.factors import PARTS, describe, find_roles
from grader.checks.interface import Bench, Outcome, Params, check, failed, passed
from grader.checks.probe_answers import fields, read_count, read_names, read_shape
from grader.checks.processor_time import judge_processor_time

MARGIN = 0.05
"""Share of the operations that may be missing or too many: 1 % is what diag(s) costs at rank 8."""
ELEMENTWISE = 8
"""Elementwise operations for each number that goes into or out of a layer that cost nothing."""
SMALL = 1_000_000
"""Operations in products with vectors, which only one of torch's two counts knows."""
BATCH = 100
"""Images in the pass whose operations are counted, unless that is a side of a weight matrix."""


class StorageParams(Params):
    """Parameters of `compression.storage`."""

    ranks: tuple[int, ...] = Field(default=(3, 8), min_length=1)
    """Each is also rebuilt from what was sent."""


@check("compression.storage", StorageParams, calls=["CompressedNet"], needs_baseline=True)
def storage(params: StorageParams, bench: Bench) -> Outcome:
    """`CompressedNet(net, r)` stores the factors, and nothing more."""
    models = Models.of(bench)
    looked_at = {rank: models.seen(rank) for rank in params.ranks}
    for rank, seen in looked_at.items():
        finding = _judge_numbers(models, rank, seen)
        if finding is not None:
            return _share_of(finding, models, rank, seen)
    for rank, seen in looked_at.items():
        finding = judge_rebuilt(
            models,
            rank,
            seen.stored.arrays,
            seen.pixels,
            seen.actual,
            limit=storage_limit(models.net, rank),
        )
        if finding is not None:
            return finding
    return passed(stored={str(rank): seen.stored.count for rank, seen in looked_at.items()})


def _judge_numbers(models: Models, rank: int, seen: Seen) -> Outcome | None:
    net, stored, name = models.net, seen.stored, f"CompressedNet(net, {rank})"
    count, limit = stored.count, storage_limit(net, rank)
    if count > limit:
        dense = sum(layer.weight.size + len(layer.bias) for layer in net.layers)
        roles = find_roles(stored.arrays, net, rank)
        sizes = {path: array.size for path, array in stored.arrays.items()} | dict(stored.empty)
        needless = [
            path for path in sizes if not {role.part for role in roles.get(path, ())} & {*PARTS}
        ]
        largest = max(needless or sizes, key=lambda path: sizes[path], default="a list of numbers")
        shown = describe(largest, roles.get(largest, frozenset()))
        finding = too_many(rank, limit, count, f"; the largest that is no factor or bias: {shown}")
        # Rows that are scored in proportion give what was saved of what can be.
        return replace(finding, value=max(0.0, min((dense - count) / max(dense - limit, 1), 0.99)))
    if not stored.complete:
        return failed(
            f"{name}: it keeps more objects than can be counted",
            "keep the two factors and the bias of each layer in a few tensors",
        )
    if stored.empty:
        path = next(iter(stored.empty))
        return failed(f"{name}: `{path}` holds no numbers", "don't keep tensors on the meta device")
    if isinstance(seen.actual, Outcome):
        return seen.actual
    return models.foreign(rank)


def _share_of(finding: Outcome, models: Models, rank: int, seen: Seen) -> Outcome:
    """`finding` with its share of the points only where the model is a compression all the same."""
    if finding.value <= 0:
        return finding
    stored = seen.stored
    broken = models.foreign(rank) or judge_rebuilt(
        models, rank, stored.arrays, seen.pixels, seen.actual, limit=stored.count
    )
    return replace(finding, value=0.0) if broken is not None else finding


def judge_rebuilt(
    models: Models,
    rank: int,
    arrays: Mapping[str, Array],
    pixels: Array,
    actual: Array | Outcome,
    *,
    limit: int,
) -> Outcome | None:
    """The finding where `arrays`, at most `limit` numbers, make no model that answers `actual`.

    Where they do, the session holds that model, in a process that was given nothing else.
    """
    if isinstance(actual, Outcome):
        return actual
    again, lost = models.rebuilt(rank, arrays, pixels, limit=limit)
    if isinstance(again, Outcome):
        return again
    if close(again, actual, rtol=RTOL):
        return None
    return failed(
        f"CompressedNet(net, {rank}): made in a fresh process of the numbers that it keeps, and "
        "of nothing else, it computes something else",
        "keep all that `forward` uses in parameters, buffers or attributes of the model",
        f"not found again: {', '.join(path[:80] for path in lost[:5]) or 'nothing'}",
    )


@check("compression.flops", RankParams, calls=["CompressedNet"], needs_baseline=True)
def flops(params: RankParams, bench: Bench) -> Outcome:
    """`forward` multiplies by the factors one after the other, and never by their product."""
    models, rank = Models.of(bench), params.rank
    models.seen(rank)
    models.build(rank)
    count, finding = _judge_operations(models, rank)
    if finding is None:
        return models.foreign(rank) or judge_processor_time(models, rank) or passed(flops=count)
    # A share of the points is for a compression whose time is in proportion, too.
    if finding.value > 0 and (
        models.foreign(rank) or judge_processor_time(models, rank, dense_share=1 - finding.value)
    ):
        return replace(finding, value=0.0)
    return finding


def _judge_operations(models: Models, rank: int) -> tuple[int, Outcome | None]:
    """What torch counts in one forward pass, and the finding about it."""
    net, name = models.net, f"CompressedNet(net, {rank})"
    sides = {side for layer in net.layers for side in layer.shape}
    batch = next(size for size in range(BATCH, 2 * BATCH) if size not in sides)
    shapes = [layer.shape for layer in net.layers if layer.factored(rank) < layer.weight.size]
    told = fields(
        models.ask("operations", "operations", rank, batch, [list(shape) for shape in shapes]),
        flops=int,
        elementwise=int,
        profiled=int,
        formed=list,
        foreign=list,
    )
    products, profiled = read_count(told["flops"]), read_count(told["profiled"])
    # ReLU, biases, scaling by s, log_softmax: a few for each side of a layer and image.
    usual = ELEMENTWISE * batch * sum(sum(layer.shape) for layer in net.layers)
    elementwise = read_count(told["elementwise"])
    count = products + max(0, elementwise - usual)
    if told["formed"]:
        matrix = "x".join(map(str, read_shape(told["formed"][0])))
        return count, failed(
            f"{name}: a matrix of the size of a weight matrix, {matrix}, is formed in `forward`",
            "multiply x by one factor and the result by the other: (x @ V) @ U.T",
            flops=count,
        )
    if foreign := read_names(told["foreign"]):
        return count, failed(
            f"{name}: `forward` uses the operator {foreign[0][:80]}, whose operations "
            "torch does not count",
            "use torch's own matrix products (@, F.linear, nn.Linear)",
            flops=count,
        )
    if profiled > (1 + MARGIN) * products + SMALL:
        return count, failed(
            f"{name}: {_millions(profiled - products)} operations of `forward` are hidden from "
            "torch's count: in another thread, or with its modes switched off",
            "compute everything in `forward` itself, with torch's own matrix products",
            flops=profiled,
        )
    # A diagonal of singular values may be a matrix of its own, r² operations for each image.
    least = 2 * batch * sum(min(layer.factored(rank), layer.weight.size) for layer in net.layers)
    most = 2 * batch * sum(layer.factored(rank) + rank**2 for layer in net.layers)
    dense = 2 * batch * sum(layer.weight.size for layer in net.layers)
    if count > (1 + MARGIN) * most:
        return count, Outcome(
            max(0.0, min((dense - count) / max(dense - most, 1), 0.99)),
            f"{name}: expected about {_millions(most)} operations for {batch} images, got "
            f"{_millions(count)}; the given network takes {_millions(dense)}",
            "every layer is applied as two thin products, of r(m + n) multiplications an image",
            data={"flops": count, "limit": most},
        )
    # More elementwise work than usual may be products that are written out.
    seen = products + (elementwise if elementwise > usual else 0)
    if seen < (1 - MARGIN) * least:
        return count, failed(
            f"{name}: expected about {_millions(least)} operations for {batch} images, only "
            f"{_millions(seen)} were seen in torch",
            "use torch's matrix products (@, F.linear, nn.Linear) for every factor",
            flops=seen,
        )
    return count, None


def _millions(count: int) -> str:
    return f"{count / 1e6:.4g} million"
