"""Compare a submission's values with the right ones, so that NaN and odd types win nothing."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from grader.checks.interface import Outcome, Value, failed

Array = NDArray[Any]

SINGLE = frozenset({np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.complex64)})
"""Types whose values are judged at single precision's tolerance."""

MAX_TEXT = 60
"""Characters of a submission's own text that feedback repeats."""


def as_array(
    value: Value,
    *,
    name: str,
    shape: tuple[int, ...],
    kind: Literal["real", "complex"] = "real",
    hint: str = "",
) -> Array | Outcome:
    """`value` as a finite array of `shape`, or the finding that says why it is none.

    Lists of numbers count as arrays, integers as float64, float16 as float32. A number and an
    array of shape (1,) stand for each other; other shapes must agree exactly. Where real numbers
    are expected, complex ones pass only if every imaginary part is exactly 0.

    Args:
        value: what the submission returned.
        name: what feedback calls it, e.g. `grad_U`.
        shape: the expected shape.
        kind: `complex` accepts real numbers too.
        hint: one step to take where the shape is wrong.

    Returns:
        A new float32, float64, complex64 or complex128 array, or a failed `Outcome`.
    """
    asked = f"{name}: expected {'a number' if shape == () else f'an array of shape {shape}'}"
    # Nothing is converted before its shape is known to be the expected one: converted it may be
    # many times as large.
    given = None if isinstance(value, bool) else _shape(value)
    if given is not None and not _has_shape(value, given):
        given = None
    if given is not None and given != shape and not {given, shape} <= {(), (1,)}:
        return failed(f"{name}: expected shape {shape}, got {given}", hint)
    array = None if given is None else _numbers(value)
    if array is None:
        step = "does the function return its result?" if value is None else "return numbers"
        return failed(f"{asked}, got {short(value)}", step)
    array = array.reshape(shape)
    if kind == "real" and array.dtype.kind == "c":
        if np.any(array.imag != 0):
            return failed(
                f"{asked}, real, got complex numbers",
                "the result is real: no step needs complex numbers",
            )
        array = array.real.copy()
    if not np.all(np.isfinite(array)):
        return failed(
            f"{asked}, all finite, got NaN or infinity", "look for a division by 0 or an overflow"
        )
    return array


def is_single(*arrays: Array) -> bool:
    """Whether any of `arrays` holds numbers of single precision or less.

    What the numbers are counts, not how they are kept: JAX computes in float32, and its results
    turned into Python's floats and lists are of float64 with nothing in the further digits.
    """
    return any(array.dtype in SINGLE or _fits_single(array) for array in arrays)


def _fits_single(array: Array) -> bool:
    narrow = np.complex64 if array.dtype.kind == "c" else np.float32
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.all(array.astype(narrow) == array))


def is_series(value: Value) -> bool:
    """Whether `value` is a list, or an array with a first axis to go along."""
    return isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim > 0)


def relative_error(actual: Array, expected: Array) -> float:
    """‖actual - expected‖_F / ‖expected‖_F, free of overflow.

    Returns:
        NaN where an entry is not finite, 0 where both are zero, infinity where only `expected` is.

    Raises:
        ValueError: the shapes differ; broadcasting would compare something else.
    """
    difference, size = distance(actual, expected)
    if size > 0 or np.isnan(difference):
        return float(difference / size) if size > 0 else float("nan")
    return 0.0 if difference == 0 else float("inf")


def close(actual: Array, expected: Array, *, rtol: float, atol: float = 0.0) -> bool:
    """Whether ‖actual - expected‖_F is at most atol + rtol * ‖expected‖_F.

    Written so that NaN fails: a comparison with NaN is false, and `<=` is what must hold.

    Raises:
        ValueError: the shapes differ.
    """
    difference, size = distance(actual, expected)
    return bool(difference <= atol + rtol * size)


def unchanged(before: Sequence[Value], after: Sequence[Value]) -> bool:
    """Whether every array came back from a call with the same shape, type and entries."""
    return len(before) == len(after) and all(
        isinstance(new, np.ndarray) and new.dtype == old.dtype and np.array_equal(old, new)
        for old, new in zip(before, after, strict=True)
    )


def short(value: Value) -> str:
    """`value` in a few words for feedback, with nothing in it that a terminal would obey."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, list | dict):
        return f"a {type(value).__name__} with {len(value)} entries"
    if isinstance(value, str):
        text = repr(value)
        return f"the text {text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + '...'}"
    return repr(value)[:MAX_TEXT]


def _shape(value: Value) -> tuple[int, ...] | None:
    """The shape of numbers or nested lists by their first entries; None where those are none."""
    if isinstance(value, np.ndarray | np.generic):
        return value.shape if value.dtype.kind in "iufc" else None
    if isinstance(value, bool | int | float | complex):
        return ()
    if not isinstance(value, list):
        return None
    if not value:
        return (0,)
    inner = _shape(value[0])
    return None if inner is None else (len(value), *inner)


def _has_shape(value: Value, shape: tuple[int, ...]) -> bool:
    """Whether all entries are numbers, and as many as `shape` says."""
    if isinstance(value, list):
        return (
            bool(shape)
            and len(value) == shape[0]
            and all(_has_shape(entry, shape[1:]) for entry in value)
        )
    return _shape(value) == shape


def _numbers(value: Value) -> Array | None:
    """A plain numeric array of one of four types, or None; `value` has a shape."""
    try:
        # Integers beyond float64 and beyond each other's types become objects.
        array = np.array(value, subok=False)
    except (ValueError, TypeError, OverflowError):
        return None
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    if array.dtype.kind == "f":
        return array.astype(np.float32 if array.dtype.itemsize <= np.float32().nbytes else float)
    if array.dtype.kind == "c":
        wide = array.dtype.itemsize > np.complex64().nbytes
        return array.astype(np.complex128 if wide else np.complex64)
    return None


def distance(actual: Array, expected: Array) -> tuple[float, float]:
    """‖actual - expected‖_F and ‖expected‖_F, free of overflow; NaN where an entry is not finite.

    Raises:
        ValueError: the shapes differ; broadcasting would compare something else.
    """
    if actual.shape != expected.shape:
        raise ValueError(f"actual must have shape {expected.shape}, got {actual.shape}")
    if not (np.all(np.isfinite(actual)) and np.all(np.isfinite(expected))):
        return float("nan"), float("nan")
    parts = _real_parts if "c" in {actual.dtype.kind, expected.dtype.kind} else _doubles
    left, right = parts(actual), parts(expected)
    # Squares of entries beyond 1e154 overflow and below 1e-154 vanish; divided by the largest
    # entry they do neither.
    largest = float(max(np.abs(left).max(initial=0.0), np.abs(right).max(initial=0.0)))
    if largest == 0:
        return 0.0, 0.0
    left, right = left / largest, right / largest
    with np.errstate(over="ignore"):
        size = float(np.linalg.norm(right) * largest)
        difference = float(np.linalg.norm(left - right) * largest)
    # An infinite size would allow every difference.
    return (difference, size) if np.isfinite(size) else (float("nan"), float("nan"))


def _doubles(array: Array) -> Array:
    return array.astype(np.float64).ravel()


def _real_parts(array: Array) -> Array:
    """Real and imaginary parts in float64, one after the other; norms are the same."""
    return _doubles(np.stack([array.real, array.imag]))
