"""How near answers come to what is allowed: noted while a check judges, kept with what it found."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from grader.checks.compare import Array, distance

_noted: ContextVar[list[float] | None] = ContextVar("_noted", default=None)


@contextmanager
def watched() -> Iterator[list[float]]:
    """The list that every error judged meanwhile goes into, divided by what is allowed.

    A right answer's are at most 1; a wrong one has one above. NaN stands for no number.
    """
    ratios: list[float] = []
    token = _noted.set(ratios)
    try:
        yield ratios
    finally:
        _noted.reset(token)


def within(error: float, allowed: float) -> bool:
    """Whether `error` is at most `allowed`, which NaN never is; takes note of how near it came."""
    noted = _noted.get()
    if noted is not None:
        # Records hold Python's floats: a NumPy scalar can't be sent.
        noted.append(float(error / allowed) if allowed > 0 else float("inf") if error else 0.0)
    return bool(error <= allowed)


def agrees(actual: Array, expected: Array, *, rtol: float, atol: float = 0.0) -> bool:
    """As `compare.close`, for an answer that is judged by it; takes note of how near it came.

    Raises:
        ValueError: the shapes differ.
    """
    difference, size = distance(actual, expected)
    return within(difference, atol + rtol * size)
