"""What an object keeps alive, wherever it keeps it."""

import array
import functools
import itertools
import operator
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.worker.namespace import load
from grader.worker.probes.tensors import holds_numbers, kept_tensors, memory_of, storage_of


class Holder:
    """Anything with attributes."""

    def __init__(self, **parts: Any) -> None:
        self.__dict__.update(parts)

    def method(self) -> None:
        """Something to bind."""


def generator(t: object) -> Iterator[object]:
    yield t


def module_with(tensor: torch.Tensor) -> types.ModuleType:
    made = types.ModuleType("spare")
    made.weights = tensor  # type: ignore[attr-defined]
    return made


def closure(value: object) -> Any:
    return lambda: value


def test_a_module_s_parameters_have_the_names_of_its_state() -> None:
    """Paths read like the names that a student knows."""
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    kept = kept_tensors(model)
    assert set(kept.tensors) == set(model.state_dict())
    assert kept.complete


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda t: Holder(a=[{"b": t}]), "a.0.b"),
        (lambda t: Holder(f=closure(t)), "f.value"),
        (lambda t: functools.partial(print, t), "0"),
        (lambda t: Holder(f=functools.partial(print, end=t)), "f.end"),
        (lambda t: Holder(m=Holder(t=t).method), "m.t"),
        (lambda t: (lambda x=t: x), "0"),
        (lambda t: deque([t]), "0"),
        (lambda t: {1: (t,)}, "1.0"),
        (lambda t: frozenset([t]), "0"),
        (generator, "t"),
        (lambda t: np.array([None, t], dtype=object), "1"),
        (lambda t: Holder(t=t.numpy()), "t"),
    ],
    ids=[
        "containers", "closure", "partial", "partial keyword", "bound method", "default",
        "deque", "tuple in dict", "set", "generator", "object array", "numpy",
    ],
)  # fmt: skip
def test_tensors_are_found_in_every_place(make: Any, path: str) -> None:
    """Attributes, containers, closures, defaults, bound methods and generators are walked."""
    tensor = torch.arange(3.0)
    kept = kept_tensors(make(tensor)).tensors
    assert [value.tolist() for value in kept.values()] == [[0, 1, 2]]
    assert list(kept) == [path]


def test_attributes_of_tensors_and_slots_are_found() -> None:
    """A tensor may carry another one; so may an object without a dict."""

    class Slotted:
        __slots__ = ("t",)
        t: torch.Tensor

    one, two, slotted = torch.ones(2), torch.ones(3), Slotted()
    one.more = two  # type: ignore[attr-defined]
    slotted.t = one
    assert set(kept_tensors(slotted).tensors) == {"t", "t.more"}


def test_the_submission_s_own_classes_are_entered() -> None:
    """Class attributes, properties and static methods of a submission's class hold tensors too."""
    source = """
import torch
class Base:
    shared = torch.ones(2)
class Model(Base):
    @staticmethod
    def f(x=torch.ones(3)): return x
    @property
    def p(self, hidden=torch.ones(4)): return hidden
"""
    namespace = load([{"source": source, "label": "test source", "first_line": 1}])
    kept = kept_tensors(namespace["Model"]())
    assert sorted(tensor.numel() for tensor in kept.tensors.values()) == [2, 3, 4]
    assert "Model.Base.shared" in kept.tensors or "Base.shared" in kept.tensors


def test_code_of_libraries_is_not_entered() -> None:
    """Modules, foreign classes and globals belong to the code, not to the model."""
    assert not kept_tensors(
        [torch, nn.Linear, np.random, test_code_of_libraries_is_not_entered]
    ).tensors


def test_one_memory_counts_once() -> None:
    """Two names and equal views are one tensor; other views and copies are others."""
    tensor = torch.arange(6.0)
    kept = kept_tensors([tensor, tensor, tensor.view(2, 3), tensor[:3], tensor.clone()])
    assert list(kept.tensors) == ["0", "3", "4"]


def test_known_tensors_are_left_out() -> None:
    """A second walk tells what has come since the first."""
    space = {"old": torch.ones(3)}
    known = kept_tensors(space)
    space["new"] = torch.ones(2)
    assert list(kept_tensors(space, known=known).tensors) == ["new"]


def test_tensors_without_numbers_are_found_one_by_one() -> None:
    """All tensors of the meta device have the same address, and are still several."""
    kept = kept_tensors([torch.empty(3, device="meta"), torch.empty(3, device="meta")])
    assert len(kept.tensors) == 2
    assert not any(holds_numbers(tensor) for tensor in kept.tensors.values())


def test_plain_numbers_are_counted() -> None:
    """Weights might hide in a list of floats."""
    assert kept_tensors(Holder(a=[1.5] * 10, b="text", c=True)).numbers == 10


@pytest.mark.parametrize(
    "make",
    [
        lambda text: text,
        lambda text: text.encode(),
        lambda text: bytearray(text.encode()),
        lambda text: array.array("f", text.encode()),
        lambda text: memoryview(text.encode()),
        lambda text: int.from_bytes(text.encode(), "little"),
    ],
    ids=["str", "bytes", "bytearray", "array", "memoryview", "int"],
)
def test_numbers_in_texts_and_buffers_are_counted(make: Any) -> None:
    """Whatever holds bytes may hold weights: four of them are a number."""
    assert 1000 <= kept_tensors(Holder(a=make("x" * 4000))).numbers <= 1001


@pytest.mark.parametrize("short", ["a name", b"\0" * 256, 10**9])
def test_names_and_messages_count_for_little(short: object) -> None:
    """A model may have a name; a number is one number."""
    assert kept_tensors(Holder(a=short)).numbers == isinstance(short, int)


@pytest.mark.parametrize(
    "make",
    [
        module_with,
        lambda tensor: [1, tensor].__iter__(),
        lambda tensor: itertools.cycle([tensor]),
        lambda tensor: map(id, [tensor]),
        lambda tensor: [tensor].append,
        lambda tensor: {"a": tensor}.values(),
        lambda tensor: functools.singledispatch(lambda x=tensor: x),
        lambda tensor: operator.methodcaller("f", tensor),
    ],
    ids=["module", "iterator", "cycle", "map", "builtin", "view", "wrapped", "caller"],
)
def test_no_container_is_a_leaf(make: Any) -> None:
    """Modules of the submission's own, iterators and objects of C code hold tensors too."""
    kept = kept_tensors(Holder(place=make(torch.arange(3.0)))).tensors
    assert [value.tolist() for value in kept.values()] == [[0, 1, 2]]


def test_cycles_end() -> None:
    """An object that holds itself is walked once."""
    holder = Holder(t=torch.ones(2))
    holder.itself = holder  # type: ignore[attr-defined]
    assert list(kept_tensors(holder).tensors) == ["t"]


def test_a_walk_without_end_gives_up() -> None:
    """More objects than any model has are reported, not waited for."""
    chain: list[Any] = []
    for _ in range(100_100):
        chain = [chain]
    assert not kept_tensors(chain).complete


def test_what_is_no_array_of_numbers_is_passed_over() -> None:
    """Text, dates and other arrays that torch does not know are no tensors."""
    arrays = [np.array(["a"]), np.array(["2020-01-01"], dtype="datetime64[D]"), np.zeros(0)]
    assert not kept_tensors(arrays).tensors


def test_memory_and_storage_tell_views_apart() -> None:
    """A view has the storage of its base, and a memory of its own."""
    tensor = torch.arange(6.0)
    part = tensor[:3]
    assert storage_of(part) == storage_of(tensor) != 0
    assert memory_of(part) != memory_of(tensor)
    assert storage_of(torch.empty(2, device="meta")) == 0


def test_sparse_tensors_are_kept_too() -> None:
    """A layout without one address is told by its object."""
    sparse = torch.eye(3).to_sparse()
    assert list(kept_tensors([sparse, sparse]).tensors) == ["0"]
