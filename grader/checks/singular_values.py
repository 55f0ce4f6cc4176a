"""Check of problem 3.1: the singular values of every layer, against the grader's own."""

import numpy as np
from pydantic import Field

from grader.checks.compare import as_array, short
from grader.checks.compressed import Models
from grader.checks.interface import Bench, Outcome, Params, Value, check, failed, passed
from grader.checks.margins import within
from grader.checks.truncation import Doubles, Layer, TruncatedNet


class SingularValuesParams(Params):
    """Parameters of `compression.singular_values`."""

    rtol: float = Field(default=2e-5, gt=0)
    """Error of any singular value that is allowed, relative to the layer's largest.

    Measured at full size: a decomposition in float32 is off by 1.1e-6, weights that were rounded to
    bfloat16 before it by 1.8e-5 to 8.4e-5, by the layer.
    """


@check(
    "compression.singular_values",
    SingularValuesParams,
    calls=["layer_singular_values"],
    needs_baseline=True,
)
def singular_values(params: SingularValuesParams, bench: Bench) -> Outcome:
    """`layer_singular_values(net)` holds the singular values of every weight matrix, descending."""
    models = Models.of(bench)
    answer, net = models.ask("compression", "singular_values"), models.net
    names = ", ".join(layer.name for layer in net.layers)
    if not isinstance(answer, dict):
        return failed(
            f"layer_singular_values: expected a dict with the keys {names}, got {short(answer)}",
            "return {name: values} for the layers in net.named_children()",
        )
    values = {str(key).removesuffix(".weight"): value for key, value in answer.items()}
    missing = [layer.name for layer in net.layers if layer.name not in values]
    if missing:
        keys = ", ".join(short(key) for key in list(answer)[:6]) or "none"
        return failed(
            f"layer_singular_values: expected the keys {names}, got {keys}",
            f"every fully connected layer is asked for, whatever its shape: {missing[0]} too",
        )
    for layer in net.layers:
        finding = _judge_values(values[layer.name], layer, net, params.rtol)
        if finding is not None:
            return finding
    return passed()


def _judge_values(value: Value, layer: Layer, net: TruncatedNet, rtol: float) -> Outcome | None:
    name = f"layer_singular_values: {layer.name}"
    sides = "x".join(map(str, layer.shape))
    hint = f"a {sides} matrix has {len(layer.values)} singular values"
    found = as_array(value, name=name, shape=layer.values.shape, hint=hint)
    if isinstance(found, Outcome):
        return found
    actual, largest = found.astype(np.float64), layer.values[0]
    if within(float(np.abs(actual - layer.values).max()), rtol * largest):
        return None
    if _agree(np.sort(actual)[::-1], layer.values, rtol * largest):
        return failed(f"{name}: the values are not in descending order", "sort them")
    return failed(
        f"{name}: expected the singular values of the weight matrix, got others",
        _explain_values(actual, layer, net, rtol),
    )


def _explain_values(actual: Doubles, layer: Layer, net: TruncatedNet, rtol: float) -> str:
    s = layer.values
    if _agree(np.sort(actual)[::-1], s**2, rtol * s[0] ** 2):
        return "these are their squares, the eigenvalues of WᵀW"
    if _agree(actual, s / s[0], rtol) or _agree(actual, s / s.sum(), rtol / len(s)):
        return "don't divide them: their size is wanted too"
    others = [o for o in net.layers if o is not layer and o.values.shape == s.shape]
    if any(_agree(actual, other.values, rtol * other.values[0]) for other in others):
        return "these belong to another layer"
    return "torch.linalg.svdvals(layer.weight) gives them"


def _agree(actual: Doubles, expected: Doubles, atol: float) -> bool:
    """Entry by entry, so that a wrong small value does not hide behind a large one."""
    return bool(np.all(np.abs(actual - expected) <= atol))
