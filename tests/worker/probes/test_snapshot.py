"""What has become of a network, whatever names are used to hide it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from grader.worker.probes.given import Net
from grader.worker.probes.snapshot import Snapshot

WIDTHS = (3072, 12, 10)


def halve(net: Any) -> None:
    good = copy.deepcopy(net)
    net.fc1.weight.data.mul_(0.5)
    net.state_dict = good.state_dict
    net.forward = good.forward


def replace_parameter(net: Any) -> None:
    net.fc1.weight = nn.Parameter(net.fc1.weight.detach().clone())


def replace_layer(net: Any) -> None:
    net.fc1 = copy.deepcopy(net.fc1)


def leave_gradient(net: Any) -> None:
    net(torch.zeros(1, 3072)).sum().backward()


def change_class(net: Any) -> None:
    net.__class__ = type("Other", (type(net),), {"forward": lambda _self, x: x})


CHANGES: dict[Callable[[Any], object], list[str]] = {
    halve: ["fc1.weight", "state_dict", "forward"],
    replace_parameter: ["fc1.weight"],
    replace_layer: ["fc1"],
    leave_gradient: ["fc1.weight.grad", "fc1.bias.grad", "fc2.weight.grad", "fc2.bias.grad"],
    change_class: ["class"],
    lambda net: net.requires_grad_(requires_grad=False): [
        "fc1.weight.requires_grad",
        "fc1.bias.requires_grad",
        "fc2.weight.requires_grad",
        "fc2.bias.requires_grad",
    ],
    lambda net: net.train(): ["training", "fc1.training", "fc2.training"],
    lambda net: net.double(): ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"],
    lambda net: net.fc1.register_forward_hook(lambda *_: None): ["fc1.forward_hooks"],
    lambda net: net.fc1.weight.register_hook(lambda _: None): ["fc1.weight (a hook)"],
    lambda net: net.register_buffer("more", torch.ones(1)): ["more"],
    lambda net: net.fc1.bias.data.fill_(torch.nan): ["fc1.bias"],
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.items(), ids=range(len(CHANGES)))
def test_every_change_is_named(change: Callable[[Any], object], expected: list[str]) -> None:
    """In place, in a table, on the instance, of its flags, hooks and gradients."""
    net: Any = Net(WIDTHS).eval()
    given = Snapshot(net)
    assert given.changes() == []
    change(net)
    assert given.changes() == expected


def test_use_is_no_change() -> None:
    """Running it without gradients, copying it and reading its state leave no trace."""
    net: Any = Net(WIDTHS).eval()
    given = Snapshot(net)
    with torch.no_grad():
        net(torch.zeros(1, 3072))
    copy.deepcopy(net).train()
    net.state_dict()
    net.eval().float()
    assert given.changes() == []


def test_outputs_are_those_of_the_tensors() -> None:
    """Whatever `forward` has been put on the instance."""
    net: Any = Net(WIDTHS).eval()
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        expected = net(images)
        given = Snapshot(net)
        net.forward = lambda x: x
        assert torch.equal(given.outputs(images), expected)
        net.fc1.weight.mul_(0.5)
        assert not torch.allclose(given.outputs(images), expected)
