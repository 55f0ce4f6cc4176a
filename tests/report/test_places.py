"""grader/report/places.py: a cell's line is found in the notebook's file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import SubmissionInfo
from grader.report.places import line_in_file, notebook_line

CELLS = [
    {
        "cell_type": "markdown",
        "metadata": {"a": [1, {"source": ["no"]}]},
        "source": ["# 1.1\n", "x"],
    },
    {
        "cell_type": "code",
        "outputs": [{"text": ["def f():\n"]}],
        "source": ["import numpy\n", "\n", "def f(x):\n", '    return "}]" + x\n'],
    },
    {"cell_type": "code", "source": "one = 1\ntwo = 2"},
]


def notebook(indent: int | None = 1) -> bytes:
    return json.dumps({"metadata": {"cells": "no"}, "cells": CELLS}, indent=indent).encode()


@pytest.mark.parametrize(
    ("cell", "line", "text"),
    [(1, 1, "# 1.1"), (2, 1, "import numpy"), (2, 3, "def f"), (2, 4, "return"), (3, 2, "one = 1")],
)
def test_notebook_line_holds_the_cells_line(cell: int, line: int, text: str) -> None:
    """The line of the file is the one in which the cell's line is written."""
    found = notebook_line(notebook(), cell, line)
    assert found is not None
    assert text in notebook().decode().splitlines()[found - 1]


def test_notebook_line_of_a_compact_file_is_its_only_line() -> None:
    """A notebook written in one line has one."""
    assert notebook_line(notebook(None), 2, 3) == 1


@pytest.mark.parametrize(("cell", "line"), [(4, 1), (2, 9), (0, 1)])
def test_notebook_line_of_what_is_not_there_is_none(cell: int, line: int) -> None:
    """A place that the file lacks has no line."""
    assert notebook_line(notebook(), cell, line) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"cells": [',
        b"\xff",
        b'{"cells": [1, 2]}',
        b'{"cells": {}}',
        b"[" * 99_999,
    ],
)
def test_notebook_line_of_a_broken_file_is_none(raw: bytes) -> None:
    """A file that can't be read has no lines, and stops nothing."""
    assert notebook_line(raw, 1, 1) is None


@given(st.binary(max_size=40), st.integers(0, 60))
def test_notebook_line_survives_any_file(junk: bytes, at: int) -> None:
    """Damage anywhere gives a line of the file or none."""
    raw = notebook()
    damaged = raw[:at] + junk + raw[at + len(junk) :]
    found = notebook_line(damaged, 2, 3)
    assert found is None or 1 <= found <= damaged.count(b"\n") + 1


@pytest.mark.parametrize(
    ("feedback", "kind", "line"),
    [
        ("`f` raised ValueError: no (cell 2, line 3)", "notebook", True),
        ("`f` raised ValueError: no (cell 2, line 3, in f: return x)", "notebook", True),
        ("`f` raised ValueError: in cell 9, line 9 (cell 2, line 3)", "notebook", True),
        ("`f` is defined in cell 2, which can't be read: line 3: no", "notebook", True),
        ("f: expected 3, got 4", "notebook", False),
        ("`f` raised ValueError: no (a+b.py, line 7, in f: return x)", "module", True),
        ("`f` is defined in a+b.py, which can't be read: line 7: no", "module", True),
        ("f: expected 3, got 4", "module", False),
        ("f: expected 3, got line 4", "module", False),
    ],
)
def test_line_in_file_reads_the_last_place(feedback: str, kind: str, line: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The place at the end is the grader's; one within the message is the submission's."""
    submission = SubmissionInfo(name="a+b.py", sha256="", kind=kind)
    expected = notebook_line(notebook(), 2, 3) if kind == "notebook" else 7
    assert line_in_file(feedback, submission, notebook()) == (expected if line else None)
