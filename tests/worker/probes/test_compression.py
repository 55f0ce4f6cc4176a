"""What the worker says of a submission's compressed network."""

import numpy as np
import pytest
import torch

from grader.worker.interface import ProbeContext
from grader.worker.probes import compression
from tests.checks.compressed_family import PLAIN, changed
from tests.worker.probes.contexts import WIDTHS, context_for, pixels

RANK = 2
INFERENCE = "    @torch.inference_mode()\n"


def test_state_tells_what_is_there() -> None:
    """Weights, the submission's class, and the models that were built."""
    context = context_for(PLAIN, loaded=False)
    assert compression.state(context) == {"weights": False, "own": True, "built": {}}
    context = context_for("x = 1")
    assert compression.state(context) == {"weights": True, "own": False, "built": {}}


def test_build_keeps_the_last_models() -> None:
    """Memory holds two of full size, not all that were ever asked for."""
    context = context_for(PLAIN)
    for rank in (1, 2, 3):
        assert compression.build(context, rank) == {"module": True, "kind": "CompressedNet"}
    assert compression.state(context)["built"] == {"2": False, "3": False}
    with pytest.raises(RuntimeError, match="rank 1"):
        compression.stored(context, 1)


def test_build_repeats_its_randomness() -> None:
    """A submission that uses torch's generator gets the same numbers each time."""
    source = changed(("Parameter(U * s.sqrt())", "Parameter(U * torch.rand(1))"))
    context, arrays = context_for(source), []
    for _ in range(2):
        compression.build(context, RANK)
        arrays.append(compression.stored(context, RANK)["arrays"])
    assert all(np.array_equal(arrays[0][path], arrays[1][path]) for path in arrays[0])


def test_stored_sends_every_number() -> None:
    """Factors and biases by path, registered as parameters, sharing nothing."""
    context = context_for(PLAIN)
    compression.build(context, RANK)
    told = compression.stored(context, RANK)
    shapes = {path: array.shape for path, array in told["arrays"].items()}
    assert shapes == {
        "layers.0.U": (12, 2),
        "layers.0.V": (2, 3072),
        "layers.0.bias": (12,),
        "layers.1.U": (10, 2),
        "layers.1.V": (2, 12),
        "layers.1.bias": (10,),
    }
    assert sorted(told["parameters"]) == sorted(shapes)
    assert told["shared"] == []
    assert told["empty"] == {}


def test_stored_tells_shared_and_unregistered_tensors() -> None:
    """The bias of the given network, and a factor that is no parameter."""
    source = changed(
        ("nn.Parameter(layer.bias.detach().clone())", "layer.bias"),
        ("nn.Parameter(U * s.sqrt())", "U * s.sqrt()"),
    )
    context = context_for(source)
    compression.build(context, RANK)
    told = compression.stored(context, RANK)
    assert told["shared"] == ["fc1.bias", "fc2.bias"]
    assert "layers.0.U" not in told["parameters"]
    assert "layers.0.bias" in told["parameters"]


def test_stored_sees_what_forward_makes() -> None:
    """A product that is cached in the first call is there when the numbers are sent."""
    source = changed(
        ("        return F.linear(", "        self.W = self.U @ self.V\n        return F.linear(")
    )
    context = context_for(source)
    compression.build(context, RANK)
    assert "layers.0.W" in compression.stored(context, RANK)["arrays"]


def test_stored_leaves_out_what_the_globals_had_before() -> None:
    """Data that a submission loads with its definitions is no part of the model."""
    source = "import torch\nDATA = torch.ones(500)\nKEPT = []\n" + changed(
        ("        self.layers =", "        KEPT.append(net.fc2.bias)\n        self.layers =")
    )
    context = context_for(source)
    compression.build(context, RANK)
    arrays = compression.stored(context, RANK)["arrays"]
    assert not any("DATA" in path for path in arrays)
    assert "globals.KEPT.0" in arrays


def test_stored_tells_tensors_without_numbers() -> None:
    """What lies on the meta device has a size and nothing else."""
    source = changed(
        ("self.layers = ", "self.W = torch.empty(7, device='meta'); self.layers = "),
    )
    context = context_for(source)
    compression.build(context, RANK)
    assert compression.stored(context, RANK)["empty"] == {"W": 7}


def test_answer_tells_a_changed_argument() -> None:
    """A forward that works in place on its images is noticed."""
    for extra, spoilt in (("", False), ("x.mul_(2)\n        ", True)):
        context = context_for(changed(("x = x.flatten(1)", f"{extra}x = x.flatten(1)")))
        compression.build(context, RANK)
        told = compression.answer(context, RANK, pixels())
        assert told["spoilt"] is spoilt
        assert told["output"].shape == (7, 10)


def moved(first: ProbeContext, second: ProbeContext) -> list[str]:
    """Give the second model what the first one keeps; the paths that it has not."""
    arrays = compression.stored(first, RANK)["arrays"]
    slots = compression.slots(second, RANK)
    compression.fill(second, [arrays.get(path) for path, _ in slots])
    return sorted(set(arrays) - {path for path, _ in slots})


def test_fill_makes_the_same_model_of_a_random_one() -> None:
    """With every number that it keeps, a model moves into a process that lacks the weights."""
    first, second = context_for(PLAIN), context_for(PLAIN, loaded=False)
    compression.build(first, RANK)
    compression.build_blank(second, RANK, WIDTHS)
    before = compression.answer(second, RANK, pixels())["output"]
    assert moved(first, second) == []
    expected = compression.answer(first, RANK, pixels())["output"]
    assert not torch.allclose(before, expected, atol=1e-2)
    assert torch.equal(compression.answer(second, RANK, pixels())["output"], expected)


def test_fill_reaches_numpy_and_inference_tensors() -> None:
    """Factors may be NumPy arrays, or made in inference mode."""
    source = changed(
        ("nn.Parameter(U * s.sqrt())", "(U * s.sqrt()).numpy()"),
        ("self.V), self.U, self.bias", "self.V), torch.from_numpy(self.U), self.bias"),
        ("    def __init__(self, layer, r):", INFERENCE + "    def __init__(self, layer, r):"),
    )
    first, second = context_for(source), context_for(source, loaded=False)
    compression.build(first, RANK)
    compression.build_blank(second, RANK, WIDTHS)
    assert moved(first, second) == []
    answers = [compression.answer(one, RANK, pixels())["output"] for one in (first, second)]
    assert torch.equal(*answers)


def test_fill_leaves_what_it_is_given_nothing_for() -> None:
    """An array that no path of the first model matches keeps its random numbers."""
    context = context_for(PLAIN, loaded=False)
    compression.build_blank(context, RANK, WIDTHS)
    slots = compression.slots(context, RANK)
    assert dict(slots)["layers.0.U"] == [12, RANK]
    before = compression.stored(context, RANK)["arrays"]
    ones = np.ones((12, RANK), np.float32)
    compression.fill(context, [ones if path == "layers.0.U" else None for path, _ in slots])
    after = compression.stored(context, RANK)["arrays"]
    changed_paths = [path for path in after if not np.array_equal(before[path], after[path])]
    assert changed_paths == ["layers.0.U"]


def test_build_given_needs_no_class_of_the_submission() -> None:
    """The grader's own factors make a model where the submission has none."""
    context = context_for("x = 1", loaded=False)
    chains = [[np.ones((12, 3072), np.float32)], [np.ones((10, 12), np.float32)]]
    biases = [np.zeros(12, np.float32), np.zeros(10, np.float32)]
    compression.build_given(context, RANK, chains, biases)
    assert compression.answer(context, RANK, pixels())["output"].shape == (7, 10)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(2).to_sparse(),
        torch.eye(2, dtype=torch.bfloat16),
        torch.eye(2, requires_grad=True),
        torch.complex(torch.eye(2), -torch.eye(2)).conj().imag,
    ],
    ids=["sparse", "bfloat16", "wants a gradient", "lazily negated"],
)
def test_to_array_takes_tensors_of_every_kind(tensor: torch.Tensor) -> None:
    """Layouts and types without a NumPy counterpart become plain arrays."""
    assert compression.to_array(tensor) == pytest.approx(np.eye(2))


def test_singular_values_calls_the_submission() -> None:
    """With a trained network; what comes back is passed on."""
    source = (
        "def layer_singular_values(net):\n    return sorted(n for n, _ in net.named_children())"
    )
    assert compression.singular_values(context_for(source)) == ["fc1", "fc2"]
