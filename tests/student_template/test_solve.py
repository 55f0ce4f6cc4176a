from collections.abc import Callable
from pathlib import Path

import pytest

from student_template.cells import Kind, SourceError, parse
from student_template.solutions import Solutions
from student_template.solve import solve

Solve = Callable[..., list[str]]

STUB = '```python\ndef f(n):\n    raise NotImplementedError("f")\n```\n'
METHOD = """\
```python
class Game:
    def ask(self, x):
        return x

    def f(self):
        \"\"\"Answer.\"\"\"
        raise NotImplementedError("f")

    def play(self):
        return self.f()
```
"""


@pytest.fixture
def solved(tmp_path: Path) -> Solve:
    """Solves a source text by a reference of these modules and answers; gives the cells' texts."""

    def solve_with(source: str, answers: str = "", **modules: str) -> list[str]:
        (tmp_path / "answers.md").write_text(answers)
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        return [cell.text for cell in solve(parse(source, "source"), Solutions(tmp_path))]

    return solve_with


def test_solve_replaces_a_stub_with_its_helpers_before_it(solved: Solve) -> None:
    """Constants, helpers of helpers and the comments above them come along, nothing else does."""
    module = """\
import math
import os

HALF = 0.5
\"\"\"Of one.\"\"\"
OTHER = os.sep


def f(n):
    # inside
    return _g(n)


# why
def _g(n):
    return math.sqrt(n) * HALF


def unused():
    return 0
"""
    (text,) = solved(STUB, theory=module)
    assert text == (
        'import math\n\n\nHALF = 0.5\n"""Of one."""\n\n\n'
        "# why\ndef _g(n):\n    return math.sqrt(n) * HALF\n\n\n"
        "def f(n):\n    # inside\n    return _g(n)"
    )


def test_solve_leaves_out_a_helper_that_is_there_already(solved: Solve) -> None:
    """What one cell brought the next one doesn't repeat."""
    source = STUB + STUB.replace("f", "g").replace("deg", "def")
    module = (
        "def _h():\n    return 1\n\n\ndef f(n):\n    return _h()\n\n\ndef g(n):\n    return _h()\n"
    )
    first, second = solved(source, theory=module)
    assert "def _h" in first
    assert second == "def g(n):\n    return _h()"


def test_solve_fills_a_method_with_the_function_of_its_name(solved: Solve) -> None:
    """The function's arguments come from `self`; the rest of the class stays."""
    module = '''\
def count(x):
    return len(x)


def f(ask):
    """Ask.

    Args:
        ask: a function.
    """
    # why
    return count(ask("ab"))
'''
    (text,) = solved(METHOD, game=module)
    scope: dict[str, type] = {}
    exec(text, scope)
    assert scope["Game"]().play() == 2
    assert "# why" in text
    assert text.startswith("def count(x):")
    assert '"""Answer."""' in text


def test_solve_replaces_a_class_that_the_reference_has(solved: Solve) -> None:
    """A class of the reference comes as a whole."""
    source = '```python\nclass A:\n    def f(self):\n        raise NotImplementedError("f")\n```\n'
    (text,) = solved(source, theory="class A:\n    def f(self):\n        return 1\n")
    assert text == "class A:\n    def f(self):\n        return 1"


def test_solve_follows_imports_between_the_reference_modules(solved: Solve) -> None:
    """A helper of another module of the reference comes along; the given ones are there anyway."""
    module = "from reference.given import Net\nfrom reference.other import h\n\n\ndef f(n):\n"
    (text,) = solved(STUB, theory=module + "    return h(Net)\n", other="def h(n):\n    return n\n")
    assert text == "def h(n):\n    return n\n\n\ndef f(n):\n    return h(Net)"


def test_solve_puts_all_cells_of_an_answer_in_place_of_the_placeholder(tmp_path: Path) -> None:
    """Proofs, code and experiments of an answer keep their order."""
    (tmp_path / "answers.md").write_text(
        "### 1\n\nWhy.\n\n```python\nx = 1\n```\n\n```python run\nprint(x)\n```\n\nSo.\n"
    )
    cells = solve(parse("### 1 Ask\n\n```answer\nYours.\n```\n", "s"), Solutions(tmp_path))
    assert [cell.text for cell in cells] == ["### 1 Ask", "Why.", "x = 1", "print(x)", "So."]
    assert [cell.kind for cell in cells[1:]] == [Kind.MARKDOWN, *[Kind.CODE] * 2, Kind.MARKDOWN]
    assert {(cell.item, str(cell.role)) for cell in cells[1:]} == {("1", "answer")}


@pytest.mark.parametrize(
    ("source", "modules", "complaint"),
    [
        (STUB, {}, "f must be defined"),
        (METHOD, {}, "Game or f must be defined"),
        ("### 7 Ask\n\n```answer\nYours.\n```\n", {}, "7 must have an answer"),
        (STUB, {"a": "def f(n):\n    return 1\n", "b": "def f(n):\n    return 2\n"}, "a and .*b"),
        (
            "```python\ng = 1\n```\n" + STUB,
            {"a": "def g(n):\n    return n\n\n\ndef f(n):\n    return g(n)\n"},
            "g must have one meaning",
        ),
    ],
    ids=["function", "method", "answer", "twice", "two meanings"],
)
def test_solve_says_what_the_reference_lacks(
    source: str, modules: dict[str, str], complaint: str, solved: Solve
) -> None:
    """Nothing is left open, and no name means two things."""
    with pytest.raises(SourceError, match=complaint):
        solved(source, **modules)
