"""grader/submission/notebook.py: every version, every oddity, and the cells for who reads them."""

import base64
import json
import os
import time
from typing import Any

import pytest

from grader.errors import SubmissionError
from grader.submission import read_notebook, submission_from_bytes
from tests.submission.hand_ins import code, markdown, notebook_bytes, value


def refusal(raw: bytes) -> str:
    with pytest.raises(SubmissionError) as caught:
        read_notebook(raw, "ps1.ipynb")
    told = str(caught.value)
    assert told.startswith("ps1.ipynb: ")
    assert len(told) < 400
    return told


def test_read_notebook_keeps_what_a_reader_needs() -> None:
    """Kinds, numbers, attachments, outputs and metadata come in the order of the file."""
    picture = {"image/png": "aGVsbG8="}
    shown = {"output_type": "stream", "name": "stdout", "text": ["7\n", "8\n"]}
    found = read_notebook(
        notebook_bytes(
            markdown("![](attachment:a.png)", attachments={"a.png": picture}),
            code("print(7)", outputs=[shown], metadata={"tags": ["x"]}),
            {"cell_type": "raw", "source": "as it is", "metadata": {}},
            metadata={"kernelspec": {"language": "Python", "name": "python3"}},
        )
    )
    assert [(cell.number, cell.kind) for cell in found.cells] == [
        (1, "markdown"),
        (2, "code"),
        (3, "raw"),
    ]
    assert found.cells[0].attachments == {"a.png": picture}
    assert found.cells[1].outputs[0]["text"] == "7\n8\n"
    assert found.cells[1].metadata == {"tags": ["x"]}
    assert found.language == "python"


def test_version_3_is_converted() -> None:
    """Worksheets, `input`, headings and `pyout` are those of old notebooks."""
    raw: dict[str, Any] = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Title"], "metadata": {}},
                    {
                        "cell_type": "code",
                        "input": ["def f():\n", "    return 7"],
                        "language": "python",
                        "metadata": {},
                        "outputs": [
                            {
                                "output_type": "pyout",
                                "prompt_number": 1,
                                "text": "7",
                                "metadata": {},
                            }
                        ],
                    },
                ],
            }
        ],
    }
    found = read_notebook(json.dumps(raw).encode())
    assert found.cells[0].source == "## Title"
    assert found.cells[1].outputs[0]["output_type"] == "execute_result"
    assert value(submission_from_bytes("old.ipynb", json.dumps(raw).encode()), "f") == 7


@pytest.mark.parametrize("minor", [0, 2, 5, 9])
def test_minor_versions_are_read_in_silence(
    minor: int, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Missing cell ids, unknown keys and versions from the future are no news."""
    raw = notebook_bytes(code("def f(): return 7", novelty={"a": 1}), nbformat_minor=minor)
    assert value(submission_from_bytes("a.ipynb", raw), "f") == 7
    assert not recwarn.list
    assert not caplog.records


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "must be JSON, got in line 1 'Expecting value'"),
        (b'{"cells": [', "must be JSON"),
        (b"<html>", "must be JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"[]", "must be a notebook of nbformat 1 to 4"),
        (b"7", "must be a notebook of nbformat 1 to 4"),
        (b'{"nbformat": 7, "cells": []}', "must be a notebook of nbformat 1 to 4"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "must have a list of cells"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": 3}', "must have a list of cells"),
        (b'{"nbformat": 3, "worksheets": 3}', "must have a list of cells"),
        (b'{"nbformat": 1, "worksheets": [3]}', "must be a notebook"),
        (b'{"nbformat": true, "cells": [3]}', "must be a notebook"),
        (b'{"payload": {"blob": 7}}', "must have a list of cells"),
        (b'{"nbformat": 4, "cells": ' + b"9" * 10_000 + b"}", "must be"),
    ],
)
def test_what_is_no_notebook_is_refused(raw: bytes, words: str) -> None:
    """One clear line, whatever shape of wrong it is."""
    assert words in refusal(raw)


FUNCTION = "def f():\n    return 7"
INCOMPLETE: list[tuple[dict[str, Any], str]] = [
    ({"nbformat": 4, "nbformat_minor": 4, "cells": [code(FUNCTION)]}, "`metadata`"),
    ({"cells": [code(FUNCTION)], "metadata": {}}, "`nbformat`, `nbformat_minor`"),
    (
        {"nbformat": "4", "nbformat_minor": 5, "cells": [code(FUNCTION)], "metadata": []},
        "`nbformat`",
    ),
    ({"nbformat": 3, "nbformat_minor": 0, "cells": [code(FUNCTION)], "metadata": {}}, "`nbformat`"),
    ({"cells": [{"cell_type": "code", "source": FUNCTION}]}, "`outputs`, `execution_count`"),
    ({"cells": [code(FUNCTION, metadata=[])]}, "`metadata`"),
    ({"cells": [{"source": FUNCTION.splitlines(keepends=True)}]}, "`cell_type`"),
    ({"cells": [{"cell_type": "markdown"}, {"cell_type": "code"}, code(FUNCTION)]}, "`source`"),
    ({"cells": [code(FUNCTION), {**code(""), "source": 3}]}, "`source`"),
    ({"cells": [code(FUNCTION), {**code(""), "source": [3]}]}, "`source`"),
    ({"cells": [code(FUNCTION), 3, None]}, "`cells`"),
    ({"cells": [code(FUNCTION, outputs=None)]}, "`outputs`"),
    ({"cells": [code(FUNCTION, outputs=[7])]}, "`outputs`"),
    (
        {"cells": [code(FUNCTION, outputs=[{"output_type": "stream", "text": [7]}])]},
        "outputs can't",
    ),
    ({"cells": [code(FUNCTION, attachments=[7])]}, "outputs can't"),
    ({"worksheets": [{"cells": [{"cell_type": "code", "input": FUNCTION}]}, 7]}, "`nbformat`"),
]
"""What other tools write, or hands have edited, and what the notes name."""


@pytest.mark.parametrize(("content", "words"), INCOMPLETE)
def test_what_a_notebook_lacks_is_filled_in(content: dict[str, Any], words: str) -> None:
    """Jupyter opens such files; the code counts and a note says what was missing."""
    found = submission_from_bytes("a.ipynb", json.dumps(content).encode())
    assert value(found, "f") == 7
    assert words in " ".join(found.notes)


def test_fat_outputs_are_read_in_seconds() -> None:
    """Fifty megabytes of pictures do not matter."""
    picture = base64.b64encode(os.urandom(750_000)).decode()
    shown = {"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}}
    raw = notebook_bytes(*[code(f"def f{at}(): return {at}", outputs=[shown]) for at in range(50)])
    assert len(raw) > 50_000_000
    began = time.process_time()
    assert value(submission_from_bytes("a.ipynb", raw), "f49") == 49
    assert time.process_time() - began < 5


@pytest.mark.parametrize("unit", ["{}", "1"])
def test_a_notebook_of_tiny_values_is_refused(unit: str) -> None:
    """What is small in the file may be huge in memory."""
    shown = {"output_type": "display_data", "data": {"application/json": "HERE"}, "metadata": {}}
    raw = notebook_bytes(code("x = 1", outputs=[shown]))
    many = ",".join([unit] * (600_000 if unit == "{}" else 12_000_001))
    assert "must hold at most" in refusal(raw.replace(b'"HERE"', f"[{many}]".encode()))
