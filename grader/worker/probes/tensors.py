"""Every tensor that an object keeps alive: parameters, buffers, attributes, closures, classes.

The walk is meant to be thorough, not to be unbeatable: code in its own process can hide a tensor
from any walk. What a walk missed is found out by rebuilding the object from what it brought.
"""

import functools
import gc
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grader.worker.namespace import MODULE_NAME

MAX_OBJECTS = 100_000
"""A model keeps a few hundred; past this the walk gives up and says so."""
FREE_TEXT = 256
"""Bytes of a text or buffer that count for nothing: names and messages are no numbers."""
WORD = 4
"""Bytes of a stored number."""
_LEAVES = (bool, CodeType, torch.dtype, torch.device, torch.Generator)
_SEQUENCES = (list, tuple, set, frozenset, deque, np.ndarray)
_COUNTED = bool | int | float | complex | str | bytes | np.generic
"""What would count twice where it is reached both by its name and through the collector."""
_MODULE_TABLES = ("_parameters", "_buffers", "_modules")

Memory = tuple[object, ...]
"""Equal for two tensors that are the same numbers in the same place."""


@dataclass
class Kept:
    """What a walk found."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    """Path from the root, e.g. `layers.0.weight`, to the tensor; each memory once."""
    numbers: int = 0
    """Plain Python numbers in attributes and containers, and the words of texts and buffers."""
    complete: bool = True
    """False where the walk gave up."""


def kept_tensors(root: object, *, known: Kept | None = None) -> Kept:
    """Walk everything reachable from `root`: module tables, attributes, containers, closures.

    Classes that the submission defines and modules that it makes are entered; those of libraries
    and a function's globals are not: they belong to the code, not to the model. NumPy and JAX
    arrays count as tensors. Two names of the same memory count once.

    Args:
        root: where to start; a dict of several roots starts at each.
        known: an earlier walk, whose tensors are left out.
    """
    kept = Kept()
    seen: dict[int, object] = {}
    memories: set[Memory] = (
        {memory_of(tensor) for tensor in known.tensors.values()} if known else set()
    )
    stack: list[tuple[str, object]] = [("", root)]
    while stack:
        path, item = stack.pop()
        if item is None or isinstance(item, _LEAVES) or id(item) in seen:
            continue
        if isinstance(item, int | float | complex | np.generic):
            kept.numbers += _words(item)
            continue
        if _is_library(item):
            continue
        if len(seen) >= MAX_OBJECTS:
            kept.complete = False
            break
        seen[id(item)] = item  # holding it keeps its id from being reused
        tensor = _as_tensor(item)
        if tensor is None:
            kept.numbers += _buffer_words(item)
        if tensor is not None and tensor.numel():
            memory = memory_of(tensor)
            if memory not in memories:
                memories.add(memory)
                kept.tensors[_unused(path, kept.tensors)] = tensor
        # Reversed, since the stack hands out the last entry first.
        parts = _attributes(item) if tensor is not None else _parts(item)
        stack.extend(reversed([(_join(path, name), part) for name, part in parts]))
    return kept


def memory_of(tensor: Tensor) -> Memory:
    """What tells whether two tensors are the same numbers in the same place."""
    if holds_numbers(tensor) and tensor.layout is torch.strided:
        return (tensor.device, tensor.data_ptr(), tensor.numel())
    return (id(tensor),)


def holds_numbers(tensor: Tensor) -> bool:
    """False on the meta device and for tensors that only pretend to have a place."""
    return not tensor.is_meta and type(tensor).__module__ != "torch._subclasses.fake_tensor"


def storage_of(tensor: Tensor) -> int:
    """Address of the memory that a tensor is a part of; 0 where it has none of its own."""
    if not holds_numbers(tensor) or tensor.layout is not torch.strided:
        return 0
    return tensor.untyped_storage().data_ptr()


def _is_own(cls: type) -> bool:
    return getattr(cls, "__module__", None) == MODULE_NAME


def _is_library(item: object) -> bool:
    """Whether it belongs to installed code: a class or a module that was imported."""
    if isinstance(item, type):
        return not _is_own(item)
    # A module that the submission makes has no loader; its attributes are storage like any other.
    return isinstance(item, ModuleType) and getattr(item, "__spec__", None) is not None


def _words(number: complex | np.generic) -> int:
    """One, or the length of an integer that holds a whole array in its digits."""
    return max(1, -(-number.bit_length() // (8 * WORD))) if isinstance(number, int) else 1


def _buffer_words(item: object) -> int:
    """Words in a text, bytes, `array`, `mmap` or any other buffer that is no tensor."""
    if isinstance(item, str):
        size = len(item)
    elif isinstance(item, np.ndarray):  # of objects or text: its entries are walked
        return 0
    else:
        try:
            size = memoryview(item).nbytes  # type: ignore[arg-type]
        except (TypeError, ValueError, BufferError):
            return 0
    return -(-size // WORD) if size > FREE_TEXT else 0


def _as_tensor(item: object) -> Tensor | None:
    if isinstance(item, Tensor):
        return item
    try:
        if isinstance(item, np.ndarray) and item.dtype != object:
            return torch.from_numpy(item if item.flags.writeable else item.copy())
        if type(item).__module__.partition(".")[0] in {"jax", "jaxlib"}:
            return torch.from_numpy(np.array(item)) if hasattr(item, "__array__") else None
    except TypeError:  # text, dates, random keys: no numbers that torch knows
        return None
    return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _unused(path: str, taken: Mapping[str, object]) -> str:
    """`path`, numbered where two things are reached by the same names."""
    if path not in taken:
        return path
    return next(
        name for number in range(2, len(taken) + 3) if (name := f"{path}~{number}") not in taken
    )


def _parts(item: object) -> Iterator[tuple[str, object]]:  # noqa: C901, PLR0912 - one branch a type
    """The objects that `item` holds, by name."""
    if isinstance(item, str):
        return
    if isinstance(item, Mapping | MappingProxyType):
        yield from ((str(key)[:80], entry) for key, entry in list(item.items()))
    elif isinstance(item, _SEQUENCES):
        yield from ((str(number), entry) for number, entry in enumerate(item))
    elif isinstance(item, MethodType):
        yield from (("", item.__self__), ("", item.__func__))
    elif isinstance(item, functools.partial):
        yield from (("", item.func), ("", item.args), ("", item.keywords))
    elif isinstance(item, property):
        yield from (("", item.fget), ("", item.fset))
    elif isinstance(item, staticmethod | classmethod):
        yield "", item.__func__
    elif isinstance(item, FunctionType):
        yield from _function_parts(item)
    elif isinstance(item, GeneratorType):
        yield from (item.gi_frame.f_locals if item.gi_frame else {}).items()
    elif isinstance(item, FrameType):
        yield from item.f_locals.items()
    elif isinstance(item, TracebackType):
        yield "", item.tb_frame
    elif isinstance(item, BuiltinFunctionType):
        yield "", item.__self__
    yield from _attributes(item)
    if not isinstance(item, type | ModuleType | FunctionType | FrameType | Mapping):
        # Iterators, weak containers, objects of C code: whatever the collector sees in them.
        own = getattr(item, "__dict__", None)
        yield from (
            ("", part)
            for part in gc.get_referents(item)
            if part is not own and not isinstance(part, _COUNTED | type)
        )


def _function_parts(item: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(item.__code__.co_freevars, item.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # an empty cell: the variable was never set
            continue
    yield "", item.__defaults__
    yield "", item.__kwdefaults__


def _attributes(item: object) -> Iterator[tuple[str, object]]:
    own: Mapping[str, Any] = getattr(item, "__dict__", {})
    for name, entry in list(own.items()):
        # A module's tables are no part of a parameter's name.
        yield "" if isinstance(item, nn.Module) and name in _MODULE_TABLES else name, entry
    for cls in type(item).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in {"__dict__", "__weakref__"} and hasattr(item, name):
                yield name, getattr(item, name)
        if _is_own(cls):
            yield cls.__name__, cls
