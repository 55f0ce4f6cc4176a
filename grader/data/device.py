"""Which device computes."""

from grader.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")


def resolve_device(name: str) -> str:
    """`cpu` or `cuda`, whichever `name` means on this machine.

    Args:
        name: `auto` (cuda where there is one), `cpu` or `cuda`.

    Raises:
        UsageError: `name` is no device, or there is no cuda here.
    """
    if name not in DEVICES:
        raise UsageError(f"--device: device must be one of {', '.join(DEVICES)}, got {name!r}")
    if name == "cpu":
        return name
    import torch  # noqa: PLC0415 - seconds, and `cpu` needs none of it

    if torch.cuda.is_available():
        return "cuda"
    if name == "auto":
        return "cpu"
    raise UsageError(
        "--device: device must be one that this machine has, got 'cuda', which torch can't use"
        " here; give --device cpu"
    )
