"""Training in the worker: steps of ours, and the submission's own functions."""

import numpy as np
import pytest
import torch

from grader.worker.probes import compression, training
from tests.checks.compressed_family import PLAIN, changed
from tests.worker.probes.contexts import context_for, pixels

RANK = 2
LABELS = np.arange(7)


def test_train_steps_moves_every_parameter() -> None:
    """Adam on one batch changes all that `parameters()` gives."""
    context = context_for(PLAIN)
    compression.build(context, RANK)
    before = compression.stored(context, RANK)["arrays"]
    told = training.train_steps(context, RANK, pixels(), LABELS)
    assert told["gradient"]
    after = told["stored"]
    assert sorted(after["parameters"]) == sorted(before)
    assert all(not np.array_equal(before[path], after["arrays"][path]) for path in before)
    assert compression.state(context)["built"] == {"2": True}


def test_train_steps_lowers_the_loss() -> None:
    """On the batch that it trains on, for certain."""
    context = context_for(PLAIN)
    compression.build(context, RANK)
    losses = []
    for _ in range(2):
        output = compression.answer(context, RANK, pixels())["output"]
        losses.append(-float(output[torch.arange(7), torch.from_numpy(LABELS)].mean()))
        training.train_steps(context, RANK, pixels(), LABELS)
    assert losses[1] < losses[0]


@pytest.mark.parametrize(
    "source",
    [
        changed(("class CompressedNet(nn.Module):", "class CompressedNet:"),
                ("        super().__init__()\n        self.layers", "        self.layers")),
        changed(("nn.Parameter(", "torch.clone(")),
    ],
    ids=["no module", "no parameters"],
)  # fmt: skip
def test_train_steps_tells_where_nothing_can_be_trained(source: str) -> None:
    """A model without parameters is no error, and moves nothing."""
    context = context_for(source)
    compression.build(context, RANK)
    before = compression.stored(context, RANK)["arrays"]
    told = training.train_steps(context, RANK, pixels(), LABELS)
    assert not told["gradient"]
    assert all(np.array_equal(before[path], told["stored"]["arrays"][path]) for path in before)


def test_train_steps_says_what_a_wrong_output_is() -> None:
    """A forward that returns no matrix of answers is named."""
    context = context_for(changed(("return F.log_softmax", "return [1], F.log_softmax")))
    compression.build(context, RANK)
    with pytest.raises(TypeError, match=r"must return a tensor of shape \(7, classes\), got tuple"):
        training.train_steps(context, RANK, pixels(), LABELS)


def test_exercise_watches_the_given_network_in_stages() -> None:
    """What changes it is told apart: making, running, training."""
    sources = {
        "construction": changed(
            ("        self.bias =", "        layer.weight.data.zero_()\n        self.bias =")
        ),
        "training": changed(("nn.Parameter(layer.bias.detach().clone())", "layer.bias")),
        "": PLAIN,
    }
    for stage, source in sources.items():
        context = context_for(source)
        compression.build(context, RANK)
        told = training.exercise(context, RANK, pixels(), LABELS)
        stages = [name for name, changes in told["changed"].items() if changes]
        assert stages[:1] == ([stage] if stage else [])
        assert told["outputs"].shape == (7, 10)


def test_exercise_goes_on_where_training_raises() -> None:
    """A model that can't be trained is still watched."""
    context = context_for(changed(("x = x.flatten(1)", "x = x.flatten(1) / (not self.training)")))
    compression.build(context, RANK)
    told = training.exercise(context, RANK, pixels(), LABELS)
    assert told["changed"] == {"construction": [], "forward": [], "training": []}


@pytest.mark.parametrize(
    ("body", "kind", "usable"),
    [
        ("return compressed", "CompressedNet", True),
        ("return None", "NoneType", False),
        ("return nn.Sequential(compressed)", "Sequential", True),
        ("return (compressed, 0.5)", "tuple", False),
    ],
)
def test_fine_tune_puts_what_is_returned_in_place(body: str, kind: str, *, usable: bool) -> None:
    """Whatever can be asked for answers takes the model's place."""
    context = context_for(f"{PLAIN}\ndef fine_tune(compressed, loader, epochs):\n    {body}")
    compression.build(context, RANK)
    told = training.fine_tune(context, RANK, 1, pixels(), LABELS, shuffle=True)
    assert told == {"kind": kind, "usable": usable, "served": 0}
    assert compression.answer(context, RANK, pixels())["output"].shape == (7, 10)


def test_fine_tune_counts_the_images_that_are_taken() -> None:
    """In every epoch, also where not all are."""
    body = "for _ in range(epochs): next(iter(loader))\n    list(loader)\n    return compressed"
    context = context_for(f"{PLAIN}\ndef fine_tune(compressed, loader, epochs):\n    {body}")
    compression.build(context, RANK)
    told = training.fine_tune(context, RANK, 2, pixels(130), np.arange(130) % 10, shuffle=True)
    assert told["served"] == 2 * 100 + 130


def test_fine_tune_gives_the_images_in_order_where_asked() -> None:
    """Not shuffled, each batch has the images and labels that it was given."""
    body = "return setattr(compressed, 'seen', torch.cat([y for _, y in loader])) or compressed"
    context = context_for(f"{PLAIN}\ndef fine_tune(compressed, loader, epochs):\n    {body}")
    labels = np.arange(130) // 20
    for shuffle in (False, True):
        compression.build(context, RANK)
        training.fine_tune(context, RANK, 1, pixels(130), labels, shuffle=shuffle)
        seen = compression.stored(context, RANK)["arrays"]["seen"]
        assert np.array_equal(seen, labels) is not shuffle


def test_start_again_gives_the_model_as_it_was() -> None:
    """However often it is tuned, in place too; what can't be copied must be built again."""
    body = "[p.data.add_(1) for p in compressed.parameters()]; return compressed"
    context = context_for(f"{PLAIN}\ndef fine_tune(compressed, loader, epochs):\n    {body}")
    compression.build(context, RANK)
    before = compression.stored(context, RANK)["arrays"]
    for _ in range(2):
        training.fine_tune(context, RANK, 1, pixels(), LABELS, shuffle=True)
        tuned = compression.stored(context, RANK)["arrays"]
        assert all(np.array_equal(tuned[path], before[path] + 1) for path in before)
        assert training.start_again(context, RANK)
        again = compression.stored(context, RANK)["arrays"]
        assert all(np.array_equal(again[path], before[path]) for path in before)
    uncopied = PLAIN.replace(
        "    def forward", "    def __deepcopy__(self, memo): 1 / 0\n    def forward"
    )
    context = context_for(f"{uncopied}\ndef fine_tune(compressed, loader, epochs):\n    {body}")
    compression.build(context, RANK)
    training.fine_tune(context, RANK, 1, pixels(), LABELS, shuffle=True)
    assert not training.start_again(context, RANK)


def test_curve_gives_the_network_ranks_and_images() -> None:
    """The function gets a trained network, a list of ranks and a loader of all images."""
    source = """
def compression_curve(net, ranks, loader):
    return type(net).__name__, ranks, sum(len(labels) for _, labels in loader)
"""
    assert training.curve(context_for(source), (1, 2), pixels(), LABELS) == ("Net", [1, 2], 7)
