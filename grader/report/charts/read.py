"""Finds in a check's measurements what is worth a picture.

No check is known here: each chart asks for keys of `CheckRecord.data`, and is left out where they
are missing or hold something else.

    records of n, k, analytic, autodiff; exponents      times and their fitted slopes
    records of rank, parameters, accuracy, seconds;     accuracy against parameters and
        grader: the same of the grader's own                time against the rank
    singular_values: layer -> values                    their decay
    errors of size, dtype, error                        error against the size of the arguments
    right, played, interval; differences                rounds won, and how far off the others were
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.report.charts.interface import Axis, Chart, Series
from grader.report.clean import one_line, shortened

Data = Mapping[str, Any]
Row = Mapping[str, Any]
MOST_POINTS = 40
"""Of one line; more can't be told apart."""
MOST_ROWS = 40
SMALLEST_ERROR = 1e-17
"""Stands for an error of zero on a logarithmic axis."""
MOST_LAYERS = 6


def charts(data: Data) -> Iterator[Chart]:
    """Every chart that a check's measurements hold."""
    for read in (_times, _accuracy, _speed, _decay, _errors, _rounds):
        chart = read(data)
        if chart is not None:
            yield chart


def number(value: float) -> str:
    """A measurement in four digits."""
    return f"{value:.4g}"


def _times(data: Data) -> Chart | None:
    rows = _rows(data, "records", ("n", "k", "analytic", "autodiff"))
    if not rows:
        return None
    ks = sorted({row["k"] for row in rows})
    shown = [ks[0], ks[-1]] if len(ks) > 1 else ks
    series, slopes = [], []
    for way, name in (("analytic", "analytic"), ("autodiff", "automatic")):
        exponents = _mapping(_mapping(data, "exponents"), way)
        power_n, power_k = (_float(exponents.get(key)) for key in ("n", "k"))
        for k in shown:
            of_k = sorted((row["n"], row[way]) for row in rows if row["k"] == k)
            x, y = _columns(of_k)
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
        text=f"Seconds against n, both on logarithmic axes. {_sentence(slopes)}",
        x=Axis("n", log=True),
        y=Axis("seconds", log=True),
        series=tuple(series),
        columns=("n", "k", "analytic, s", "automatic, s"),
        rows=_table(rows, ("n", "k", "analytic", "autodiff")),
    )


def _fit(x: Sequence[float], y: Sequence[float], power: float) -> tuple[float, ...]:
    """The curve c x^power that is nearest to the points in the logarithm."""
    if min(x) <= 0 or min(y) <= 0:
        return tuple(math.nan for _ in x)
    shift = sum(math.log(t) - power * math.log(n) for n, t in zip(x, y, strict=True)) / len(x)
    return tuple(math.exp(shift + power * math.log(n)) for n in x)


def _accuracy(data: Data) -> Chart | None:
    own = _rows(data, "records", ("rank", "parameters", "accuracy"))
    if not own:
        return None
    theirs = _rows(data, "grader", ("rank", "parameters", "accuracy"))
    series = [_line("yours", own, "parameters", "accuracy")]
    if theirs:
        series.append(_line("the grader's", theirs, "parameters", "accuracy", dashed=True))
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
    own = _rows(data, "records", ("rank", "seconds"))
    if not own:
        return None
    theirs = _rows(data, "grader", ("rank", "seconds"))
    series = [_line("yours", own, "rank", "seconds")]
    if theirs:
        series.append(_line("the grader's", theirs, "rank", "seconds", dashed=True))
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
        rows=_table(own, ("rank", "seconds")),
    )


def _decay(data: Data) -> Chart | None:
    layers = [
        (shortened(one_line(str(layer)), 40), values)
        for layer, listed in _mapping(data, "singular_values").items()
        if (values := _numbers(listed))
    ][:MOST_LAYERS]
    if not layers:
        return None
    series = []
    for layer, values in layers:
        kept = _spread(len(values))
        x, y = _columns([(index + 1.0, values[index]) for index in kept])
        series.append(Series(layer, x, y, marks=False))
    return Chart(
        name="decay",
        title="Singular values of the layers",
        text=_sentence(
            f"{layer}: from {number(values[0])} to {number(values[-1])} over {len(values)} values"
            for layer, values in layers
        ),
        x=Axis("index"),
        y=Axis("singular value", log=True),
        series=tuple(series),
        columns=("layer", "values", "largest", "in the middle", "smallest"),
        rows=tuple(
            (
                layer,
                str(len(values)),
                *(number(values[index]) for index in (0, len(values) // 2, -1)),
            )
            for layer, values in layers
        ),
    )


def _errors(data: Data) -> Chart | None:
    rows = _rows(data, "errors", ("size", "error"))
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
        series.append(Series(dtype, *_columns(of_type), joined=False))
        worst.append(f"{dtype}: the largest relative error is {max(e for _, e in of_type):.1e}")
    return Chart(
        name="errors",
        title="Error against the size of the arguments",
        text=_sentence(worst),
        x=Axis("number of entries", log=True),
        y=Axis("relative error", log=True),
        series=tuple(series),
    )


def _rounds(data: Data) -> Chart | None:
    differences = {
        int(key): value
        for key, count in _mapping(data, "differences").items()
        if (value := _float(count)) is not None and str(key).lstrip("-").isdecimal()
    }
    if not differences:
        return None
    right, played = (_float(data.get(key)) for key in ("right", "played"))
    interval = _numbers(data.get("interval"))
    text = f"{right:g} of {played:g} rounds won. " if right is not None and played else ""
    if len(interval) == 2:  # noqa: PLR2004 - an interval has two ends
        text += f"95 % confidence: between {interval[0]:.1%} and {interval[1]:.1%}. "
    ordered = sorted(differences)
    return Chart(
        name="rounds",
        title="How far the named r was from the true one",
        text=text
        + _sentence(
            f"{differences[key]:g} rounds with a difference of {key:+d}" for key in ordered
        ),
        x=Axis("named r minus true r"),
        y=Axis("rounds"),
        series=(Series("rounds", *_columns([(float(k), differences[k]) for k in ordered])),),
        columns=("difference", "rounds"),
        rows=tuple((f"{key:+d}", f"{differences[key]:g}") for key in ordered[:MOST_ROWS]),
        bars=True,
    )


def _line(label: str, rows: list[Row], x: str, y: str, *, dashed: bool = False) -> Series:
    points = sorted((row[x], row[y]) for row in rows)
    return Series(label, *_columns(points), dashed=dashed)


def _columns(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(float(x) for x, _ in points), tuple(float(y) for _, y in points)


def _spread(length: int) -> list[int]:
    """At most `MOST_POINTS` places of a list, closer together at both ends, where decay is fast."""
    if length <= MOST_POINTS:
        return list(range(length))
    last = length - 1
    angles = (math.pi * step / (MOST_POINTS - 1) for step in range(MOST_POINTS))
    return sorted({round(last * (1 - math.cos(angle)) / 2) for angle in angles})


def _rows(data: Data, key: str, fields: Sequence[str]) -> list[Row]:
    """The rows under `key` whose `fields` are all numbers."""
    listed = data.get(key)
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return []
    return [
        row
        for row in listed
        if isinstance(row, Mapping) and all(_float(row.get(field)) is not None for field in fields)
    ]


def _table(rows: list[Row], fields: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(number(row[field]) for field in fields) for row in rows[:MOST_ROWS])


def _mapping(data: Data, key: str) -> Data:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def _numbers(listed: Any) -> list[float]:
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return []
    return [value for entry in listed if (value := _float(entry)) is not None]


def _float(value: Any) -> float | None:
    """A finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _sentence(parts: Iterator[str] | Sequence[str]) -> str:
    text = "; ".join(parts)
    return f"{text}." if text else ""
