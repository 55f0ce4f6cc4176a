"""grader/submission/marimo.py: the cells of a marimo notebook, in the order in which they run."""

import time

import pytest

from grader.submission import slice_for
from grader.submission.load import parse_submission
from tests.submission.hand_ins import module, sources, value

NOTEBOOK = '''import marimo

__generated_with = "0.10.9"
app = marimo.App(width="medium")

with app.setup:
    import functools


@app.cell
def _(mo, seven):
    mo.md(r"""
    The *product*.
    """)

    @functools.cache
    def f(x):
        """
Times `seven`.
        """
        if x:
            return (x *
    seven)
        else:
            return twice(seven)
    return (f,)


@app.cell
def _(math):
    # The number.
    seven = math.floor(7.5)
    text = """one
    two"""
    return seven, text


@app.cell(hide_code=True)
def _():
    import math
    import marimo as mo
    return math, mo


@app.function
def twice(x):
    return 2 * x


app._unparsable_cell(
    r"""
    def g(:
    """,
    name="_"
)


if __name__ == "__main__":
    app.run()
'''


def test_the_cells_of_marimo_are_read() -> None:
    """Bodies of cells count at the left margin, whatever their order in the file."""
    found = module(NOTEBOOK)
    assert value(found, "f", 2) == 14
    assert value(found, "f", 0) == 14
    assert not found.notes
    part = slice_for(found, ["f", "text"])
    assert 'text = """one\n    two"""' in sources(part)
    assert not any("marimo" in source for source in sources(part))
    lines = NOTEBOOK.split("\n")
    for chunk in part.chunks:
        assert lines[chunk.first_line - 1].strip() == chunk.source.split("\n")[0]


def test_what_marimo_could_not_parse_is_named() -> None:
    """Such a cell is a string in the file."""
    told = slice_for(module(NOTEBOOK), ["g"]).missing["g"]
    line = NOTEBOOK[: NOTEBOOK.index("app._unparsable_cell")].count("\n") + 1
    assert told == f"`g` is defined in ps1.py, line {line}, which marimo could not parse"


@pytest.mark.parametrize(
    "source",
    [
        # Two cells that need each other, a cell by hand, and a broken one beside good ones.
        NOTEBOOK + "@app.cell\ndef _(a):\n    b = a\n    return b,\n\n"
        "@app.cell\ndef _(b):\n    a = b\n    return a,\n",
        NOTEBOOK + "@app.cell\ndef _(): x = 1; return x,\n",
        NOTEBOOK + "@app.cell\ndef _(:\n    x = 1\n",
        NOTEBOOK.replace("import marimo\n", "import marimo as m\n").replace("marimo.App", "m.App"),
    ],
    ids=["cycle", "one line", "broken", "alias"],
)
def test_odd_notebooks_of_marimo_lose_nothing_else(source: str) -> None:
    """The other cells count."""
    assert value(module(source), "f", 2) == 14


@pytest.mark.parametrize(
    "source",
    [
        "@app.cell\ndef _(a):\n    return f'''" + "\n{a}" * 2_000 + "'''\n",
        "@app.cell\ndef _(a):\n    return a,\n" * 6_000,
        "".join(
            f"@app.cell\ndef _(a{at}):\n    a{at + 1} = 1\n    return a{at + 1},\n"
            for at in range(5_000)
        ),
    ],
    ids=["f-string", "same", "chain"],
)
def test_marimo_takes_linear_time(source: str) -> None:
    """Also where cells need each other in a long chain."""
    began = time.process_time()
    parse_submission("ps1.py", f"import marimo\napp = marimo.App()\n{source}".encode())
    assert time.process_time() - began < 5
