"""One thread for the numerics of these tests, and a torch that no source under test has patched."""

from collections.abc import Iterator

import pytest
import torch
from threadpoolctl import threadpool_limits
from torch.utils import flop_counter


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Small matrices gain nothing by threads, and on a busy machine the threads wait."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def counter_as_it_was() -> Iterator[None]:
    """Sources run in this process here: what one of them patches must not reach the next test."""
    mode = flop_counter.FlopCounterMode
    members, registry = dict(vars(mode)), dict(flop_counter.flop_registry)
    yield
    for name, member in members.items():
        if vars(mode)[name] is not member:
            setattr(mode, name, member)
    flop_counter.flop_registry.clear()
    flop_counter.flop_registry.update(registry)
