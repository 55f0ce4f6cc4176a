import json
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
import nbformat
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from grader.rubric import load_rubric
from grader.rubric.model import Item
from grader.worker.probes import given
from student_template.cells import Form
from tests.student_template.hand_ins import FOLDERS, defined, namespace, path

RUBRIC = load_rubric()
HAND_ITEMS = [item for item in RUBRIC.items if item.hand is not None]
FORMS = list(Form)


def questions() -> list[str]:
    """The question cells of the notebook that students get."""
    content = json.loads(path("student_template", Form.NOTEBOOK).read_text(encoding="utf-8"))
    return [
        "".join(cell["source"])
        for cell in content["cells"]
        if cell["cell_type"] == "markdown"
        and cell["metadata"].get("nla_grader", {}).get("role") == "question"
    ]


def headed(heading: str) -> list[str]:
    """The questions whose heading holds these words."""
    return [
        text
        for text in questions()
        if re.search(rf"(?<![\w.]){re.escape(heading)}(?![\w.])", text.partition("\n")[0])
    ]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("form", FORMS)
def test_hand_ins_define_every_name_that_the_rubric_requires(folder: str, form: Form) -> None:
    """Whoever fills in the template has every name that points are given for."""
    required = {name for item in RUBRIC.items for name in (*item.requires, *item.optional)}
    assert required <= defined(folder, form)


def test_both_forms_define_the_same_names() -> None:
    """The notebook and the module ask for the same things."""
    notebook, module = (defined("student_template", form) for form in FORMS)
    assert notebook == module


@pytest.mark.parametrize("item", HAND_ITEMS, ids=lambda item: item.id)
def test_each_written_question_is_under_its_rubric_heading(item: Item) -> None:
    """A person finds the answer by the rubric's heading, and by its words."""
    assert item.hand is not None
    (text,) = headed(item.hand.answer.heading)
    for word in item.hand.answer.find:
        assert word.lower() in text.lower()


@pytest.mark.parametrize("item", RUBRIC.items, ids=lambda item: item.id)
def test_headings_state_the_rubric_points(item: Item) -> None:
    """What students read is what they get."""
    (text,) = headed(item.id)
    stated = re.search(r"\((\d+) points?(?:: (\d+) for .*, (\d+) for .*)?\)", text)
    assert stated is not None
    assert Fraction(stated[1]) == item.points
    if item.auto_points and item.hand_points:
        assert (Fraction(stated[2]), Fraction(stated[3])) == (item.auto_points, item.hand_points)


@pytest.mark.parametrize("item", RUBRIC.items, ids=lambda item: item.id)
def test_each_problem_heading_is_the_rubric_one(item: Item) -> None:
    """Reports group items under the headings that students know."""
    text = path("student_template", Form.MODULE).read_text(encoding="utf-8")
    assert f"\n# ## {item.problem}\n" in text


@pytest.mark.parametrize("folder", FOLDERS)
def test_notebooks_are_valid_and_have_an_answer_cell_for_each_item(folder: str) -> None:
    """A review page finds answers by the cells' metadata."""
    content = json.loads(path(folder, Form.NOTEBOOK).read_text(encoding="utf-8"))
    nbformat.validate(content)
    answers = [
        (cell["metadata"]["nla_grader"]["item"], cell["cell_type"])
        for cell in content["cells"]
        if cell["metadata"].get("nla_grader", {}).get("role") == "answer"
    ]
    assert {item for item, _ in answers} == {item.id for item in RUBRIC.items}
    written = {item for item, kind in answers if kind == "markdown"}
    assert written == {item.id for item in HAND_ITEMS}


def calls(scope: dict[str, Any], form: Form) -> dict[str, Callable[[], object]]:
    """A call of everything that is left to the student, by name."""
    net, x, r = scope["Net"](), np.ones(3), 3
    matrix = np.eye(3)
    loader: DataLoader[Any] = DataLoader(TensorDataset(torch.zeros(1, 3)))
    game = scope["Game"](seed=0)
    return {
        "norm_constants": lambda: scope["norm_constants"](3),
        "extremal_matrix": lambda: scope["extremal_matrix"](3, 3, 2),
        "projector_pinv": lambda: scope["projector_pinv"](matrix),
        "rank_one_svd": lambda: scope["rank_one_svd"](3),
        "grad_U": lambda: scope["grad_U"](matrix, matrix, matrix),
        "grad_V": lambda: scope["grad_V"](matrix, matrix, matrix),
        "gradient_complexity": scope["gradient_complexity"],
        "time_gradients": lambda: scope["time_gradients"]([4], [2]),
        "rayleigh_gradient": lambda: scope["rayleigh_gradient"](matrix, x),
        "layer_singular_values": lambda: scope["layer_singular_values"](net),
        "CompressedNet": lambda: scope["CompressedNet"](net, r),
        "compression_curve": lambda: scope["compression_curve"](net, [r], loader),
        "fine_tune": lambda: scope["fine_tune"](net, loader, 1),
        "harry_answers": game.harry_answers
        if form is Form.NOTEBOOK
        else lambda: scope["harry_answers"](game.hermione_computes_function),
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted({name for item in RUBRIC.items for name in item.requires}))
def test_template_says_what_is_left_to_do(name: str, form: Form) -> None:
    """Each stub raises with one line that names it and says what to return."""
    call = calls(namespace("student_template", form), form)[name]
    with pytest.raises(NotImplementedError, match=f"^{name}: .{{20,80}}$"):
        call()


def test_module_imports_only_what_the_grader_has_loaded_anyway() -> None:
    """Nothing is downloaded, trained or plotted by an import, nor is torchvision imported."""
    script = "import sys, ps1; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=path("student_template", Form.MODULE).parent,
    )
    assert {"jax", "torch", "numpy"} <= set(ended.stdout.split())
    assert not {"torchvision", "matplotlib"} & set(ended.stdout.split())


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return namespace("student_template", Form.NOTEBOOK)


def test_net_is_the_network_that_the_grader_trains(template: dict[str, Any]) -> None:
    """The grader's weights fit the given class, and both compute the same."""
    net, own = given.Net(), template["Net"]()
    own.load_state_dict(net.state_dict())
    x = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(own(x), net(x))
        torch.testing.assert_close(own(x).exp().sum(dim=1), torch.ones(5))


@pytest.fixture
def loader() -> DataLoader[tuple[torch.Tensor, ...]]:
    """Forty images whose class shows in their mean."""
    labels = torch.arange(40) % 4
    noise = torch.randn(40, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return DataLoader(TensorDataset(labels[:, None, None, None] / 2 - 0.75 + noise / 8, labels), 10)


def test_train_learns_what_test_measures(
    template: dict[str, Any],
    loader: DataLoader[tuple[torch.Tensor, ...]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """After training, the network names more classes right, and each epoch is reported."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(3072, 4), nn.LogSoftmax(dim=1))
    before = template["test"](net, loader)
    template["train"](net, loader, epochs=3)
    assert template["test"](net, loader) > before + 0.2
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_test_gives_the_share_of_right_answers(
    template: dict[str, Any], loader: DataLoader[tuple[torch.Tensor, ...]]
) -> None:
    """A network that always says 2 is right for the images of class 2."""

    class Stubborn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scores = nn.Parameter(torch.tensor([0.0, 0.0, 1.0, 0.0]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.scores.expand(len(x), 4)

    assert template["test"](Stubborn(), loader) == 0.25


def test_hermione_computes_the_function_of_the_text(template: dict[str, Any]) -> None:
    """Only the first r rows and columns count, whatever shape the arrays have."""
    game = template["Game"](seed=3)
    x = jnp.linspace(-1e-3, 1e-3, 100)
    expected = jnp.sin(game.W2[:, : game.r] @ jnp.cos(game.W1[: game.r] @ x))
    # float32 at arguments of up to 1e4 keeps some three digits.
    np.testing.assert_allclose(game.hermione_computes_function(x), expected, atol=5e-3)


def test_hermione_draws_anew_in_each_round(template: dict[str, Any]) -> None:
    """The ranks lie in 1..95 and take many values; entries lie in [0, 100)."""
    game = template["Game"](seed=0)
    ranks = []
    for _ in range(40):
        game.draw()
        ranks.append(game.r)
    assert 1 <= min(ranks) < 20
    assert 75 < max(ranks) <= 95
    assert len(set(ranks)) > 20
    assert 0 <= float(game.W1.min()) < 1
    assert 99 < float(game.W1.max()) < 100
    assert game.W1.dtype == game.W2.dtype == jnp.float32
