"""Builds the submission's compressed networks, says what they keep and what they compute.

Everything here runs in the submission's own process, so nothing that it says is proof by itself.
It sends arrays: what they prove is written in `grader/checks/compression_cost.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grader.worker.interface import ProbeContext
from grader.worker.probes.given import Chains, as_images, blank_net, trained_net
from grader.worker.probes.snapshot import Snapshot
from grader.worker.probes.tensors import Kept, holds_numbers, kept_tensors, storage_of

CLASS = "CompressedNet"
MAX_SENT = 1 << 24
"""Numbers that are sent; of what lies beyond them only the size is told."""
MAX_BUILT = 2
"""Models kept at a time: at full rank one takes 60 MB."""
WARM_UP = (2, 3, 32, 32)
"""Images that a model sees before it is asked what it keeps, so that nothing is still to come."""


@dataclass
class Built:
    """A compressed network and the network that it was made of."""

    model: Any
    net: nn.Module
    given: Snapshot
    """`net` as it was handed in."""
    changed: dict[str, list[str]] = field(default_factory=dict)
    """Stage -> what of `net` differs after it from what was handed in."""
    trained: bool = False

    def watch(self, stage: str) -> None:
        """Note what has become of `net` by now."""
        self.changed[stage] = self.given.changes()

    @property
    def is_module(self) -> bool:
        """Whether the model is an `nn.Module`, as was asked."""
        return isinstance(self.model, nn.Module)


def state(context: ProbeContext) -> dict[str, Any]:
    """What this process knows and has built."""
    return {
        "weights": "weights" in context.state,
        "own": callable(context.namespace.get(CLASS)),
        "built": {str(rank): built.trained for rank, built in _all_built(context).items()},
    }


def build(context: ProbeContext, rank: int) -> dict[str, Any]:
    """Make a compressed network of the trained one.

    Returns:
        `module`: whether it is an `nn.Module`; `kind`: the name of its class.
    """
    return _build(context, rank, trained_net(context))


def build_blank(context: ProbeContext, rank: int, widths: Sequence[int]) -> dict[str, Any]:
    """As `build`, of a network with random weights, in a process that never saw the trained one."""
    return _build(context, rank, blank_net(context, widths))


def build_given(
    context: ProbeContext,
    rank: int,
    chains: Sequence[Sequence[np.ndarray[Any, Any]]],
    biases: Sequence[np.ndarray[Any, Any]],
) -> dict[str, Any]:
    """As `build`, of factors that the grader sends, without the submission's class."""
    model = Chains(chains, biases).to(context.device).eval()
    net = nn.Module()
    return _keep(context, rank, Built(model, net, Snapshot(net)))


def _build(context: ProbeContext, rank: int, net: nn.Module) -> dict[str, Any]:
    if "known" not in context.state:
        # Before the first model there is nothing of the trained network in the globals.
        context.state["known"] = kept_tensors(context.namespace)
    given = Snapshot(net)
    torch.manual_seed(0)
    model = context.namespace[CLASS](net, rank)
    if isinstance(model, nn.Module):
        parts = [*model.parameters(), *model.buffers()]
        # Moved only where it must be: what lies on the meta device can't be.
        if any(part.device.type != context.device for part in parts if not part.is_meta):
            model.to(context.device)
        model.eval()
    built = Built(model, net, given)
    built.watch("construction")
    return _keep(context, rank, built)


def _keep(context: ProbeContext, rank: int, built: Built) -> dict[str, Any]:
    models = _all_built(context)
    models.pop(rank, None)
    while len(models) >= MAX_BUILT:
        models.pop(next(iter(models)))
    models[rank] = built
    return {"module": built.is_module, "kind": type(built.model).__name__[:80]}


def _all_built(context: ProbeContext) -> dict[int, Built]:
    models: dict[int, Built] = context.state.setdefault("built", {})
    return models


def built_for(context: ProbeContext, rank: int) -> Built:
    """What was built for `rank`.

    Raises:
        RuntimeError: nothing was.
    """
    models = _all_built(context)
    if rank not in models:
        raise RuntimeError(f"a compressed network of rank {rank} must be built first")
    return models[rank]


def outputs(built: Built, images: Tensor) -> Any:
    """What the model says about `images`."""
    return built.model(images) if callable(built.model) else built.model.forward(images)


def stored(context: ProbeContext, rank: int) -> dict[str, Any]:
    """Every number that the model keeps.

    Returns:
        `arrays`: path -> array; `empty`: path -> count of tensors without numbers in them (meta
        device) or too large to be sent; `numbers`: plain Python numbers and words of texts;
        `complete`: False where the walk gave up; `parameters`: paths that `parameters()` gives and
        that want a gradient; `shared`: parameters of the given network that lie in the model's
        memory.
    """
    built = built_for(context, rank)
    with torch.no_grad():
        outputs(built, torch.zeros(WARM_UP, device=context.device))
    kept = kept_of(context, built)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    empty: dict[str, int] = {}
    sent = 0
    for path, tensor in kept.tensors.items():
        sent += tensor.numel()
        if holds_numbers(tensor) and sent <= MAX_SENT:
            arrays[path] = to_array(tensor)
        else:
            empty[path] = tensor.numel()
    places = {storage_of(tensor) for tensor in kept.tensors.values()} - {0}
    return {
        "arrays": arrays,
        "empty": empty,
        "numbers": kept.numbers,
        "complete": kept.complete,
        "parameters": registered(built, kept),
        "shared": [
            name for name, tensor in built.given.tensors.items() if storage_of(tensor) in places
        ],
    }


def kept_of(context: ProbeContext, built: Built) -> Kept:
    """What the model and the submission's globals keep, beside what the globals kept before."""
    roots = {"": built.model, "globals": context.namespace}
    known: Kept = context.state.get("known", Kept())
    kept = kept_tensors(roots, known=known)
    kept.numbers = max(kept.numbers - known.numbers, 0)
    return kept


def registered(built: Built, kept: Kept) -> list[str]:
    """Paths of the tensors that an optimiser given `model.parameters()` would change."""
    if not built.is_module:
        return []
    places = {storage_of(part) for part in built.model.parameters() if part.requires_grad} - {0}
    return [path for path, tensor in kept.tensors.items() if storage_of(tensor) in places]


def to_array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """The numbers of a tensor of any kind."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.float()
    array: np.ndarray[Any, Any] = tensor.resolve_conj().resolve_neg().cpu().numpy().copy()
    return array


def answer(context: ProbeContext, rank: int, pixels: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What the model computes.

    Args:
        context: The loaded submission.
        rank: Which model.
        pixels: (N, 3, 32, 32) uint8.

    Returns:
        `output`: whatever `forward` returned; `spoilt`: whether it changed its argument.
    """
    built = built_for(context, rank)
    images = as_images(context, pixels)
    original = images.clone()
    with torch.no_grad():
        output = outputs(built, images)
    return {"output": output, "spoilt": not torch.equal(images, original)}


def slots(context: ProbeContext, rank: int) -> list[tuple[str, list[int]]]:
    """Path and shape of every array that the model keeps, for `fill`."""
    built = built_for(context, rank)
    with torch.no_grad():
        outputs(built, torch.zeros(WARM_UP, device=context.device))
    tensors = {
        path: tensor
        for path, tensor in kept_of(context, built).tensors.items()
        if holds_numbers(tensor)
    }
    context.state["slots"] = list(tensors.values())
    return [(path, list(tensor.shape)) for path, tensor in tensors.items()]


def fill(context: ProbeContext, arrays: Sequence[np.ndarray[Any, Any] | None]) -> None:
    """Overwrite the arrays that `slots` has listed, in its order; None leaves one as it is."""
    for tensor, array in zip(context.state["slots"], arrays, strict=True):
        if array is not None:
            with torch.inference_mode(tensor.is_inference()), torch.no_grad():
                tensor.copy_(torch.from_numpy(array))


def singular_values(context: ProbeContext) -> Any:
    """What the submission finds for the trained network."""
    return context.namespace["layer_singular_values"](trained_net(context))
