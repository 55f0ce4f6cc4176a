"""What the assignment gives: the network, training and testing, loaders."""

import numpy as np
import pytest
import torch
from torch import nn

from grader.worker.probes import given
from tests.worker.probes.contexts import WIDTHS, context_for, pixels, weights

OWN = """
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3072, {width})
        self.fc2 = nn.Linear({width}, 10)
"""


def test_trained_net_has_the_weights() -> None:
    """It computes the layers with ReLU between and log-softmax at the end."""
    x = torch.randn(4, 3, 32, 32)
    told = {name: torch.from_numpy(array) for name, array in weights().items()}
    hidden = torch.relu(x.flatten(1) @ told["fc1.weight"].T + told["fc1.bias"])
    expected = torch.log_softmax(hidden @ told["fc2.weight"].T + told["fc2.bias"], dim=1)
    net = given.trained_net(context_for(""))
    assert torch.allclose(net(x), expected, atol=1e-5)
    assert not net.training


def test_trained_net_is_fresh_each_time() -> None:
    """What a submission does to one net does not show in the next."""
    context = context_for("")
    first = given.trained_net(context)
    nn.init.zeros_(first.get_parameter("fc1.weight"))
    assert given.trained_net(context).get_parameter("fc1.weight").abs().sum() > 0


@pytest.mark.parametrize(
    ("source", "own"),
    [
        (OWN.format(width=12), True),
        (OWN.format(width=13), False),
        ("Net = 3", False),
        ("class Net: pass", False),
        (OWN.format(width=12).replace("def __init__(self)", "def __init__(self, depth)"), False),
        (OWN.format(width=12) + "        raise ValueError('no')", False),
    ],
    ids=["fits", "other width", "no class", "no module", "needs arguments", "raises"],
)
def test_trained_net_is_of_the_own_class_where_that_fits(source: str, *, own: bool) -> None:
    """So that `isinstance` in a submission works; anything else gives way to the given class."""
    context = context_for(source)
    for net in (given.trained_net(context), given.blank_net(context, WIDTHS)):
        assert isinstance(net, given.Net) is not own
        assert {name: tuple(t.shape) for name, t in net.state_dict().items()} == {
            name: array.shape for name, array in weights().items()
        }


def test_trained_net_needs_weights() -> None:
    """Without them there is none; a blank one needs nothing."""
    context = context_for("", loaded=False)
    with pytest.raises(RuntimeError, match="must be loaded"):
        given.trained_net(context)
    assert given.blank_net(context, WIDTHS)(torch.zeros(1, 3072)).shape == (1, 10)


def test_load_drops_what_was_built_of_other_weights() -> None:
    """A model of a random network must not pass for one of the trained network."""
    context = context_for("", loaded=False)
    context.state["built"] = {8: "a model"}
    given.load(context, weights())
    assert "built" not in context.state


def test_as_images_normalises_each_channel() -> None:
    """0 becomes -1, 255 becomes 1, as torchvision's transforms make it."""
    some = pixels()
    some[0, 0, 0, :2] = 0, 255
    images = given.as_images(context_for(""), some)
    assert images.dtype is torch.float32
    assert images[0, 0, 0, :2].tolist() == [-1, 1]
    assert images.numpy() == pytest.approx((some / 255 - 0.5) / 0.5, abs=1e-6)


def test_make_loader_gives_batches_and_repeats_its_order() -> None:
    """Batches of 100 images with integer labels; shuffled the same way each time."""
    labels = np.arange(250) % 10
    context = context_for("")
    plain = list(given.make_loader(context, pixels(250), labels))
    assert [len(batch) for batch, _ in plain] == [100, 100, 50]
    assert torch.cat([label for _, label in plain]).tolist() == labels.tolist()
    orders = [
        torch.cat(
            [label for _, label in given.make_loader(context, pixels(250), labels, shuffle=True)]
        )
        for _ in range(2)
    ]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], torch.from_numpy(labels))


def test_train_lowers_the_loss_and_test_counts_right_answers() -> None:
    """A small network learns seventy images by heart."""
    torch.manual_seed(0)
    context = context_for("")
    net, labels = given.blank_net(context, WIDTHS), np.arange(70) % 10
    loader = given.make_loader(context, pixels(70), labels)
    before = given.test(net, loader)
    given.train(net, loader, epochs=60)
    assert before < 0.4
    assert given.test(net, loader) > 0.8


def test_chains_multiply_one_matrix_after_the_other() -> None:
    """A chain of two stands for their product, one of one for itself; all of it is trainable."""
    rng = np.random.default_rng(0)
    right, left, last = (
        rng.normal(size=shape).astype(np.float32) for shape in ((2, 3072), (12, 2), (10, 12))
    )
    biases = [rng.normal(size=size).astype(np.float32) for size in (12, 10)]
    model = given.Chains([[right, left], [last]], biases)
    x = rng.normal(size=(3, 3072)).astype(np.float32)
    hidden = np.maximum(x @ (left @ right).T + biases[0], 0)
    expected = torch.log_softmax(torch.from_numpy(hidden @ last.T + biases[1]), dim=1)
    assert torch.allclose(model(torch.from_numpy(x)), expected, atol=1e-3)
    assert len(list(model.parameters())) == 5
