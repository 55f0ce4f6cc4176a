"""grader/report/charts/read.py: pictures are found by keys, and left out where data are odd."""

import random
from typing import Any

import pytest

from grader.report.charts import Chart, charts
from tests.report.samples import measurements


def found(data: dict[str, Any]) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts(data)}


@pytest.mark.parametrize(
    ("use", "names"),
    [
        ("calculus.gradient", {"errors"}),
        ("calculus.timing", {"times"}),
        ("compression.singular_values", {"decay"}),
        ("compression.curve", {"accuracy", "speed"}),
        ("reducio.accuracy", {"rounds"}),
        ("theory.norm_constants", set()),
    ],
)
def test_charts_finds_what_was_measured(use: str, names: set[str]) -> None:
    """Each kind of measurement has its pictures."""
    assert set(found(measurements(use, random.Random(1)))) == names


@pytest.mark.parametrize(
    "data",
    [
        {"records": "text", "errors": 3, "singular_values": [1.0], "by_r": None},
        {
            "records": [{"n": 1}],
            "errors": [{"size": "1", "error": 2}],
            "singular_values": {"a": []},
        },
        {"records": [{"rank": None, "parameters": 1, "accuracy": True, "seconds": float("nan")}]},
        {
            "by_r": [{"from": 1, "to": 9, "right": 0, "played": 0}],
            "singular_values": {"a": ["b", None]},
        },
        {"exponents": 7, "records": [7, None]},
    ],
    ids=["types", "fields", "values", "keys", "rows"],
)
def test_charts_leaves_out_what_is_odd(data: dict[str, Any]) -> None:
    """Data of another shape make no picture, and no error."""
    assert found(data) == {}


def test_times_are_fitted() -> None:
    """The fitted line has the slope that was found and passes through the points."""
    rows = [
        {"n": n, "k": 8, "analytic": 1e-9 * n**2.0, "autodiff": 3e-9 * n**2.0} for n in (64, 256)
    ]
    exponents = {"analytic": {"n": 2.0, "k": None}, "autodiff": {"n": 2.0, "k": None}}
    chart = found({"records": rows, "exponents": exponents})["times"]
    fit = next(series for series in chart.series if series.label == "analytic, fitted slope 2.00")
    assert fit.dashed
    assert fit.y == pytest.approx([1e-9 * 64**2, 1e-9 * 256**2])
    assert "analytic time grows as n^2.00" in chart.text


def test_times_without_exponents_have_no_fit() -> None:
    """One n alone says nothing about growth."""
    rows = [{"n": 64, "k": k, "analytic": 1e-3, "autodiff": 2e-3} for k in (8, 32)]
    chart = found({"records": rows, "exponents": {"analytic": {"n": None, "k": 0.9}}})["times"]
    assert not any(series.dashed for series in chart.series)
    assert "analytic time grows as k^0.90." in chart.text


def test_accuracy_stands_beside_the_graders() -> None:
    """The student's curve is solid, the grader's dashed; the table has both."""
    chart = found(measurements("compression.curve", random.Random(1)))["accuracy"]
    assert [(series.label, series.dashed) for series in chart.series] == [
        ("yours", False),
        ("the grader's", True),
    ]
    assert chart.columns == ("rank", "parameters", "accuracy", "the grader's accuracy")
    assert [row[0] for row in chart.rows] == ["5", "20", "100"]


def test_decay_keeps_few_points_and_both_ends() -> None:
    """A thousand singular values are drawn by some forty, the first and the last among them."""
    values = [1000.0 - index for index in range(1000)]
    (series,) = found({"singular_values": {"fc1": values}})["decay"].series
    assert len(series.x) <= 40
    assert (series.x[0], series.y[0]) == (1.0, 1000.0)
    assert (series.x[-1], series.y[-1]) == (1000.0, 1.0)


def test_decay_takes_pairs_that_stand_for_many() -> None:
    """A record need not hold all values: index and value of some will do."""
    pairs = [[1, 8.0], [10, 4.0], [1000, 0.5]]
    chart = found({"singular_values": {"fc1": pairs}})["decay"]
    assert chart.series[0].x == (1.0, 10.0, 1000.0)
    assert chart.text == "fc1: from 8 to 0.5 over 1000 values."
    assert chart.rows == (("fc1", "1000", "8", "4", "0.5"),)


def test_decay_shows_a_strangers_layer_names_harmlessly() -> None:
    """A name is one short visible line."""
    chart = found({"singular_values": {"a\n\x1b[31m" + "b" * 90: [2.0, 1.0]}})["decay"]
    (series,) = chart.series
    assert series.label.startswith("a \\x1b[31mbbb")
    assert len(series.label) <= 40


def test_rounds_tell_the_interval() -> None:
    """How many were won, how sure that is, and on which side the others lie, in words too."""
    text = found(measurements("reducio.accuracy", random.Random(1)))["rounds"].text
    assert text.startswith("190 of 200 rounds won; 95 % confidence: between 91.0% and 97.6%; ")
    assert text.endswith("9 answers too small, 1 too large.")
