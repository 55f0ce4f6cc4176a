"""A hand-in like the real ones, from its file to calls in a real worker."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from grader.faults import SubmissionFault
from grader.sandbox import Limits, Sandbox
from grader.session import ItemSession
from grader.submission import Submission, slice_for, submission_from_bytes
from tests.submission.hand_ins import markdown, notebook, program_of, sources
from tests.submission.whole import broken_cell, kept_labels, whole_notebook

ITEMS: dict[str, tuple[list[str], list[str]]] = {
    "1.1a": (["norm_constants"], []),
    "1.2b": (["extremal_matrix"], []),
    "1.3b": (["rank_one_svd"], []),
    "2.1a": (["grad_U"], []),
    "2.1c": (["gradient_complexity", "time_gradients"], ["grad_U", "grad_V"]),
    "2.2": (["rayleigh_gradient"], []),
    "3.2": (["CompressedNet"], ["Net"]),
    "3.3": (["compression_curve"], ["CompressedNet", "Net", "test"]),
    "3.4": (["fine_tune"], ["CompressedNet", "Net", "train", "test"]),
    "4": (["harry_answers"], []),
}


@pytest.fixture(scope="module")
def hand_in() -> Submission:
    """The notebook, read once."""
    return submission_from_bytes("ps1.ipynb", whole_notebook())


@pytest.fixture
def session(sandbox: Sandbox, hand_in: Submission) -> Iterator[ItemSession]:
    """Problem 2 of the notebook in a real worker."""
    part = slice_for(hand_in, ["grad_U", "grad_V"])
    opened = ItemSession(sandbox, Limits(wall_seconds=60), part.chunks, part.bound)
    yield opened
    opened.abandon()


def test_every_item_of_a_whole_notebook_is_found_fast() -> None:
    """Reading and slicing for all items takes well under a second on an idle machine."""
    raw = whole_notebook()
    submission_from_bytes("ps1.ipynb", raw)  # the imports are paid for once
    began = time.perf_counter()
    found = submission_from_bytes("ps1.ipynb", raw)
    parts = [slice_for(found, needed, optional=more) for needed, more in ITEMS.values()]
    assert time.perf_counter() - began < 2.0
    assert len(program_of(found).statements) > 50
    assert not any(part.missing for part in parts)


@pytest.mark.parametrize("item", ITEMS)
def test_no_trial_of_a_whole_notebook_is_taken(hand_in: Submission, item: str) -> None:
    """What is taken are the cells of definitions alone."""
    needed, more = ITEMS[item]
    part = slice_for(hand_in, needed, optional=more)
    assert set(part.bound) == {*needed, *more}
    assert {chunk.label for chunk in part.chunks} <= kept_labels()
    assert not part.notes or item == "4"


def test_the_broken_cell_of_a_whole_notebook_is_noted(hand_in: Submission) -> None:
    """It costs nothing else."""
    assert hand_in.notes == (
        f"{broken_cell()} has a syntax error in line 1: '(' was never closed; it is left out",
    )


def test_a_slice_runs_in_a_worker(session: ItemSession) -> None:
    """Arguments go in, gradients come out, and `F` is that of problem 2."""
    rng = np.random.default_rng(0)
    X, U, V = rng.normal(size=(4, 4)), rng.normal(size=(4, 2)), rng.normal(size=(2, 4))
    np.testing.assert_allclose(session.call("grad_U", X, U, V), (U @ V - X) @ V.T, atol=1e-6)
    np.testing.assert_allclose(session.call("grad_V", X, U, V), U.T @ (U @ V - X), atol=1e-6)


def test_a_worker_says_where_a_slice_failed(sandbox: Sandbox) -> None:
    """The place is the cell and the line that the student sees in the notebook."""
    found = notebook(
        "import math", markdown("text"), "%x\n\ndef f(x):\n    y = x\n    return y / 0"
    )
    part = slice_for(found, ["f"])
    opened = ItemSession(sandbox, Limits(wall_seconds=60), part.chunks, part.bound)
    try:
        with pytest.raises(
            SubmissionFault, match=r"ZeroDivisionError.*cell 3, line 5, in f: return y / 0"
        ):
            opened.call("f", 1.0)
    finally:
        opened.abandon()


def test_chunks_are_in_the_order_of_the_file() -> None:
    """Each is executed when all that it uses is there."""
    found = notebook("def f(): return g() + n", "def g(): return 1", "n = 6")
    part = slice_for(found, ["f"])
    assert [chunk.label for chunk in part.chunks] == ["cell 1", "cell 2", "cell 3"]
    assert sources(slice_for(found, ["f", "g", "f"])) == sources(part)


def test_nothing_asked_is_nothing_taken() -> None:
    """An item without names needs no code."""
    assert slice_for(notebook("x = 1"), []).chunks == ()


def test_a_missing_name_does_not_lose_the_others() -> None:
    """What is there is bound and taken all the same."""
    part = slice_for(notebook("def f(): return 7"), ["f", "g"])
    assert part.bound == {"f": "f"}
    assert set(part.missing) == {"g"}
    assert len(part.chunks) == 1


DATA = "import torchvision\ndata = torchvision.datasets.CIFAR10('.', download=True)"
TEST = "def test(net): return len(data)"


def test_an_optional_name_that_needs_experiments_is_left_out() -> None:
    """A download that only the given `test` needs must not cost the points of another function."""
    found = notebook(DATA, TEST, "def f(net): return 7")
    part = slice_for(found, ["f"], optional=["test"])
    assert part.bound == {"f": "f"}
    assert part.missing == {"test": "`test` is left out: it needs what cell 1 computes"}
    assert sources(part) == ["def f(net): return 7"]


def test_an_optional_name_that_a_required_one_uses_is_taken() -> None:
    """Then its needs are the item's."""
    part = slice_for(notebook(DATA, TEST, "def f(net): return test(net)"), ["f"], optional=["test"])
    assert set(part.bound) == {"f", "test"}
    assert len(part.chunks) == 4


@pytest.mark.parametrize(
    "above",
    [
        "import torch\ndevice = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "def make(): return 7\ndevice = make()",
        "import jax\ndevice = jax.jit(jax.grad(lambda x: x))",
        "class C:\n    pass\nC.device = 7\ndevice = C()",
    ],
)
def test_an_optional_name_that_needs_definitions_is_taken(above: str) -> None:
    """Calls of one's own functions and of harmless ones are part of defining things."""
    found = notebook(above, "def test(net): return device", "def f(net): return 7")
    assert set(slice_for(found, ["f"], optional=["test"]).bound) == {"f", "test"}
