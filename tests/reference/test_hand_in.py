import runpy
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference import calculus, theory
from student_template.cells import Form
from tests.student_template.hand_ins import namespace, path

FORMS = list(Form)


@pytest.fixture(params=FORMS)
def hand_in(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the notebook and the module define."""
    return namespace("reference", request.param)


def test_hand_in_has_the_reference_functions(hand_in: dict[str, Any]) -> None:
    """The functions that were copied as text still find all that they use."""
    rng = np.random.default_rng(0)
    X, U, V = (rng.normal(size=shape) for shape in ((5, 5), (5, 2), (2, 5)))
    assert hand_in["norm_constants"](7) == theory.norm_constants(7)
    np.testing.assert_array_equal(hand_in["extremal_matrix"](3, 4, 2), np.eye(3, 4) * [1, 1, 0, 0])
    Q = np.linalg.qr(U).Q
    np.testing.assert_array_equal(hand_in["projector_pinv"](Q), theory.projector_pinv(Q))
    for ours, own in zip(theory.rank_one_svd(6), hand_in["rank_one_svd"](6), strict=True):
        np.testing.assert_array_equal(ours, own)
    for name in ("grad_U", "grad_V"):
        np.testing.assert_array_equal(hand_in[name](X, U, V), getattr(calculus, name)(X, U, V))
    assert hand_in["gradient_complexity"]() == {"n": 2, "k": 1}
    assert len(hand_in["time_gradients"]([8, 16], [2])) == 2
    gradient = calculus.rayleigh_gradient(X + X.T, X[0])
    np.testing.assert_array_equal(hand_in["rayleigh_gradient"](X + X.T, X[0]), gradient)
    with pytest.raises(ValueError, match="k must be at most"):
        hand_in["extremal_matrix"](3, 4, 4)


def images(count: int = 30) -> DataLoader[Any]:
    x = torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return DataLoader(TensorDataset(x, torch.arange(count) % 10), 10)


def test_hand_in_compresses_a_network(hand_in: dict[str, Any]) -> None:
    """Problem 3 works together: values, curve and fine-tuning of one network."""
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(3072, 20), nn.ReLU(), nn.Linear(20, 10), nn.LogSoftmax(dim=1)
    )
    values = hand_in["layer_singular_values"](net)
    assert [part.shape for part in values.values()] == [(20,), (10,)]
    (record,) = hand_in["compression_curve"](net, [4], images())
    assert record["parameters"] == 4 * (3092 + 30) + 30
    tuned = hand_in["fine_tune"](hand_in["CompressedNet"](net, 4), images(), 1)
    assert isinstance(tuned, hand_in["CompressedNet"])


def test_hand_in_plays_the_game(hand_in: dict[str, Any]) -> None:
    """Harry is right in all of ten rounds, as a method and as a function."""
    assert hand_in["Game"](seed=1).play(10) == 1


def test_hand_in_answers_in_each_form() -> None:
    """The notebook holds the method, the module the function."""
    notebook, module = (namespace("reference", form) for form in FORMS)
    game = notebook["Game"](seed=2)
    assert "harry_answers" not in notebook
    assert not hasattr(module["Game"], "harry_answers")
    assert (
        game.harry_answers() == module["harry_answers"](game.hermione_computes_function) == game.r
    )


@pytest.mark.slow
def test_experiments_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The module's `main` trains, measures and plots from the first line to the last."""
    mpl.use("agg")
    scope = runpy.run_path(str(path("reference", Form.MODULE)))
    monkeypatch.setitem(scope["main"].__globals__, "load_cifar10", lambda: (images(), images()))
    monkeypatch.setattr(scope["plt"], "show", lambda: scope["plt"].close("all"))
    scope["main"]()
    printed = capsys.readouterr().out
    assert "test accuracy" in printed
    assert "rank 100:" in printed
    assert "Harry is right in 100% of the rounds" in printed
