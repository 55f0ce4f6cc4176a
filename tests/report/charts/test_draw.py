"""grader/report/charts/draw.py: pictures that fit the page around them."""

import math
import random
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from grader.report.charts import Axis, Chart, Series, charts
from grader.report.charts.draw import draw, log_ticks, tick_label
from tests.report.samples import measurements

USES = (
    "calculus.gradient",
    "calculus.timing",
    "compression.singular_values",
    "compression.curve",
    "reducio.accuracy",
)
ALL = [chart for use in USES for chart in charts(measurements(use, random.Random(1)))]


def chart(y: tuple[float, ...], **axes: Axis) -> Chart:
    series = Series("one", tuple(float(place + 1) for place in range(len(y))), y)
    x = axes.get("x", Axis("x"))
    return Chart("test", "A <title>", "A & text", x, axes.get("y_axis", Axis("y")), (series,))


@pytest.mark.parametrize("example", ALL, ids=[example.name for example in ALL])
def test_draw_gives_the_same_bytes(example: Chart) -> None:
    """The same chart is the same picture, whatever was drawn before."""
    first = draw(example, "a")
    draw(ALL[0], "b")
    draw.cache_clear()
    assert draw(example, "a") == first


@pytest.mark.parametrize("example", ALL, ids=[example.name for example in ALL])
def test_draw_has_a_text_and_the_pages_colours(example: Chart) -> None:
    """A title and a description are named by the picture; no colour is its own."""
    picture = draw(example, "a")
    root = ET.fromstring(picture)
    assert root.attrib["role"] == "img"
    named = {element.attrib["id"]: element.text for element in root if "id" in element.attrib}
    assert named[root.attrib["aria-labelledby"]] == example.title
    assert named[root.attrib["aria-describedby"]] == example.text
    assert "#" not in picture.replace('href="#a-', "")
    assert "font-family" not in picture
    assert len(picture) < 20_000


def test_draw_numbers_its_own_ids() -> None:
    """Two pictures on a page share no id, and every reference is met."""
    ids: set[str] = set()
    for prefix in ("first", "second"):
        root = ET.fromstring(draw(ALL[1], prefix))
        own = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
        assert len(own) == len(set(own))
        assert not ids & set(own)
        ids |= set(own)
        links = {element.attrib["href"] for element in root.iter() if "href" in element.attrib}
        assert links
        assert links <= {f"#{name}" for name in own}


@pytest.mark.parametrize(
    "values",
    [
        (float("nan"), float("inf"), 0.0, -1.0),
        (1e300, 1e-300, 1.0),
        (1.0, 1.0, 1.0),
        (5.0,),
        (),
    ],
    ids=["odd", "extreme", "constant", "single", "none"],
)
@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
def test_draw_leaves_out_what_can_not_be_drawn(values: tuple[float, ...], log: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """No value of a submission stops a page."""
    picture = draw(chart(values, y_axis=Axis("y", log=log)), "a")
    assert "nan" not in picture
    assert "inf" not in picture


def test_draw_keeps_shares_between_none_and_all() -> None:
    """An accuracy of 95, meant as percent, is not drawn outside the picture."""
    picture = draw(chart((0.5, 95.0), y_axis=Axis("accuracy", percent=True)), "a")
    assert picture.count("<use") == 1
    assert "100%" in picture


def test_draw_escapes_its_texts() -> None:
    """Title and text are XML text."""
    picture = draw(chart((1.0, 2.0)), "a")
    assert "A &lt;title&gt;" in picture
    assert "A &amp; text" in picture


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0.0, "0"),
        (64.0, "64"),
        (0.30000000000000004, "0.3"),
        (0.002, "0.002"),
        (70_420.0, "70.4k"),
        (1_313_210.0, "1.31M"),
        (1e-4, "10⁻⁴"),
        (2e-6, "2·10⁻⁶"),
        (1e12, "10¹²"),
        (-12_000.0, "-12k"),
    ],
)
def test_tick_label_is_short(value: float, label: str) -> None:
    """Few characters, whatever the size."""
    assert tick_label(value) == label


@pytest.mark.parametrize(("low", "high"), [(-4.7, -2.9), (-17.0, -6.5), (0.1, 0.4), (-3.0, 9.0)])
def test_log_ticks_are_round_and_few(low: float, high: float) -> None:
    """Ticks are round multiples of powers of ten, inside the axis."""
    ticks = log_ticks(low, high)
    assert ticks
    assert len(ticks) <= 6
    assert all(low - 1e-6 <= tick <= high + 1e-6 for tick in ticks)
    assert all(left < right for left, right in pairwise(ticks))
    mantissas = {round(10 ** (tick - math.floor(tick + 1e-9)), 6) for tick in ticks}
    assert mantissas <= {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}


def test_log_ticks_of_a_narrow_axis_are_its_middle() -> None:
    """An axis around one value has one label."""
    assert log_ticks(0.56, 0.58) == [pytest.approx(0.57)]
