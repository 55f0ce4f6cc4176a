"""Counts the multiplications of a forward pass and watches for products of the factors.

A dispatch mode of torch sees every operation that a thread asks of torch, however it was written.
It sees nothing of NumPy, of JAX or of other threads; what they compute is then missing in the
count. It runs in the submission's process: code there can blind it. Names are bound when this
module is imported, which a warm worker does before it loads a submission, so replacing them in
torch later changes nothing here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from grader.worker.interface import ProbeContext
from grader.worker.probes.compression import built_for, kept_of, outputs
from grader.worker.probes.tensors import storage_of

_aten = torch.ops.aten


def _vector_flops(matrix: Tensor, *_: Any, **__: Any) -> int:
    return 2 * matrix.numel()


def _added_vector_flops(_: Tensor, matrix: Tensor, *__: Any, **___: Any) -> int:
    return 2 * matrix.numel()


_FORMULAS: Mapping[Any, Callable[..., int]] = {
    **flop_registry,
    # Torch's own table leaves products with a vector out.
    _aten.mv: _vector_flops,
    _aten.dot: _vector_flops,
    _aten.addmv: _added_vector_flops,
}


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts multiplications and additions, and notes matrices of given shapes that come up."""

    def __init__(self, shapes: set[tuple[int, ...]], places: set[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.formed: set[tuple[int, ...]] = set()
        self._shapes = shapes
        self._places = places

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run one operation; compound ones are taken apart first."""
        del types
        kwargs = kwargs or {}
        formula = _FORMULAS.get(func._overloadpacket)  # noqa: SLF001 - as torch's own counter does
        if formula is None and func is not torch.ops.prim.device.default:
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = func(*args, **kwargs)
        if formula is not None:
            self.flops += formula(*args, **kwargs, out_val=result)
        for part in tree_leaves(result):
            if isinstance(part, Tensor):
                self._note(part)
        return result

    def _note(self, tensor: Tensor) -> None:
        sides = tuple(side for side in tensor.shape if side != 1)
        # A view of what the model stores anyway is nothing new.
        if sides in self._shapes and storage_of(tensor) not in self._places:
            self.formed.add(sides)


def operations(
    context: ProbeContext, rank: int, batch: int, shapes: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """What one forward pass takes.

    Args:
        context: The loaded submission.
        rank: Which model.
        batch: Images; no side of a weight matrix, so that no activation looks like one.
        shapes: Of the weight matrices that need not be formed.

    Returns:
        `flops`: multiplications and additions in products; `formed`: shapes among `shapes`, or
        their reverse, of which a new matrix came up.
    """
    built = built_for(context, rank)
    images = torch.randn((batch, 3, 32, 32), device=context.device)
    with torch.no_grad():
        outputs(built, images)
        places = {storage_of(tensor) for tensor in kept_of(context, built).tensors.values()} - {0}
        watched = {tuple(sides) for sides in shapes}
        watched |= {sides[::-1] for sides in watched}
        with Watch(watched, places) as watch:
            outputs(built, images)
    return {"flops": watch.flops, "formed": sorted(map(list, watch.formed))}
