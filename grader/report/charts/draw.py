"""Charts as inline SVG that takes its colours and its font from the page around it.

Matplotlib draws with placeholder colours, which then become the page's CSS variables, so that one
picture serves a light page, a dark page and paper. Ids are numbered anew: the same chart always
gives the same bytes, and two charts on a page don't share an id.
"""

import io
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from xml.etree import ElementTree as ET

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from grader.report.charts.interface import Axis, Chart, Series

SIZE = (5.0, 2.9)
"""Inches; on the page the width is the column's."""
PLACE = (0.155, 0.175, 0.82, 0.8)
"""Of the axes in the picture: left, bottom, width, height; finding it anew takes half the time."""
INK, FAINT = "#010203", "#040506"
SERIES = ("#a10001", "#a10002", "#a10003", "#a10004", "#a10005", "#a10006")
COLOURS = {INK: "var(--soft)", FAINT: "var(--line)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(SERIES, start=1)
}
"""Placeholder in the drawing -> colour of the page."""
MARKERS = ("o", "s", "^", "D", "v", "P")
MOST_TICKS = 6
NEAREST_TICKS = 0.12
"""Share of an axis that lies between two labels at least."""
MANTISSAS = ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,))
"""Round numbers within a decade, from the finest grid to the coarsest."""
LARGEST, SMALLEST = 1e200, 1e-200
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_MARKER = f"{_SVG}path"
_NUMBER = re.compile(r"-?\d+\.\d+")
_FONT = re.compile(r"font-size: ([\d.]+px); font-family: [^;]*;")
# Settings of matplotlib are shared by all threads.
_LOCK = Lock()


@lru_cache(maxsize=32)
def draw(chart: Chart, identifier: str) -> str:
    """`chart` as an SVG element with a title and a description.

    Charts that many students share, such as the same singular values, are drawn once.

    Args:
        chart: What to draw; values that can't be drawn (not finite, not positive on a logarithmic
            axis) are left out.
        identifier: Unique on the page; starts every id in the picture.
    """
    with _LOCK, rc_context({"svg.fonttype": "none", "svg.hashsalt": "chart"}):
        figure = Figure(figsize=SIZE)
        FigureCanvasSVG(figure)
        axes = figure.add_axes(PLACE)
        _draw_series(axes, chart)
        _dress(axes, chart)
        raw = io.BytesIO()
        figure.savefig(raw, format="svg", transparent=True, metadata={"Date": None})
    return _inline(raw.getvalue(), chart, identifier)


def tick_label(value: float) -> str:
    """A number in few characters: `64`, `0.01`, `267k`, `2·10⁻⁶`."""
    size = abs(value)
    if value == 0 or 1e-3 <= size < 1e4:  # noqa: PLR2004 - short enough when written out
        return f"{value:.10g}"
    for unit, letter in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if unit <= size < 1000 * unit:
            return f"{value / unit:.3g}{letter}"
    exponent = math.floor(math.log10(size) + 1e-9)
    mantissa = f"{value / 10.0**exponent:.3g}"
    power = f"10{str(exponent).translate(SUPERSCRIPTS)}"
    return power if mantissa == "1" else f"{mantissa}·{power}"


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers for a logarithmic axis from `low` to `high`, about `MOST_TICKS` of them.

    Args:
        low: Decimal logarithm of the lower end.
        high: Decimal logarithm of the upper end.
    """
    ticks: list[float] = []
    for mantissas in MANTISSAS:
        ticks = [
            tick
            for exponent in range(math.floor(low), math.ceil(high) + 1)
            for mantissa in mantissas
            if low - 1e-9 <= (tick := exponent + math.log10(mantissa)) <= high + 1e-9
        ]
        if 1 < len(ticks) <= MOST_TICKS:
            return ticks
    step = max(1, math.ceil(len(ticks) / MOST_TICKS))
    return ticks[::step] or [(low + high) / 2]


def _draw_series(axes: Axes, chart: Chart) -> None:
    for number, series in enumerate(chart.series):
        x, y = _drawable(series, chart)
        colour = SERIES[number % len(SERIES)]
        if chart.bars:
            axes.bar(x, y, color=colour, width=chart.bar_width)
            continue
        axes.plot(
            x,
            y,
            color=colour,
            linewidth=1.6,
            linestyle="" if not series.joined else (0, (4, 2)) if series.dashed else "solid",
            marker=MARKERS[number % len(MARKERS)] if series.marks else "",
            markersize=4.5,
        )


def _drawable(series: Series, chart: Chart) -> tuple[list[float], list[float]]:
    points = [
        (_scaled(x, chart.x), _scaled(y, chart.y))
        for x, y in zip(series.x, series.y, strict=True)
        if _can_show(x, chart.x) and _can_show(y, chart.y)
    ]
    return [x for x, _ in points], [y for _, y in points]


def _can_show(value: float, axis: Axis) -> bool:
    if axis.percent:
        return 0 <= value <= 1
    return SMALLEST < value < LARGEST if axis.log else abs(value) < LARGEST


def _scaled(value: float, axis: Axis) -> float:
    return math.log10(value) if axis.log else value


def _dress(axes: Axes, chart: Chart) -> None:
    axes.grid(visible=True, axis="y" if chart.bars else "both", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.set_xlabel(chart.x.label, color=INK, fontsize=9.5)
    axes.set_ylabel(chart.y.label, color=INK, fontsize=9.5)
    for axis, spec, limits in (
        (axes.xaxis, chart.x, axes.get_xlim()),
        (axes.yaxis, chart.y, axes.get_ylim()),
    ):
        if spec.percent:
            axes.set_ylim(0, 1.02) if axis is axes.yaxis else axes.set_xlim(0, 1.02)
            ticks: Sequence[float] = (0, 0.25, 0.5, 0.75, 1)
            axis.set_ticks(ticks, [f"{tick:.0%}" for tick in ticks])
        elif spec.log:
            places = _own_ticks(chart, limits) if axis is axes.xaxis else []
            ticks = places or log_ticks(*limits)
            axis.set_ticks(ticks, [tick_label(10.0**tick) for tick in ticks])
        else:
            whole = chart.bars or axis is axes.xaxis
            axis.set_major_locator(MaxNLocator(MOST_TICKS, integer=whole, steps=[1, 2, 5, 10]))
            axis.set_major_formatter(lambda value, _: tick_label(value))


def _own_ticks(chart: Chart, limits: tuple[float, float]) -> list[float]:
    """The chart's own x, where they are few, round and far enough from each other to be ticks."""
    values = sorted({x for series in chart.series for x in series.x if _can_show(x, chart.x)})
    places = [math.log10(value) for value in values]
    gaps = [right - left for left, right in pairwise(places)]
    fits = 1 < len(values) <= MOST_TICKS and min(gaps) > NEAREST_TICKS * (limits[1] - limits[0])
    return places if fits and all(value == int(value) for value in values) else []


def _inline(raw: bytes, chart: Chart, identifier: str) -> str:
    """The picture as part of a page: no prolog, page colours, ids of its own, a text."""
    drawn = ET.fromstring(raw)  # noqa: S314 - drawn by matplotlib a moment ago
    _, _, width, height = drawn.attrib["viewBox"].split()
    root = ET.Element(
        "svg",
        {
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "aria-labelledby": f"{identifier}-title",
            "aria-describedby": f"{identifier}-desc",
            "stroke-linejoin": "round",
        },
    )
    ET.SubElement(root, "title", id=f"{identifier}-title").text = chart.title
    ET.SubElement(root, "desc", id=f"{identifier}-desc").text = chart.text
    _copy(drawn, root, {}, identifier)
    return ET.tostring(root, encoding="unicode")


def _copy(drawn: ET.Element, into: ET.Element, names: dict[str, str], identifier: str) -> None:
    """Copy what is drawn, without groups that only name things, clipping and empty space."""
    for element in drawn:
        tag = element.tag.removeprefix(_SVG)
        if tag in {"metadata", "style", "clipPath"} or (tag == "path" and _is_unseen(element)):
            continue
        if tag in {"g", "defs"} and (tag == "g" or not len(element) or element[0].tag != _MARKER):
            _copy(element, into, names, identifier)
            continue
        made = ET.SubElement(into, tag)
        made.text = element.text if tag == "text" else None
        for key, value in element.attrib.items():
            if key == "id":
                names[value] = made.attrib["id"] = f"{identifier}-{len(names) + 1}"
            elif key == f"{_XLINK}href":
                made.attrib["href"] = f"#{names[value.removeprefix('#')]}"
            elif key != "clip-path" and not value.startswith("rotate(-0 "):
                made.attrib[key] = _restyled(value)
        _copy(element, made, names, identifier)


def _is_unseen(path: ET.Element) -> bool:
    return path.attrib.get("style") == "fill: none"


def _restyled(value: str) -> str:
    for placeholder, colour in COLOURS.items():
        value = value.replace(placeholder, colour)
    value = _NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), value)
    return " ".join(_FONT.sub(r"font-size: \1;", value).split())
