import pytest
import torch

from grader.data.device import resolve_device
from grader.errors import UsageError

has_cuda = torch.cuda.is_available()


def test_resolve_device_knows_the_cpu() -> None:
    """`cpu` is always there."""
    assert resolve_device("cpu") == "cpu"


def test_resolve_device_auto_takes_cuda_where_there_is_one() -> None:
    """`auto` is one of the two that can be used."""
    assert resolve_device("auto") == ("cuda" if has_cuda else "cpu")


@pytest.mark.skipif(has_cuda, reason="this machine has cuda")
def test_resolve_device_rejects_cuda_where_there_is_none() -> None:
    """The error says what to give instead."""
    with pytest.raises(UsageError, match="give --device cpu"):
        resolve_device("cuda")


def test_resolve_device_rejects_unknown_names() -> None:
    """The error lists the names."""
    with pytest.raises(UsageError, match="must be one of auto, cpu, cuda, got 'tpu'"):
        resolve_device("tpu")
