"""What a score may depend on besides the submission and the rubric: versions, device, threads."""

import platform
from importlib import metadata

from grader.errors import UsageError

DISTRIBUTION = "nla-grader"
PACKAGES = ("numpy", "scipy", "torch", "torchvision", "jax", "jaxlib")
"""Packages whose version may change a number."""
DEVICES = ("auto", "cpu", "cuda")


def grader_version() -> str:
    """The installed version, `0+source` where the grader runs from a bare checkout."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0+source"


def package_versions() -> dict[str, str]:
    """Name -> version of every package that may change a number and is installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def python_version() -> str:
    """Such as `3.11.7`."""
    return platform.python_version()


def resolve_device(asked: str) -> str:
    """The device to use: `cpu` or `cuda`.

    Args:
        asked: `auto` takes CUDA where torch sees a GPU.

    Raises:
        UsageError: an unknown device, or CUDA where there is none.
    """
    if asked not in DEVICES:
        raise UsageError(f"--device: must be one of {', '.join(DEVICES)}, got {asked!r}")
    if asked == "cpu":
        return "cpu"
    import torch  # noqa: PLC0415 - a second that `--device cpu` does not pay

    if torch.cuda.is_available():
        return "cuda"
    if asked == "cuda":
        raise UsageError(
            "--device: cuda needs a GPU that torch can use, found none; use --device cpu"
        )
    return "cpu"
