"""Lets code that asks for a GPU run on the CPU, where the grader has found that it does so.

Nothing here is loaded for other submissions. It replaces no operation of torch, so the probes count
and time the same ones, and `torch.cuda.is_available()` stays False. What is not mapped, such as
`torch.cuda.get_device_properties`, fails as ever without a GPU, and the feedback says why.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from grader.worker.gpu_parts import PARTS, is_gpu

PLATFORMS = frozenset({"cuda", "gpu", "metal", "mps", "rocm"})
"""What JAX calls them."""
SILENT = {
    torch.cuda: (
        "init",
        "ipc_collect",
        "reset_max_memory_allocated",
        "reset_max_memory_cached",
        "reset_peak_memory_stats",
        "set_device",
        "set_stream",
        "synchronize",
    ),
    torch.mps: ("empty_cache", "synchronize"),
}
"""Functions that have nothing to do without a GPU."""
TAKE_DEVICE = (Tensor.to, Tensor.type, torch._C._nn._parse_to)  # noqa: SLF001 - what `nn.Module.to` calls
"""Functions that take a device in any place."""
JAX_CALLS = (
    "default_device",
    "device_count",
    "devices",
    "jit",
    "local_device_count",
    "local_devices",
    "pmap",
)
"""Functions of JAX that take a platform."""


class OnCpu(TorchFunctionMode):
    """Hands torch's functions the CPU wherever they are given a GPU."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call `func` with devices replaced."""
        del types
        if func is Tensor.cuda or func is Tensor.pin_memory:
            return args[0]
        if func in TAKE_DEVICE:
            args = tuple(map(_on_cpu, args))
        elif func is torch.device and args and type(args[0]) is int:
            # Of which type a number is, torch knows only where there is a GPU.
            args = ("cuda", *args)
        if not kwargs:
            return func(*args)
        if "device" in kwargs:
            kwargs = kwargs | {"device": _on_cpu(kwargs["device"])}
        return func(*args, **kwargs)


def use_cpu(sources: Sequence[str]) -> None:
    """Map GPUs to the CPU for the rest of this process, to be called in its main thread.

    Args:
        sources: The submission's; JAX is imported only where they mention it.
    """
    for name in dir(torch.cuda):
        # `torch.cuda.FloatTensor` and its like.
        if name.endswith("Tensor") and hasattr(torch, name):
            setattr(torch.cuda, name, getattr(torch, name))
    for library, names in SILENT.items():
        for name in names:
            setattr(library, name, _no_op())
    for library, parts in PARTS.items():
        for name, part in parts.items():
            setattr(library, name, part)
    # The default device is filled in after the mode has seen a call.
    torch.set_default_device = _mapped(torch.set_default_device, _on_cpu)
    OnCpu().__enter__()  # type: ignore[no-untyped-call]
    if any("jax" in source for source in sources):
        _use_cpu_in_jax()


def _use_cpu_in_jax() -> None:
    import jax  # noqa: PLC0415 - half a second, and most submissions that come here use torch

    jax.config.update = _mapped(jax.config.update, _cpu_platform)  # type: ignore[method-assign]
    for name in JAX_CALLS:
        setattr(jax, name, _mapped(getattr(jax, name), _cpu_platform))


def _on_cpu(value: Any) -> Any:
    if is_gpu(value):
        return "cpu"
    # A type of tensors may be given by its name.
    return value.replace("torch.cuda.", "torch.") if isinstance(value, str) else value


def _cpu_platform(value: Any) -> Any:
    # `jax_platforms` may name several.
    return "cpu" if isinstance(value, str) and value.partition(",")[0] in PLATFORMS else value


def _mapped(function: Callable[..., Any], mapping: Callable[[Any], Any]) -> Callable[..., Any]:
    """`function`, called with each of its arguments mapped."""

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        options = {name: mapping(value) for name, value in options.items()}
        return function(*map(mapping, args), **options)

    return called


def _no_op() -> Callable[..., None]:
    # `torch.compile` wants each of its functions to be another one.
    return lambda *_args, **_options: None
