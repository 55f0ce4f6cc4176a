"""What counts as an array of the right kind, and when two of them agree."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.compare import (
    as_array,
    close,
    distance,
    is_series,
    is_single,
    relative_error,
    short,
    unchanged,
)
from grader.checks.interface import Outcome


@pytest.mark.parametrize(
    ("value", "shape", "dtype"),
    [
        pytest.param([1, 2, 3], (3,), np.float64, id="list of integers"),
        pytest.param([[1.0, 2.0]], (1, 2), np.float64, id="list of lists"),
        pytest.param(np.ones((2, 3), np.float32), (2, 3), np.float32, id="float32"),
        pytest.param(np.ones(2, np.float16), (2,), np.float32, id="float16"),
        pytest.param(np.ones(2, np.int32), (2,), np.float64, id="int32"),
        pytest.param(np.ones(2, np.complex64), (2,), np.float32, id="no imaginary part"),
        pytest.param(2.5, (), np.float64, id="float"),
        pytest.param(2, (1,), np.float64, id="number for (1,)"),
        pytest.param(np.ones(1), (), np.float64, id="(1,) for a number"),
        pytest.param([np.array(1.0), 2.0], (2,), np.float64, id="list of 0-d arrays"),
    ],
)
def test_as_array_takes_numbers_in_natural_forms(
    value: Any, shape: tuple[int, ...], dtype: type
) -> None:
    """Numbers arrive as a plain array of the expected shape, at the precision they had."""
    array = as_array(value, name="f", shape=shape)
    assert isinstance(array, np.ndarray)
    assert array.shape == shape
    assert array.dtype == dtype


@pytest.mark.parametrize(
    ("value", "word"),
    [
        pytest.param(None, "None", id="None"),
        pytest.param(True, "True", id="bool"),
        pytest.param("1", "the text '1'", id="text"),
        pytest.param(["a", "b"], "a list", id="list of text"),
        pytest.param([[1.0], [1.0, 2.0]], "a list", id="ragged"),
        pytest.param([None, 1.0], "a list", id="list with None"),
        pytest.param({"a": 1}, "a dict", id="dict"),
        pytest.param(np.ones(2, bool), "type bool", id="array of bool"),
        pytest.param(np.array(["a", "b"]), "an array", id="array of text"),
        pytest.param(np.array([1.0, np.nan]), "NaN", id="NaN"),
        pytest.param(np.array([1.0, np.inf]), "infinity", id="infinity"),
        pytest.param(np.array([1.0, 1j]), "complex", id="complex"),
        pytest.param(np.ones((2, 1)), "expected shape (2,), got (2, 1)", id="column"),
        pytest.param(np.ones(3), "expected shape (2,), got (3,)", id="too long"),
        pytest.param([], "expected shape (2,), got (0,)", id="empty"),
    ],
)
def test_as_array_says_what_came_instead(value: Any, word: str) -> None:
    """Anything but real finite numbers of the expected shape is a finding that names it."""
    found = as_array(value, name="f", shape=(2,), hint="f has two entries")
    assert isinstance(found, Outcome)
    assert found.value == 0
    assert found.feedback.startswith("f: expected")
    assert word in found.feedback


def test_as_array_gives_the_hint_for_a_wrong_shape() -> None:
    """A wrong shape comes with the caller's hint."""
    found = as_array(np.ones(3), name="f", shape=(2,), hint="f has two entries")
    assert isinstance(found, Outcome)
    assert found.hint == "f has two entries"


def test_as_array_keeps_complex_where_asked_for() -> None:
    """Complex numbers are welcome where they belong."""
    array = as_array(np.array([1j, 1]), name="f", shape=(2,), kind="complex")
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.complex128


def test_as_array_strips_subclasses() -> None:
    """A subclass with operators of its own becomes a plain array."""
    array = as_array(np.ones(2).view(np.recarray), name="f", shape=(2,))
    assert type(array) is np.ndarray


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["actual", "expected", "both"])
def test_close_rejects_what_is_not_finite(bad: float, side: str) -> None:
    """NaN and infinity never pass, even where the expected value is the same."""
    good, spoiled = np.ones(2), np.array([1.0, bad])
    pair = {"actual": (spoiled, good), "expected": (good, spoiled), "both": (spoiled, spoiled)}
    assert not close(*pair[side], rtol=1e9, atol=1e9)
    assert np.isnan(relative_error(*pair[side]))


@given(
    exponent=st.floats(min_value=-300, max_value=300),
    error=st.floats(min_value=-12, max_value=-2),
    beyond=st.booleans(),
)
def test_close_is_relative_at_every_scale(exponent: float, error: float, *, beyond: bool) -> None:
    """An error just within the tolerance passes and one beyond fails, from 1e-300 to 1e300."""
    expected = np.array([3.0, -4.0]) * 10.0**exponent
    actual = expected * (1 + 10.0**error * (1.01 if beyond else 0.99))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert close(actual, expected, rtol=10.0**error) is not beyond


@pytest.mark.parametrize("compare", [close, relative_error])
def test_comparisons_do_not_broadcast(compare: Any) -> None:
    """Arrays of two shapes are never compared."""
    options = {"rtol": 1.0} if compare is close else {}
    with pytest.raises(ValueError, match="must have shape"):
        compare(np.ones((2, 1)), np.ones(2), **options)


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        ([3.0, 4.0], [3.0, 4.0], 0.0),
        ([0, 0], [0, 0], 0),
        ([1, 0], [0, 0], np.inf),
        ([0], [2], 1),
        ([0], [0.5], 1),
    ],
)
def test_relative_error_of_simple_cases(
    actual: list[float], expected: list[float], error: float
) -> None:
    """Equal arrays differ by 0, anything differs from zero by infinity."""
    assert relative_error(np.array(actual), np.array(expected)) == error


def test_close_with_zero_expected_needs_an_absolute_tolerance() -> None:
    """Near zero only the absolute tolerance counts."""
    tiny = np.array([1e-12])
    assert not close(tiny, np.zeros(1), rtol=1.0)
    assert close(tiny, np.zeros(1), rtol=0, atol=1e-11)


@pytest.mark.parametrize("equal", [[1.0, -2.0], [0.0], []])
def test_close_needs_no_tolerance_for_equal_arrays(equal: list[float]) -> None:
    """A tolerance is what an error may reach, so equal arrays agree at none."""
    assert close(np.array(equal), np.array(equal), rtol=0)
    assert distance(np.array(equal), np.array(equal)) == (0.0, float(np.linalg.norm(equal)))


def test_close_rejects_complex_numbers_of_a_size_that_no_float_holds() -> None:
    """Finite parts can make an infinite size, which is not told from another one."""
    huge = np.array([1.7e308 + 1.7e308j])
    assert not close(huge, huge, rtol=1.0)
    assert not close(huge, np.ones(1), rtol=1.0, atol=1.0)


@pytest.mark.parametrize(
    ("after", "same"),
    [
        ([np.ones(2)], True),
        ([np.zeros(2)], False),
        ([np.ones(2, np.float32)], False),
        ([np.ones((1, 2))], False),
        ([[1.0, 1.0]], False),
        ([], False),
    ],
)
def test_unchanged_sees_entries_types_and_shapes(after: list[Any], *, same: bool) -> None:
    """An argument is unchanged only if entries, type and shape are."""
    assert unchanged([np.ones(2)], after) is same


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.ones((2, 3)), "an array of shape (2, 3) and type float64"),
        ([1, 2], "a list with 2 entries"),
        ({}, "a dict with 0 entries"),
        ("a\x1b[2J\u202e", r"the text 'a\x1b[2J\u202e'"),
        (None, "None"),
        (1.5, "1.5"),
    ],
)
def test_short_is_safe_to_show(value: Any, text: str) -> None:
    """A value is described in a few words without control characters."""
    assert short(value) == text


def test_short_cuts_long_text() -> None:
    """A submission can't flood its own feedback."""
    assert len(short("x" * 10_000)) < 100


def test_is_single_goes_by_the_least_precise() -> None:
    """One array of single precision makes the comparison one of single precision."""
    third = np.array([1 / 3])
    assert is_single(third, np.ones(1, np.complex64))
    assert not is_single(third, third + 1j * third)


@pytest.mark.parametrize(
    ("value", "single"),
    [
        (np.float64(np.float32(1 / 3)), True),
        ([float(np.float32(0.1)), 2.0], True),
        (np.complex128(np.complex64(1j / 3)), True),
        (1 / 3, False),
        ([float(np.float32(0.1)), 0.2], False),
        (1j / 3, False),
        (1e300, False),
        (np.nan, False),
    ],
)
def test_is_single_knows_numbers_that_went_through_float32(value: Any, *, single: bool) -> None:
    """Numbers that JAX computed are of single precision even as Python's floats."""
    assert is_single(np.asarray(value)) is single


@pytest.mark.parametrize(
    ("value", "series"), [([], True), (np.ones(2), True), (np.array(1.0), False), ("ab", False)]
)
def test_is_series_tells_lists_from_single_values(value: Any, *, series: bool) -> None:
    """Lists and arrays with an axis are series, single values and text are not."""
    assert is_series(value) is series
