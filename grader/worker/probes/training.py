"""Trains the submission's compressed networks, lets it do so itself, and measures its curve."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from grader.worker.interface import ProbeContext
from grader.worker.probes.compression import (
    Built,
    built_for,
    outputs,
    stored,
)
from grader.worker.probes.given import CountedImages, as_images, make_loader, trained_net

STEPS = 3
LEARNING_RATE = 1e-4
"""Of Adam. Small, so that the loss on the batch falls for certain; large enough for float32."""

Array = np.ndarray[Any, Any]


def train_steps(context: ProbeContext, rank: int, pixels: Array, labels: Array) -> dict[str, Any]:
    """Take a few steps of training on one batch.

    Args:
        context: The loaded submission.
        rank: Which model.
        pixels: (N, 3, 32, 32) uint8.
        labels: (N,) int64.

    Returns:
        `stored`: what the model keeps afterwards, as `compression.stored` answers; `gradient`:
        whether the loss depends on anything that wants a gradient.
    """
    built = built_for(context, rank)
    batch = as_images(context, pixels), torch.tensor(labels, device=context.device)
    gradient = _train(built, *batch)
    return {"stored": stored(context, rank), "gradient": gradient}


def _train(built: Built, images: Tensor, labels: Tensor) -> bool:
    """Adam on all parameters; whether there was a gradient to follow."""
    parameters = list(built.model.parameters()) if built.is_module else []
    if built.is_module:
        built.model.train()
    built.trained = True
    # With nothing registered the loss is still worked out, so that a plain failure shows.
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE) if parameters else None
    for _ in range(STEPS):
        answers = outputs(built, images)
        if not isinstance(answers, Tensor) or answers.ndim != 2:  # noqa: PLR2004 - batch, classes
            shape = tuple(getattr(answers, "shape", ()))
            raise TypeError(
                f"forward must return a tensor of shape ({len(images)}, classes), "
                f"got {type(answers).__name__} of shape {shape}"
            )
        loss = functional.nll_loss(answers, labels)
        if optimizer is None or not loss.requires_grad:
            return False
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    if isinstance(built.model, nn.Module):
        built.model.eval()
    return True


def exercise(context: ProbeContext, rank: int, pixels: Array, labels: Array) -> dict[str, Any]:
    """Run the model forwards and train it, and watch what becomes of the network it was made of.

    A model that can't be trained is only run forwards: that is another check's finding.

    Returns:
        `changed`: stage -> what of the given network differs after it; `outputs`: what the
        assignment's `Net` computes in the end with its tensors for `pixels`.
    """
    built = built_for(context, rank)
    images, targets = as_images(context, pixels), torch.tensor(labels, device=context.device)
    with torch.no_grad():
        outputs(built, images.clone())
    built.watch("forward")
    try:
        _train(built, images.clone(), targets)
    except Exception:  # noqa: BLE001 - a submission's code may raise anything
        built.trained = True
    built.watch("training")
    with torch.no_grad():
        return {"changed": built.changed, "outputs": built.given.outputs(images)}


def fine_tune(
    context: ProbeContext, rank: int, epochs: int, pixels: Array, labels: Array, *, shuffle: bool
) -> dict[str, Any]:
    """Let the submission fine-tune a model; what it returns takes the model's place.

    Args:
        context: The loaded submission.
        rank: Which model.
        epochs: How many epochs are asked for.
        pixels: (N, 3, 32, 32) uint8.
        labels: (N,) int64.
        shuffle: Whether the loader shuffles the images; otherwise they come in their order.

    Returns:
        `kind`: name of the returned object's class; `usable`: whether it can be asked anything;
        `served`: how many images were taken from the loader, in all epochs.
    """
    built = built_for(context, rank)
    if not built.trained:
        context.state["untrained"] = _copy_of(built.model)
    loader = make_loader(context, pixels, labels, shuffle=shuffle)
    torch.manual_seed(0)
    tuned = context.namespace["fine_tune"](built.model, loader, epochs)
    usable = callable(tuned) or hasattr(tuned, "forward")
    if usable:
        built.model, built.trained = tuned, True
        if isinstance(tuned, nn.Module):
            tuned.eval()
    served = loader.dataset.served if isinstance(loader.dataset, CountedImages) else 0
    return {"kind": type(tuned).__name__[:80], "usable": usable, "served": served}


def start_again(context: ProbeContext, rank: int) -> bool:
    """Put a copy of the model, as it was before `fine_tune` was called, in its place.

    Returns:
        False where no copy could be made of it; then it must be built again.
    """
    model = _copy_of(context.state.get("untrained"))
    if model is None:
        return False
    built_for(context, rank).model = model
    return True


def _copy_of(model: Any) -> Any:
    """None where `model` is of a kind that can't be copied."""
    try:
        return copy.deepcopy(model)
    except Exception:  # noqa: BLE001 - a submission's code may raise anything
        return None


def curve(context: ProbeContext, ranks: Sequence[int], pixels: Array, labels: Array) -> Any:
    """What the submission measures of the trained network at `ranks`."""
    loader = make_loader(context, pixels, labels)
    torch.manual_seed(0)
    return context.namespace["compression_curve"](trained_net(context), list(ranks), loader)
