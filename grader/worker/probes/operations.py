"""Counts the operations of a forward pass and watches for products of the factors.

Two instruments look at it. A dispatch mode of torch sees every operation of the thread that it was
entered in, with its tensors. Torch's profiler sees products in all threads, inside custom operators
and where modes are switched off. Neither sees NumPy or JAX; what they compute is then missing in
the count, and shows in the processor time that the grader measures from outside. Both run in the
submission's process: code there can blind them. Names are bound when this module is imported,
which a warm worker does before it loads a submission, so replacing them in torch later changes
nothing here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._C._profiler import _ExperimentalConfig
from torch.autograd.profiler import profile
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


_PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm")
"""Events of torch's profiler to which it gives operations, elementwise ones left out."""
NAMESPACES = ("aten", "prim")
"""Of the operators that are counted."""
MAX_NAMES = 5


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations, and notes matrices of given shapes that come up.

    Attributes:
        flops: multiplications and additions in products.
        elementwise: numbers that all other operations read or write, views excepted.
        formed: shapes among those given, of which a new matrix came up.
        foreign: names of operators that are not torch's own.
    """

    def __init__(self, shapes: set[tuple[int, ...]], places: set[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.elementwise = 0
        self.foreign: set[str] = set()
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
        made = [part for part in tree_leaves(result) if isinstance(part, Tensor)]
        if formula is not None:
            self.flops += formula(*args, **kwargs, out_val=result)
        elif func.namespace not in NAMESPACES:
            self.foreign.add(func._schema.name[:80])  # noqa: SLF001 - as the profiler calls it
        else:
            given = [part for part in tree_leaves((args, kwargs)) if isinstance(part, Tensor)]
            self.elementwise += _numbers_touched(func, given, made)
        for part in made:
            self._note(part)
        return result

    def _note(self, tensor: Tensor) -> None:
        sides = tuple(side for side in tensor.shape if side != 1)
        # A view of what the model stores anyway is nothing new.
        if sides in self._shapes and storage_of(tensor) not in self._places:
            self.formed.add(sides)


def _numbers_touched(func: Any, given: Sequence[Tensor], made: Sequence[Tensor]) -> int:
    """The most numbers that one of the tensors has; a view touches none."""
    places = {storage_of(part) for part in given} - {0}
    if not func._schema.is_mutable and all(storage_of(part) in places for part in made):  # noqa: SLF001 - the operator's own
        return 0
    return max((part.numel() for part in [*given, *made]), default=0)


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
        `flops`: multiplications and additions in products; `elementwise`: numbers that all other
        operations touch; `profiled`: as `flops`, of a second pass, in all threads and inside of
        operators; `formed`: shapes among `shapes`, or their reverse, of which a new matrix came up;
        `foreign`: names of operators that are not torch's own.
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
        everywhere = _ExperimentalConfig(profile_all_threads=True)
        with profile(record_shapes=True, with_flops=True, experimental_config=everywhere) as seen:
            outputs(built, images)
    events = seen.function_events or []
    foreign = watch.foreign | {event.name[:80] for event in events if _is_foreign(event.name)}
    return {
        "flops": watch.flops,
        "elementwise": watch.elementwise,
        "profiled": sum(event.flops for event in events if event.name in _PRODUCTS),
        "formed": sorted(map(list, watch.formed)),
        "foreign": sorted(foreign)[:MAX_NAMES],
    }


def _is_foreign(name: str) -> bool:
    namespace, colons, _ = name.partition("::")
    return bool(colons) and namespace not in NAMESPACES
