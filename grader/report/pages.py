"""What all HTML pages share: templates that escape everything, and charts with their legends."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from grader.model import Status
from grader.report.charts import Chart
from grader.report.clean import visible
from grader.report.text import MARKS, points_text

TONES = {
    Status.PASSED: "good",
    Status.PARTIAL: "part",
    Status.NEEDS_HAND: "open",
    Status.SKIPPED: "open",
    Status.GRADER_FAULT: "fault",
}
"""Status -> CSS class; what is not listed is `bad`."""
SIGNS = {"good": "✓", "part": "◐", "bad": "✗", "open": "○", "fault": "!"}
"""Tone -> sign that shows it without colour."""
LEGEND_MARKS = (
    "M13 2a3.5 3.5 0 1 0 .01 0z",
    "M9.8 2.3h6.4v6.4H9.8z",
    "M13 1.8 16.7 8.7H9.3z",
    "M13 1 16.5 5.5 13 10 9.5 5.5z",
    "M13 9.2 16.7 2.3H9.3z",
    "M11.8 2h2.4v2.3h2.3v2.4h-2.300V9h-2.400V6.700H9.5V4.300h2.300z",
)
"""SVG paths of the markers in charts, in their order."""


@dataclass(frozen=True)
class LegendKey:
    """One line of a legend."""

    number: int
    label: str
    mark: str
    dashed: bool
    joined: bool


@dataclass(frozen=True)
class Picture:
    """A chart ready for a page."""

    chart: Chart
    svg: Markup
    legend: tuple[LegendKey, ...]


def tone(status: Status) -> str:
    """CSS class of a status."""
    return TONES.get(status, "bad")


def picture(chart: Chart, identifier: str) -> Picture:
    """`chart` drawn, with the legend that stands above it.

    Args:
        chart: What to draw.
        identifier: Unique on the page.
    """
    from grader.report.charts.draw import draw  # noqa: PLC0415 - matplotlib only where needed

    # Made by `draw` out of numbers and our own words, and serialised as XML.
    svg = Markup(draw(chart, identifier))  # noqa: S704
    return Picture(chart, svg, () if len(chart.series) == 1 else tuple(_legend(chart)))


def template(name: str) -> Template:
    """A template in which every text is escaped, control characters made visible first."""
    return _environment().get_template(name)


def told(text: str) -> Markup:
    """A sentence of feedback: what stands between backticks is code."""
    parts = [escape(visible(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:  # an odd number of backticks: they delimit nothing
        return escape(visible(text))
    marked = [
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    ]
    return Markup("").join(marked)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters |= {
        "points": points_text,
        "tone": tone,
        "mark": MARKS.__getitem__,
        "told": told,
        "sign": lambda status: SIGNS[tone(status)],
    }
    return environment


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value


def _legend(chart: Chart) -> Iterator[LegendKey]:
    for index, series in enumerate(chart.series):
        place = index % len(LEGEND_MARKS)
        yield LegendKey(
            number=place + 1,
            label=series.label,
            mark=LEGEND_MARKS[place] if series.marks else "",
            dashed=series.dashed,
            joined=series.joined,
        )
