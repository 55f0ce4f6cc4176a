"""Finds in a check's measurements what is worth a picture.

No check is known here: each chart asks for keys of `CheckRecord.data`, and is left out where they
are missing or hold something else.

    records of n, k, analytic, autodiff; exponents      times and their fitted slopes
    records of rank, parameters, accuracy, seconds;     accuracy against parameters and
        grader: the same of the grader's own                time against the rank
    singular_values: layer -> values, or pairs of       their decay
        index and value
    errors of size, dtype, error                        error against the size of the arguments
    by_r of from, to, right, played; right, played,     rounds won by the true r
        interval, too_small, too_large
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from grader.report.charts.interface import Axis, Chart, Series
from grader.report.charts.values import (
    MOST_ROWS,
    Data,
    Row,
    columns,
    finite,
    line,
    mapping,
    number,
    numbers,
    rows_of,
    sentence,
    spread,
    table,
)
from grader.report.clean import one_line, shortened

SMALLEST_ERROR = 1e-17
"""Stands for an error of zero on a logarithmic axis."""
MOST_LAYERS = 6


def charts(data: Data) -> Iterator[Chart]:
    """Every chart that a check's measurements hold."""
    for read in (_times, _accuracy, _speed, _decay, _errors, _rounds):
        chart = read(data)
        if chart is not None:
            yield chart


def _times(data: Data) -> Chart | None:
    rows = rows_of(data, "records", ("n", "k", "analytic", "autodiff"))
    if not rows:
        return None
    ks = sorted({row["k"] for row in rows})
    shown = [ks[0], ks[-1]] if len(ks) > 1 else ks
    series, slopes = [], []
    for way, name in (("analytic", "analytic"), ("autodiff", "automatic")):
        exponents = mapping(mapping(data, "exponents"), way)
        power_n, power_k = (finite(exponents.get(key)) for key in ("n", "k"))
        for k in shown:
            of_k = sorted((row["n"], row[way]) for row in rows if row["k"] == k)
            x, y = columns(of_k)
            series.append(Series(f"{name}, k = {k:g}", x, y))
            if k == shown[-1] and power_n is not None and len(x) > 1:
                series.append(
                    Series(
                        f"{name}, fitted slope {power_n:.2f}", x, _fit(x, y, power_n), True, False
                    )
                )
        powers = [f"{key}^{power:.2f}" for key, power in (("n", power_n), ("k", power_k)) if power]
        if powers:
            slopes.append(f"{name} time grows as {' '.join(powers)}")
    return Chart(
        name="times",
        title="Measured times of the gradients",
        text=f"Seconds against n, both on logarithmic axes. {sentence(slopes)}",
        x=Axis("n", log=True),
        y=Axis("seconds", log=True),
        series=tuple(series),
        columns=("n", "k", "analytic, s", "automatic, s"),
        rows=table(rows, ("n", "k", "analytic", "autodiff")),
    )


def _fit(x: Sequence[float], y: Sequence[float], power: float) -> tuple[float, ...]:
    """The curve c x^power that is nearest to the points in the logarithm."""
    if min(x) <= 0 or min(y) <= 0:
        return tuple(math.nan for _ in x)
    shift = sum(math.log(t) - power * math.log(n) for n, t in zip(x, y, strict=True)) / len(x)
    return tuple(math.exp(shift + power * math.log(n)) for n in x)


def _accuracy(data: Data) -> Chart | None:
    own = rows_of(data, "records", ("rank", "parameters", "accuracy"))
    if not own:
        return None
    theirs = rows_of(data, "grader", ("rank", "parameters", "accuracy"))
    series = [line("yours", own, "parameters", "accuracy")]
    if theirs:
        series.append(line("the grader's", theirs, "parameters", "accuracy", dashed=True))
    best = max(own, key=lambda row: float(row["accuracy"]))
    return Chart(
        name="accuracy",
        title="Accuracy against the number of parameters",
        text=(
            f"Reported at {len(own)} ranks; the best accuracy is {best['accuracy']:.1%} with "
            f"{best['parameters']:,.0f} parameters at rank {best['rank']:g}."
        ),
        x=Axis("parameters", log=True),
        y=Axis("accuracy", percent=True),
        series=tuple(series),
        columns=("rank", "parameters", "accuracy", *(["the grader's accuracy"] if theirs else [])),
        rows=_accuracy_rows(own, theirs),
    )


def _accuracy_rows(own: list[Row], theirs: list[Row]) -> tuple[tuple[str, ...], ...]:
    found = {row["rank"]: f"{row['accuracy']:.1%}" for row in theirs}
    return tuple(
        (
            f"{row['rank']:g}",
            f"{row['parameters']:,.0f}",
            f"{row['accuracy']:.1%}",
            *([found.get(row["rank"], "")] if theirs else []),
        )
        for row in own[:MOST_ROWS]
    )


def _speed(data: Data) -> Chart | None:
    own = rows_of(data, "records", ("rank", "seconds"))
    if not own:
        return None
    theirs = rows_of(data, "grader", ("rank", "seconds"))
    series = [line("yours", own, "rank", "seconds")]
    if theirs:
        series.append(line("the grader's", theirs, "rank", "seconds", dashed=True))
    first, last = (f(own, key=lambda row: float(row["rank"])) for f in (min, max))
    return Chart(
        name="speed",
        title="Time against the rank",
        text=(
            f"From {number(first['seconds'])} s at rank {first['rank']:g} to "
            f"{number(last['seconds'])} s at rank {last['rank']:g}."
        ),
        x=Axis("rank r"),
        y=Axis("seconds"),
        series=tuple(series),
        columns=("rank", "seconds"),
        rows=table(own, ("rank", "seconds")),
    )


def _decay(data: Data) -> Chart | None:
    layers = [
        (shortened(one_line(str(layer)), 40), points)
        for layer, listed in mapping(data, "singular_values").items()
        if (points := _indexed(listed))
    ][:MOST_LAYERS]
    if not layers:
        return None
    series = [
        Series(layer, *columns([points[at] for at in spread(len(points))]), marks=False)
        for layer, points in layers
    ]
    return Chart(
        name="decay",
        title="Singular values of the layers",
        text=sentence(
            f"{layer}: from {number(points[0][1])} to {number(points[-1][1])} over "
            f"{points[-1][0]:g} values"
            for layer, points in layers
        ),
        x=Axis("index"),
        y=Axis("singular value", log=True),
        series=tuple(series),
        columns=("layer", "values", "largest", "in the middle", "smallest"),
        rows=tuple(
            (
                layer,
                f"{points[-1][0]:g}",
                *(number(points[place][1]) for place in (0, len(points) // 2, -1)),
            )
            for layer, points in layers
        ),
    )


def _indexed(listed: Any) -> list[tuple[float, float]]:
    """(index from 1, value): of all values in a list, or of pairs that stand for many."""
    values = numbers(listed)
    if values:
        return [(index, value) for index, value in enumerate(values, start=1)]
    pairs = (numbers(pair) for pair in listed) if isinstance(listed, list | tuple) else ()
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]  # noqa: PLR2004 - a pair


def _errors(data: Data) -> Chart | None:
    rows = rows_of(data, "errors", ("size", "error"))
    if not rows:
        return None
    dtypes = sorted({one_line(str(row.get("dtype", "error"))) for row in rows}, reverse=True)
    series, worst = [], []
    for dtype in dtypes[:MOST_LAYERS]:
        of_type = sorted(
            (row["size"], max(row["error"], SMALLEST_ERROR))
            for row in rows
            if one_line(str(row.get("dtype", "error"))) == dtype
        )
        series.append(Series(dtype, *columns(of_type), joined=False))
        worst.append(f"{dtype}: the largest relative error is {max(e for _, e in of_type):.1e}")
    return Chart(
        name="errors",
        title="Error against the size of the arguments",
        text=sentence(worst),
        x=Axis("number of entries", log=True),
        y=Axis("relative error", log=True),
        series=tuple(series),
    )


def _rounds(data: Data) -> Chart | None:
    bands = [
        row for row in rows_of(data, "by_r", ("from", "to", "right", "played")) if row["played"] > 0
    ]
    if not bands:
        return None
    counts = {key: finite(data.get(key)) for key in ("right", "played", "too_small", "too_large")}
    interval = numbers(data.get("interval"))
    told = []
    if counts["right"] is not None and counts["played"] is not None:
        told.append(f"{counts['right']:g} of {counts['played']:g} rounds won")
    if len(interval) == 2:  # noqa: PLR2004 - an interval has two ends
        told.append(f"95 % confidence: between {interval[0]:.1%} and {interval[1]:.1%}")
    if counts["too_small"] is not None and counts["too_large"] is not None:
        told.append(f"{counts['too_small']:g} answers too small, {counts['too_large']:g} too large")
    widths = [row["to"] - row["from"] + 1 for row in bands]
    return Chart(
        name="rounds",
        title="Rounds won, by the true r",
        text=sentence(told),
        x=Axis("true r"),
        y=Axis("rounds won", percent=True),
        series=(
            Series(
                "rounds won",
                *columns([((r["from"] + r["to"]) / 2, r["right"] / r["played"]) for r in bands]),
            ),
        ),
        columns=("r", "won", "played"),
        rows=tuple(
            (f"{row['from']:g} to {row['to']:g}", f"{row['right']:g}", f"{row['played']:g}")
            for row in bands[:MOST_ROWS]
        ),
        bars=True,
        bar_width=0.85 * max(widths),
    )
