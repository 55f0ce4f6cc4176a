"""A network as it was handed to a submission, to be compared with what has become of it.

It holds on to the network's own tensors and modules, not to their names: what a submission changes
in place, replaces in a table or on the instance shows all the same. It runs in the submission's
process, so what it says is measured, not proven.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from grader.worker.probes.given import Net

_forward = Net.forward
_TABLES = ("_parameters", "_buffers", "_modules")


class Snapshot:
    """The state of `net` when it is made.

    Attributes:
        tensors: name -> the network's own parameter or buffer, not a copy.
    """

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        self.tensors: Mapping[str, Tensor] = dict(net.named_parameters()) | dict(
            net.named_buffers()
        )
        self._copies = {name: tensor.detach().clone() for name, tensor in self.tensors.items()}
        self._wants_gradient = {name: part.requires_grad for name, part in self.tensors.items()}
        self._modules = dict(net.named_modules())
        self._attributes = {name: _attributes(module) for name, module in self._modules.items()}

    def changes(self) -> list[str]:
        """What differs now: `fc1.weight`, `fc1.weight.grad`, `fc1.training`, `forward`, ..."""
        return [*self._changed_tensors(), *self._changed_modules()]

    def _changed_tensors(self) -> Iterator[str]:
        for name, tensor in self.tensors.items():
            if not _same(tensor.detach(), self._copies[name]):
                yield name
            if tensor.requires_grad != self._wants_gradient[name]:
                yield f"{name}.requires_grad"
            if tensor.grad is not None:
                yield f"{name}.grad"
            if tensor._backward_hooks:  # noqa: SLF001 - torch has no public way to list them
                yield f"{name} (a hook)"

    def _changed_modules(self) -> Iterator[str]:
        for name, module in self._modules.items():
            before, now = self._attributes[name], _attributes(module)
            for key in dict.fromkeys([*before, *now]):
                if key not in before or key not in now or before[key] != now[key]:
                    yield f"{name}.{key}" if name else key

    def outputs(self, images: Tensor) -> Tensor:
        """What the assignment's `Net` computes with the tensors that were handed in.

        Args:
            images: (N, 3, 32, 32) float32, normalised.

        Returns:
            (N, classes) float32 log-probabilities.
        """
        weights = [part for name, part in self.tensors.items() if name.endswith("weight")]
        net = Net([weights[0].shape[1], *(len(weight) for weight in weights)])
        net.load_state_dict({name: tensor.detach() for name, tensor in self.tensors.items()})
        return _forward(net.to(images.device).eval(), images)


def _same(tensor: Tensor, copy: Tensor) -> bool:
    # `torch.equal` raises where types or devices differ.
    alike = tensor.dtype == copy.dtype and tensor.device == copy.device
    return alike and torch.equal(tensor, copy)


def _attributes(module: nn.Module) -> dict[str, Any]:
    """Attribute -> what tells whether it is still the same object."""
    own: dict[str, Any] = {"class": id(type(module)), "training": module.training}
    for key, value in vars(module).items():
        if key in _TABLES:
            own.update((entry, id(part)) for entry, part in value.items())
        elif isinstance(value, dict):  # hooks
            own[key.strip("_")] = tuple(value)
        elif key != "training":
            own[key] = id(value)
    return own
