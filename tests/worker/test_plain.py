"""grader/worker/plain.py: what a submission may return, and what it may not."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import torch

from grader.worker.plain import UnsupportedResultError, to_plain


class Lying(np.ndarray[Any, Any]):
    """An array that equals everything and hides its numbers."""

    def __eq__(self, other: object) -> Any:
        return np.ones(self.shape, dtype=bool)

    __hash__ = None

    def __array__(self, *_: Any, **__: Any) -> Any:
        return np.full(self.shape, 42.0)


@pytest.mark.parametrize(
    "value",
    [
        np.ones((2, 3)),
        torch.ones(2, 3, dtype=torch.float64),
        torch.ones(2, 3, dtype=torch.float64, requires_grad=True),
        torch.ones(2, 3, dtype=torch.float64).to_sparse(),
        torch.nn.Parameter(torch.ones(2, 3, dtype=torch.float64)),
        np.ones((3, 2)).T,
        np.asfortranarray(np.ones((2, 3))),
    ],
)
def test_arrays_of_every_library_become_ndarray(value: Any) -> None:
    """By value, whatever their layout or gradient."""
    plain = to_plain(value)
    assert type(plain) is np.ndarray
    np.testing.assert_array_equal(plain, np.ones((2, 3)))


def test_jax_arrays_and_numpy_scalars_become_ndarray() -> None:
    """With their own dtype."""
    assert to_plain(jnp.ones(2, dtype=jnp.float32)).dtype == np.float32
    assert to_plain(jnp.ones(2, dtype=jnp.bfloat16)).dtype == np.float32
    assert to_plain(np.float32(2)).shape == ()


def test_an_array_subclass_is_taken_by_its_bytes() -> None:
    """Its own methods are not asked."""
    assert to_plain(np.zeros(3).view(Lying)).tolist() == [0.0, 0.0, 0.0]


def test_containers_keep_their_structure() -> None:
    """Tuples become lists, keys text, data frames dicts of columns."""
    assert to_plain({"a": (1, 2.0), 3: [None, "x"]}) == {"a": [1, 2.0], "3": [None, "x"]}
    frame = to_plain(pd.DataFrame({"n": [1, 2]}))
    assert frame["n"].tolist() == [1, 2]


def test_a_long_list_of_numbers_crosses_as_one_array() -> None:
    """So that a million Python floats cost no million nodes."""
    assert to_plain([1.0] * 100_000).shape == (100_000,)


def test_subclasses_of_numbers_become_the_number() -> None:
    """A float that compares as it likes is only a float."""

    class Always(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = float.__hash__

    plain = to_plain(Always(3.5))
    assert type(plain) is float
    assert plain == 3.5


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        object(),
        (number for number in range(3)),
        lambda: 1,
        {(1, 2): 3},
        nested(50),
        1 << 70,
        np.array([object()]),
        np.array(["text"]),
        torch.ones(2, device="meta"),
        {1, 2},
    ],
)
def test_what_is_not_numbers_is_refused(value: Any) -> None:
    """With one kind of error, which becomes feedback."""
    with pytest.raises(UnsupportedResultError):
        to_plain(value)


def test_a_list_that_holds_itself_is_refused() -> None:
    """The walk is bounded."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(UnsupportedResultError):
        to_plain(loop)
