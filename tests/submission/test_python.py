"""grader/submission/python.py: no source brings the grader down, or holds it up."""

import pytest

from grader.submission import slice_for
from tests.submission.hand_ins import module, notebook, program_of, value

MANY = 10**5
NESTED = {
    "brackets": "x = " + "(" * MANY + ")" * MANY,
    "open-brackets": "(" * MANY,
    "brackets-that-parse": "x = " + "(" * 150 + "1" + ")" * 150,
    "minus": "x = " + "-" * MANY + "1",
    "sum": "x = a" + " + a" * (MANY // 2),
    "sum-that-parses": "x = a" + " + a" * 900,
    "not": "x = " + "not " * (MANY // 2) + "a",
    "power": "x = a" + "**a" * (MANY // 2),
    "lambda": "x = " + "lambda: " * (MANY // 4) + "1",
    "lambda-that-parses": "x = " + "lambda: " * 900 + "1",
    "attributes": "x = a" + ".a" * MANY,
    "calls": "x = a" + "()" * MANY,
    "calls-that-parse": "x = a" + "()" * 800,
    "elements": "x = a" + "[0]" * (MANY // 2),
    "stored-attribute": "a" + ".b" * 900 + " = 1",
    "if-else": "x = " + "a if b else " * (MANY // 8) + "c",
    "comparisons": "x = a" + " < a" * (MANY // 2),
    "targets": "a = " * (MANY // 2) + "1",
    "elif": "if a: pass\n" + "elif a: pass\n" * (MANY // 8),
    "functions": "".join(" " * at + "def g():\n" for at in range(99)) + " " * 99 + "pass",
    "indents": "".join(" " * at + "if a:\n" for at in range(300)) + " " * 300 + "pass",
    "comprehension": "x = [a " + "for a in b " * (MANY // 8) + "]",
    "f-string": "x = f'" + "{a!r}" * (MANY // 4) + "'",
    "f-string-in-f-string": "x = " + "f'{" * MANY,
    "format-in-format": "x = f'{a:" + "{a:" * 1000 + "}" * 1000 + "}'",
    "digits": "x = " + "9" * MANY,
    "decorators": "@a\n" * (MANY // 8) + "def g(): pass",
    "annotations": "from __future__ import annotations\ndef g(x: " + "a." * 900 + "b): pass",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("source", NESTED.values(), ids=NESTED.keys())
def test_deep_source_is_survived(source: str) -> None:
    """What can't be parsed is left out with a note; what can be is analysed."""
    found = notebook(source, "def f(): return 7")
    assert value(found, "f") == 7
    slice_for(found, ["x", "g"])
    alone = module(source)
    assert alone.notes or program_of(alone).statements


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        "".join(f"def f{at}(): return f{at - 1}()\n" for at in range(1, 6000)),
        "".join(f"f{at} = f{at - 1}\n" for at in range(1, 15_000)),
        "f5 = 1\n" + "if 1: f5 = f5\n" * 15_000,
        "".join(f"def f{at}():\n global g{at}\n f{at - 1}()\n" for at in range(1, 5000)),
        "".join(f"f{at} = [f{at - 1}, f{at // 2}]\n" for at in range(1, 5000)),
    ],
    ids=["functions", "aliases", "blocks", "globals", "lists"],
)
def test_tangled_source_is_survived(source: str) -> None:
    """Dependencies are followed within a budget, and a tangle is called one."""
    part = slice_for(module(f"{source}\ndef asked(): return f5, f4999"), ["asked"])
    assert part.bound or "too tangled" in part.missing["asked"]
