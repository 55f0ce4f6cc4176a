"""Files as cells: notebooks of every kind, modules, and what is neither."""

import json

import pytest

from grader.review.notebook import CUT, MAX_CELLS, MAX_SOURCE, UnreadableError, read_cells
from tests.review.hand_ins import code, markdown, notebook, picture, png


def test_read_cells_of_a_notebook() -> None:
    """Cells keep their number, marks, attachments and outputs."""
    held = markdown("text", item="1.1b", role="answer")
    held["attachments"] = {"a.png": {"image/png": png()}, "b.html": {"text/html": "<b>"}}
    cells = read_cells(notebook([held, code("x = 1", [picture()])]), "notebook")
    assert [(cell.number, cell.kind) for cell in cells] == [(1, "markdown"), (2, "code")]
    assert (cells[0].item, cells[0].role) == ("1.1b", "answer")
    assert list(cells[0].attachments) == ["a.png"]
    assert cells[1].outputs[0].kind == "picture"


def test_read_cells_of_an_old_notebook() -> None:
    """A notebook of format 3, with worksheets, is read too."""
    sheet = {"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["a\n", "b"]}]}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]}
    cells = read_cells(json.dumps(old).encode(), "notebook")
    assert [cell.source for cell in cells] == ["a\nb"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{broken", b"[]", b'"text"', b'{"nbformat": 4, "cells": 3}', b"\xff\xfe\x00", b"{}"],
)
def test_read_cells_of_no_notebook(content: bytes) -> None:
    """What is no notebook is said to be none."""
    with pytest.raises(UnreadableError):
        read_cells(content, "notebook")


def test_read_cells_of_a_strange_notebook() -> None:
    """Values of the wrong kind in a cell cost that value, not the page."""
    strange = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": "code", "source": "x", "metadata": {}, "outputs": []},
            {"cell_type": "markdown", "source": "y", "metadata": {"nla_grader": "z"}},
            {
                "cell_type": "code",
                "source": "z",
                "metadata": {},
                "outputs": [
                    {"output_type": "display_data", "data": {"image/png": "no", "text/plain": "t"}},
                    {"output_type": "error", "ename": "E", "evalue": 3, "traceback": []},
                    {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
                ],
            },
        ],
    }
    cells = read_cells(json.dumps(strange).encode(), "notebook")
    assert [output.kind for output in cells[2].outputs] == ["text", "error", "other"]


def test_read_cells_is_bounded() -> None:
    """Cells without end are cut, and a cut cell says so."""
    cells = read_cells(
        notebook([markdown("x" * (MAX_SOURCE + 9))] + [markdown("y")] * 3000), "notebook"
    )
    assert len(cells) == MAX_CELLS
    assert cells[0].source.endswith(CUT)


MODULE = '''\
"""Doc with $x$."""
# 1.1b Proof
# by the trace
import numpy as np

TEXT = """
# no comment
"""


def f(n):
    # inside
    return n


# %% [markdown] item="1.1c" role="answer"
# **Spectral** norm
# %%
x = 1
'''


def test_read_cells_of_a_module() -> None:
    """Docstrings and whole-line comments are text, marked cells Markdown, the rest code."""
    cells = read_cells(MODULE.encode(), "module")
    assert [cell.kind for cell in cells] == ["text", "code", "markdown", "code"]
    assert cells[0].source == "Doc with $x$.\n1.1b Proof\nby the trace"
    assert "# no comment" in cells[1].source
    assert "# inside" in cells[1].source
    assert (cells[2].item, cells[2].role, cells[2].source) == (
        "1.1c",
        "answer",
        "**Spectral** norm",
    )


def test_read_cells_of_a_module_with_odd_line_ends() -> None:
    """What only looks like a line's end moves no words over code."""
    text = 'x = "\x0c\u2028\x85"\r\n"""Proof\r\nof it"""\ry = 2\n#%% [md]\n# *so*\n'
    cells = read_cells(text.encode(), "module")
    assert [(cell.kind, cell.source) for cell in cells] == [
        ("code", 'x = "\x0c\u2028\x85"'),
        ("text", "Proof\nof it"),
        ("code", "y = 2"),
        ("markdown", "*so*"),
    ]


def test_read_cells_of_a_broken_module() -> None:
    """A syntax error does not hide the comments."""
    cells = read_cells(b"# Proof of 1.1b\ndef f(:\n    pass\n", "module")
    assert [cell.kind for cell in cells] == ["text", "code"]


def test_read_cells_with_a_pasted_picture() -> None:
    """A picture that is written into the text is lifted out, however large it is."""
    large = png(size=900, noise=True)
    assert len(large) > MAX_SOURCE
    (cell,) = read_cells(
        notebook([markdown(f"before ![p](data:image/png;base64,{large}) after")]), "notebook"
    )
    assert cell.source == "before ![p](attachment:pasted-1) after"
    assert cell.attachments["pasted-1"].address == f"data:image/png;base64,{large}"


def test_a_file_is_shown_as_what_it_is() -> None:
    """A notebook named `.py`, a module named `.ipynb`, and a module in another encoding."""
    (cell,) = read_cells(b'{"nbformat": 4, "cells": [{"source": "x = 1"}]}', "module")
    assert (cell.kind, cell.source) == ("code", "x = 1")
    (cell,) = read_cells(b"import math", "notebook")
    assert cell.source == "import math"
    cells = read_cells("# coding: cp1252\nx = '\u2026'".encode("cp1252"), "module")
    assert cells[-1].source == "x = '\u2026'"
