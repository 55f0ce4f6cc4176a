"""Every tensor that an object keeps alive: parameters, buffers, attributes, closures."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

MAX_OBJECTS = 100_000
"""A model keeps a few hundred; past this the walk gives up and says so."""
_LEAVES = (str, bytes, bytearray, type, ModuleType, BuiltinFunctionType, torch.dtype, torch.device)
_MODULE_TABLES = ("_parameters", "_buffers", "_modules")


@dataclass
class Kept:
    """What a walk found."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    """Path from the root, e.g. `layers.0.weight`, to the tensor; each memory once."""
    numbers: int = 0
    """Plain Python numbers in attributes and containers."""
    complete: bool = True
    """False where the walk gave up."""


def kept_tensors(root: object) -> Kept:
    """Walk everything reachable from `root`: module tables, attributes, containers, closures.

    Classes, modules and a function's globals are not entered: they belong to the code, not to the
    model. NumPy and JAX arrays count as tensors. Two names of the same memory count once.
    """
    kept = Kept()
    seen: dict[int, object] = {}
    memories: set[tuple[int, int]] = set()
    stack: list[tuple[str, object]] = [("", root)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, bool | _LEAVES) or item is None or id(item) in seen:
            continue
        if isinstance(item, int | float | complex | np.generic):
            kept.numbers += 1
            continue
        if len(seen) >= MAX_OBJECTS:
            kept.complete = False
            break
        seen[id(item)] = item  # holding it keeps its id from being reused
        tensor = _as_tensor(item)
        if tensor is None:
            # Reversed, since the stack hands out the last entry first.
            stack.extend(reversed([(_join(path, name), part) for name, part in _parts(item)]))
            continue
        memory = (tensor.data_ptr(), tensor.numel())
        if memory not in memories:
            memories.add(memory)
            kept.tensors[path] = tensor
    return kept


def _as_tensor(item: object) -> Tensor | None:
    if isinstance(item, Tensor):
        return item
    if isinstance(item, np.ndarray) and item.dtype != object:
        return torch.from_numpy(np.array(item, copy=None if item.flags.writeable else True))
    if type(item).__module__.partition(".")[0] in {"jax", "jaxlib"} and hasattr(item, "__array__"):
        return torch.from_numpy(np.array(item))
    return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _parts(item: object) -> Iterator[tuple[str, object]]:
    """The objects that `item` holds, by name."""
    if isinstance(item, Mapping):
        yield from ((str(key)[:80], entry) for key, entry in item.items())
    elif isinstance(item, list | tuple | set | frozenset | np.ndarray):
        yield from ((str(number), entry) for number, entry in enumerate(item))
    elif isinstance(item, MethodType):
        yield from (("", item.__self__), ("", item.__func__))
    elif isinstance(item, functools.partial):
        yield from (("", item.func), ("", item.args), ("", item.keywords))
    elif isinstance(item, FunctionType):
        yield from _function_parts(item)
    yield from _attributes(item)


def _function_parts(item: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(item.__code__.co_freevars, item.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # an empty cell: the variable was never set
            continue
    yield "", item.__defaults__
    yield "", item.__kwdefaults__


def _attributes(item: object) -> Iterator[tuple[str, object]]:
    own: dict[str, Any] = getattr(item, "__dict__", {})
    for name, entry in list(own.items()):
        # A module's tables are no part of a parameter's name.
        yield "" if isinstance(item, nn.Module) and name in _MODULE_TABLES else name, entry
    for cls in type(item).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in {"__dict__", "__weakref__"} and hasattr(item, name):
                yield name, getattr(item, name)
