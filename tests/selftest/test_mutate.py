"""Mutants of right solutions: each mistake appears, once, and what is no computation stays."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.selftest.mutate import mutants_of


def changes(expression: str) -> dict[str, str]:
    """The mutants of one expression: what was changed -> the expression now."""
    assigned = mutants_of(f"y = {expression}")
    return {name: body.removeprefix("y = ") for name, body in assigned.items()}


@pytest.mark.parametrize(
    ("expression", "mutant"),
    [
        pytest.param("a + b", "a - b", id="sum to difference"),
        pytest.param("a - b", "a + b", id="difference to sum"),
        pytest.param("a + b", "b", id="first term lost"),
        pytest.param("a - b", "a", id="second term lost"),
        pytest.param("a * b", "a / b", id="product to quotient"),
        pytest.param("a / b", "a * b", id="quotient to product"),
        pytest.param("a * b", "b", id="factor lost"),
        pytest.param("a / b", "a", id="denominator lost"),
        pytest.param("a @ b", "b @ a", id="factors in the wrong order"),
        pytest.param("a ** 2", "a", id="power lost"),
        pytest.param("-a", "a", id="sign lost"),
        pytest.param("a.T", "a", id="transpose lost"),
        pytest.param("a.mT", "a", id="torch's transpose lost"),
        pytest.param("a.H", "a", id="adjoint lost"),
        pytest.param("a.conj()", "a", id="conjugate lost"),
        pytest.param("np.conj(a)", "a", id="conjugate by a function lost"),
        pytest.param("sqrt(a)", "a", id="root lost"),
        pytest.param("F.relu(a)", "a", id="relu lost"),
        pytest.param("a.clone()", "a", id="copy lost"),
        pytest.param("f(3)", "f(4)", id="one more"),
        pytest.param("f(3)", "f(2)", id="one less"),
        pytest.param("f(0)", "f(1)", id="zero to one"),
        pytest.param("f(0.5)", "f(1.0)", id="number doubled"),
        pytest.param("f(0.0)", "f(1.0)", id="zero to one point zero"),
        pytest.param("a[:r]", "a[:r + 1]", id="slice too long"),
        pytest.param("a[:r]", "a[:r - 1]", id="slice too short"),
        pytest.param("a < b", "a <= b", id="with equality"),
        pytest.param("a >= b", "a > b", id="without equality"),
    ],
)
def test_every_kind_of_mistake_is_made(expression: str, mutant: str) -> None:
    """Each kind that the docstring promises is among the mutants of the smallest example."""
    assert mutant in changes(expression).values()


def test_a_name_tells_what_was_changed() -> None:
    """The part that was changed stands before the arrow, what it became after it."""
    assert changes("f(a - b)") == {
        "a - b -> a + b": "f(a + b)",
        "a - b -> a": "f(a)",
        "a - b -> b": "f(b)",
    }


def test_a_result_is_doubled() -> None:
    """What a function returns is once twice too large."""
    found = mutants_of("def f(a):\n    return g(a)")
    assert found == {"g(a) -> 2 * g(a)": "def f(a):\n    return 2 * g(a)"}


def test_equal_changes_at_two_places_have_two_names() -> None:
    """A change that is made at several places is told apart by a number."""
    found = changes("f(a.T, a.T)")
    assert found == {"a.T -> a": "f(a, a.T)", "a.T -> a (2)": "f(a.T, a)"}


def test_equal_sources_come_once() -> None:
    """Two mistakes with one outcome make one mutant, under the name of the first."""
    found = changes("a + a")
    assert found == {"a + a -> a - a": "a - a", "a + a -> a": "a"}


def test_a_long_expression_is_cut_in_the_name() -> None:
    """A name stays short enough for a line; the source keeps everything."""
    long = "f(" + ", ".join(f"argument{number}" for number in range(20)) + ")"
    found = changes(f"{long} + b")
    assert f"{long} - b" in found.values()
    assert all(len(name) < 140 for name in found)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import numpy as np\nfrom torch import nn", id="imports"),
        pytest.param("def f(a, b=2, *, c=-1.0):\n    pass", id="defaults"),
        pytest.param("def f(a: tuple[2], b: 'c' = 3) -> g[1]:\n    pass", id="annotations"),
        pytest.param("x = 'a + 1'", id="text"),
        pytest.param("x = f'{n + 1:2d}'", id="formatted text"),
        pytest.param('def f():\n    """Return a + 1."""', id="docstring"),
        pytest.param("x = True", id="truth"),
        pytest.param("x = None", id="nothing"),
        pytest.param("class A(make(1)):\n    pass", id="bases"),
        pytest.param("@cached(size=2)\ndef f():\n    pass", id="decorators"),
    ],
)
def test_what_is_no_computation_is_left_alone(source: str) -> None:
    """Imports, defaults, annotations, text, bases and decorators are not mistaken."""
    assert mutants_of(source) == {}


def test_an_import_stays_in_every_mutant() -> None:
    """A mutant can be run: what it needs is imported as before."""
    found = mutants_of("import numpy as np\n\ndef f(a):\n    return np.sqrt(a)")
    assert len(found) == 2
    assert all(body.startswith("import numpy as np\n") for body in found.values())


def test_what_is_no_python_is_refused() -> None:
    """A source that can't be parsed is an error, not a family without mutants."""
    with pytest.raises(SyntaxError):
        mutants_of("def f(:")


LEAVES = st.sampled_from(["a", "b", "a.T", "1", "0.5", "-a", "a[:3]", "sqrt(a)", "a.conj()"])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.tuples(inner, st.sampled_from("+-*/@"), inner).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_mutants_are_python_and_all_different(expression: str) -> None:
    """Every mutant parses, is neither the source nor another mutant, and the answer repeats."""
    source = f"def f(a, b):\n    return {expression}"
    found = mutants_of(source)
    trees = {ast.dump(ast.parse(body)) for body in found.values()}
    assert len(trees) == len(found)
    assert ast.dump(ast.parse(source)) not in trees
    assert mutants_of(source) == found
