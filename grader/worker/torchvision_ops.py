"""Lets torchvision be imported beside a torch that its compiled operators don't fit.

A torchvision built for another kind of torch (for CUDA, beside torch for CPU) can't load its
compiled operators, and then even `import torchvision` fails: it registers shape rules for operators
that nobody declared. Declared without a body they are enough for everything in torchvision that is
written in Python: datasets, transforms, models.
"""

import importlib.util
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import torch
from torch.library import Library

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
"""The operators that torchvision 0.28 names while it is imported."""

_kept: list[Library] = []
"""A declaration lasts as long as its library object."""


def define_missing_ops() -> bool:
    """Declare the operators that `import torchvision` needs, where they can't be loaded.

    Leaves a torchvision that works alone. Runs no torch operation, so a process may fork after it.

    Returns:
        Whether this call declared them.
    """
    compiled = _compiled_operators()
    if compiled is None or _declared() or _load(compiled):
        return False
    library = Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _kept.append(library)
    return True


def _declared() -> bool:
    return hasattr(torch.ops.torchvision, "nms")


def _compiled_operators() -> Path | None:
    """Where torchvision would have its operators; None where it isn't installed."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    candidates = (folder / f"_C{suffix}" for suffix in EXTENSION_SUFFIXES)
    return next((path for path in candidates if path.exists()), folder / "_C")


def _load(compiled: Path) -> bool:
    try:
        torch.ops.load_library(compiled)  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return _declared()
