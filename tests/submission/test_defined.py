"""grader/submission/defined.py: what a file defines is counted, what it mentions is not."""

import pytest

from grader.assets import asset
from grader.errors import SubmissionError
from grader.rubric import load_rubric
from grader.submission.defined import Defined, count_defined
from tests.submission.hand_ins import notebook_bytes

RAISE = "        raise NotImplementedError('g')\n"
STUB = "def f(x):\n    raise NotImplementedError\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x): return x\ndef g(x): return x\n", Defined(2, 2)),
        ("def f(x): return x\ndef h(x): return x\n", Defined(1, 1)),
        ("if True:\n    def f(x): return x\nclass C:\n    def g(self): return 1\n", Defined(2, 2)),
        ("f = lambda x: x\nf.g = 1\n", Defined(1, 1)),
        ("def f(self): return self\n", Defined(1, 1)),
        (STUB + "class C:\n    def g(self): pass\n", Defined(0, 2)),
        (f"class g:\n    def __init__(self):\n        super().__init__()\n{RAISE}", Defined(0, 1)),
        (
            "class g: pass\ndef f(x):\n    if x: return x\n    raise NotImplementedError\n",
            Defined(2, 2),
        ),
        # Not its own, not at the top level, not code, not run.
        ("from solution import f, g\n", Defined()),
        ("from solution import *\nf, g\n", Defined()),
        ("def main():\n    def f(x): return x\n    g = 1\nf(g(1))\n", Defined()),
        ("# def f(x): return x\n'def g(x): return x'\n", Defined()),
        ("if __name__ == '__main__':\n    f = g = 1\n", Defined()),
        ("", Defined()),
        ("f = g = (", Defined()),
    ],
)
def test_only_definitions_count(source: str, expected: Defined) -> None:
    """As the slices of items find them."""
    assert count_defined("a.py", source.encode(), ["f", "g"]) == expected


def test_a_notebook_is_read_as_one() -> None:
    """Cells with magics too; a name may be a class's method."""
    raw = notebook_bytes(
        "!pip install x\ndef f(x): return x", "class C:\n    def g(self): return 1"
    )
    assert count_defined("a.ipynb", raw, ["f", "C.g", "D.g"]) == Defined(2, 2)


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("a.ipynb", b"\xff\xfe no notebook", "a.ipynb: "),
        ("a.ipynb", b'{"cells": ' + b"[" * 100_000, "a.ipynb: "),
        ("a.py", b"f = g = 1\n" * 300_000, "2097152 characters"),
        ("a.pdf", b"f = 1", "must be a notebook"),
        ("\udcff.py", b"\0", "NUL bytes"),
        ("a.ipynb", b"", "the file is empty"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, raw: bytes, why: str) -> None:
    """Whatever it is: nobody takes it for a file that defines nothing."""
    with pytest.raises(SubmissionError, match=why):
        count_defined(name, raw, ["f"])


def test_a_fault_in_the_helper_is_no_count() -> None:
    """A mistake in the grader becomes an error too, with its last line."""
    with pytest.raises(SubmissionError, match=r"a.py: the file can't be read, .*unexpected error"):
        count_defined("a.py", b"f = 1", [[]])  # type: ignore[list-item]


def test_the_template_alone_defines_nothing_whole() -> None:
    """Handed in beside a module with one answer it must not be graded."""
    names = [name for item in load_rubric().items for name in item.requires]
    raw = asset("student_template/ps1.ipynb").read_bytes()
    assert count_defined("ps1.ipynb", raw, names) == Defined(0, len(set(names)))
