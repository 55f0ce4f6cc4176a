"""Numbers out of measurements that may hold anything."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader.report.charts.interface import Series

Data = Mapping[str, Any]
Row = Mapping[str, Any]
MOST_POINTS = 40
"""Of one line; more can't be told apart."""
MOST_ROWS = 40
"""Of a table beside a chart."""


def number(value: float) -> str:
    """A measurement in four digits."""
    return f"{value:.4g}"


def rows_of(data: Data, key: str, fields: Sequence[str]) -> list[Row]:
    """The rows under `key` whose `fields` are all numbers."""
    listed = data.get(key)
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return []
    return [
        row
        for row in listed
        if isinstance(row, Mapping) and all(finite(row.get(field)) is not None for field in fields)
    ]


def table(rows: list[Row], fields: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The numbers of the rows, for a table."""
    return tuple(tuple(number(row[field]) for field in fields) for row in rows[:MOST_ROWS])


def mapping(data: Data, key: str) -> Data:
    """What is under `key`, empty where that is no mapping."""
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def numbers(listed: Any) -> list[float]:
    """The finite numbers of a list."""
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return []
    return [value for entry in listed if (value := finite(entry)) is not None]


def finite(value: Any) -> float | None:
    """A finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def sentence(parts: Iterable[str]) -> str:
    """The parts as one sentence, empty where there are none."""
    text = "; ".join(parts)
    return f"{text}." if text else ""


def line(label: str, rows: list[Row], x: str, y: str, *, dashed: bool = False) -> Series:
    """A line through two fields of the rows."""
    points = sorted((row[x], row[y]) for row in rows)
    return Series(label, *columns(points), dashed=dashed)


def columns(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The x and the y of points."""
    return tuple(float(x) for x, _ in points), tuple(float(y) for _, y in points)


def spread(length: int) -> list[int]:
    """At most `MOST_POINTS` places of a list, closer together at both ends, where decay is fast."""
    if length <= MOST_POINTS:
        return list(range(length))
    last = length - 1
    angles = (math.pi * step / (MOST_POINTS - 1) for step in range(MOST_POINTS))
    return sorted({round(last * (1 - math.cos(angle)) / 2) for angle in angles})
