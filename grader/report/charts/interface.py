"""What a chart is: numbers and words, to be drawn or to be shown as a table."""

from dataclasses import dataclass

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Axis:
    """One direction of a chart."""

    label: str
    """Quantity and unit; our own words."""
    log: bool = False
    percent: bool = False
    """Values are shares, shown from 0 % to 100 %."""


@dataclass(frozen=True)
class Series:
    """Points that belong together."""

    label: str
    """For the legend; may be a stranger's text."""
    x: Numbers
    y: Numbers
    dashed: bool = False
    """For what is computed rather than handed in: the grader's own curve, a fit."""
    marks: bool = True
    joined: bool = True
    """By a line."""


@dataclass(frozen=True)
class Chart:
    """A picture of a check's measurements."""

    name: str
    """Of this kind of chart, in letters and hyphens."""
    title: str
    text: str
    """What the picture shows, for who can't see it."""
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    columns: tuple[str, ...] = ()
    """Heads of the table of numbers, empty where the numbers are too many."""
    rows: tuple[tuple[str, ...], ...] = ()
    bars: bool = False
    bar_width: float = 0.8
    """In units of x."""
