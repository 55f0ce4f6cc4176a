"""What a probe answered, read with care: the submission shares its process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from grader.checks.compare import Array, short
from grader.checks.interface import SubmissionFault, Tampering, Value
from grader.model import Status

MAX_COUNT = 1 << 40
"""More numbers than any model has."""
LONGEST_PATH = 1000
"""Characters of a tensor's path such as `layers.0.weight`."""
MAX_DIMENSIONS = 8
"""Of an array that crosses the channel."""


@contextmanager
def about(rank: int) -> Iterator[None]:
    """Say in a fault's feedback which model it was.

    What is not written yet fails for every rank alike, and is said in the same words everywhere.
    """
    try:
        yield
    except SubmissionFault as fault:
        if isinstance(fault, Tampering) or "NotImplementedError" in fault.feedback:
            raise
        feedback = f"CompressedNet(net, {rank}): {fault.feedback}"
        raise SubmissionFault(fault.status, feedback, fault.hint, fault.staff_note) from fault


def fields(value: Value, **kinds: type) -> dict[str, Any]:
    """A probe's answer with the fields that it must have, each of exactly this type.

    Raises:
        SubmissionFault: something in the worker answered in the probe's place.
    """
    if isinstance(value, dict) and all(type(value.get(k)) is v for k, v in kinds.items()):
        return value
    raise tampered("a probe's answer lacks " + ", ".join(kinds))


def read_arrays(value: Mapping[str, Value]) -> dict[str, Array]:
    """Path -> array, finite or not.

    Raises:
        SubmissionFault: something else stands in an array's place, or a path is absurdly long.
    """
    longest = max((len(str(path)) for path in value), default=0)
    if longest > LONGEST_PATH:
        raise SubmissionFault(
            Status.FAILED,
            f"a tensor is stored under a name of {longest} characters, at most {LONGEST_PATH} are "
            "read",
            "give attributes and modules short names",
        )
    if all(isinstance(array, np.ndarray) for array in value.values()):
        return dict(value)
    raise tampered("a stored array is none")


def read_count(value: Value) -> int:
    """A count of numbers: an integer that an honest walk can come to.

    Raises:
        Tampering: anything else; a negative count would cancel what is stored.
    """
    if type(value) is int and 0 <= value <= MAX_COUNT:
        return value
    raise tampered(f"a count is {short(value)}")


def read_names(value: Value) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        Tampering: anything else.
    """
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise tampered(f"a list of names is {short(value)}")


def read_shape(value: Value) -> tuple[int, ...]:
    """The shape of an array: a short list of counts.

    Raises:
        Tampering: anything else.
    """
    if isinstance(value, list) and len(value) <= MAX_DIMENSIONS:
        return tuple(read_count(side) for side in value)
    raise tampered(f"a shape is {short(value)}")


def tampered(note: str) -> Tampering:
    """The finding where the worker's own code did not answer as it does."""
    return Tampering(
        Status.FAILED,
        "the grader's questions about the model were answered by something else",
        "leave torch, NumPy and the grader's modules as they are",
        note,
    )
