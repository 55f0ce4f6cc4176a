"""Which device computes."""

import sys
from pathlib import Path

from grader.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")
DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What drivers of GPUs show on Linux: NVIDIA's, the one of Windows's Linux, AMD's."""


def resolve_device(name: str) -> str:
    """`cpu` or `cuda`, whichever `name` means on this machine.

    Args:
        name: `auto` (cuda where there is one), `cpu` or `cuda`.

    Raises:
        UsageError: `name` is no device, or there is no cuda here.
    """
    if name not in DEVICES:
        raise UsageError(f"--device: device must be one of {', '.join(DEVICES)}, got {name!r}")
    if name == "cpu" or (name == "auto" and not _may_have_gpu()):
        return "cpu"
    import torch  # noqa: PLC0415 - seconds, and `cpu` needs none of it

    if torch.cuda.is_available():
        return "cuda"
    if name == "auto":
        return "cpu"
    raise UsageError(
        "--device: device must be one that this machine has, got 'cuda', which torch can't use"
        " here; give --device cpu"
    )


def _may_have_gpu() -> bool:
    """Whether a GPU's driver is loaded; without one, torch need not be asked."""
    return sys.platform != "linux" or any(Path(driver).exists() for driver in DRIVERS)
