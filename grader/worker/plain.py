"""Turn whatever a submission returns into a plain value that can cross the channel."""

import sys
from typing import Any

import numpy as np

from grader.worker.protocol import CODES

MAX_DEPTH = 8
MAX_ENTRIES = 200_000
LONG_LIST = 64
"""A longer list of numbers crosses as one array."""


class UnsupportedResultError(Exception):
    """A submission returned something that is neither numbers nor a container of numbers."""


def to_plain(value: Any) -> Any:
    """`value` as None, bool, int, float, complex, str, ndarray, or list and dict of these.

    Tensors of torch are detached and moved to the CPU, arrays of JAX and anything with
    `__array__` become ndarray, tuples lists, numpy scalars 0-d arrays, data frames dicts of
    columns.

    Raises:
        UnsupportedResultError: anything else, too deep or too large a container.
    """
    return _Converter().convert(value, 0)


class _Converter:
    def __init__(self) -> None:
        self.entries = 0

    def convert(self, value: Any, depth: int) -> Any:  # noqa: C901, PLR0911 - one branch a type
        self.entries += 1
        if depth > MAX_DEPTH or self.entries > MAX_ENTRIES:
            raise UnsupportedResultError("a container nested too deep or with too many entries")
        if value is None or type(value) in {bool, int, float, complex, str}:
            if type(value) is int and not -(1 << 63) <= value < 1 << 63:
                raise UnsupportedResultError("an integer beyond 64 bits")
            return value
        if isinstance(value, np.ndarray | np.generic):
            return _array(value)
        if _is_instance(value, "torch", "Tensor"):
            return _array(_from_torch(value))
        if _is_instance(value, "jax", "Array"):
            return _array(_from_jax(value))
        if _is_instance(value, "pandas", "DataFrame"):
            value = {str(column): value[column].to_numpy() for column in value.columns}
        if isinstance(value, dict):
            return {_key(key): self.convert(entry, depth + 1) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return self._sequence(value, depth)
        for exact in (int, float, complex, str):
            if isinstance(value, exact):
                return exact(value)  # type: ignore[arg-type]  # same class, narrowed by the loop
        if hasattr(value, "__array__"):
            return _array(np.asarray(value))
        raise UnsupportedResultError(f"a {type(value).__name__}")

    def _sequence(self, value: list[Any] | tuple[Any, ...], depth: int) -> Any:
        if len(value) > LONG_LIST:
            try:
                array = np.asarray(value)
            except (ValueError, TypeError, OverflowError):
                array = np.empty(0, dtype=object)
            if array.dtype.newbyteorder("<") in CODES:
                return _array(array)
        return [self.convert(entry, depth + 1) for entry in value]


def _is_instance(value: Any, module: str, name: str) -> bool:
    # A submission that never imported the library can't return one of its objects.
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _key(key: Any) -> str:
    if isinstance(key, str | int | float | np.integer):
        return str(key)
    raise UnsupportedResultError(f"a dict with a key of type {type(key).__name__}")


def _array(value: Any) -> np.ndarray[Any, Any]:
    plain = np.array(value, order="C", subok=False)
    if plain.dtype.name == "bfloat16":
        plain = plain.astype(np.float32)
    if plain.dtype.newbyteorder("<") not in CODES:
        raise UnsupportedResultError(f"an array of dtype {plain.dtype}")
    return plain


def _from_torch(tensor: Any) -> np.ndarray[Any, Any]:
    torch = sys.modules["torch"]
    tensor = tensor.detach()
    if tensor.is_meta:
        raise UnsupportedResultError("a tensor on the meta device, which holds no numbers")
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.float()
    array: np.ndarray[Any, Any] = tensor.resolve_conj().resolve_neg().cpu().numpy()
    return array


def _from_jax(array: Any) -> np.ndarray[Any, Any]:
    jax = sys.modules["jax"]
    if isinstance(array, jax.core.Tracer):
        raise UnsupportedResultError("a JAX tracer: the value of a traced function left it")
    if jax.dtypes.issubdtype(array.dtype, jax.dtypes.extended):
        raise UnsupportedResultError(f"a JAX array of dtype {array.dtype}")
    return np.asarray(array)
