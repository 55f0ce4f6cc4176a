"""Where feedback points to: a cell's line, as a line of the notebook's file."""

import json
import re
from collections.abc import Iterator
from typing import Any

from grader.model import SubmissionInfo

_LINE = r"(?:, line |, which can't be read: line )(\d{1,9})\b"
_SCANNER = json.JSONDecoder()
_SPACE = re.compile(r"[\s,:]*")


def line_in_file(feedback: str, submission: SubmissionInfo, source: bytes) -> int | None:
    """The line of the file that `feedback` points to, counted from 1; None where it names none.

    Args:
        feedback: Text such as "`f` raised ValueError: … (cell 12, line 3, in f: return x)"; the
            last place counts, since a message of the submission's own may come before it.
        submission: The file that was graded.
        source: The file's bytes; of a notebook the cells are looked up in them.
    """
    is_notebook = submission.kind == "notebook"
    label = r"\bcell (\d{1,9})" if is_notebook else f"()(?<!\\w){re.escape(submission.name)}"
    places = re.findall(label + _LINE, feedback)
    if not places:
        return None
    cell, line = places[-1]
    return notebook_line(source, int(cell), int(line)) if is_notebook else int(line)


def notebook_line(source: bytes, cell: int, line: int) -> int | None:
    """The line of the notebook's file that holds line `line` of cell `cell`, all from 1.

    None where the file has no such cell or can't be read; the first line of the cell's source
    where it is written as one string.
    """
    try:
        text = source.decode("utf-8-sig")
        start = next(_lines_of_cell(text, cell, line), None)
    except (ValueError, IndexError, RecursionError):
        return None
    return None if start is None else text.count("\n", 0, start) + 1


def _lines_of_cell(text: str, cell: int, line: int) -> Iterator[int]:
    """The offset of the line, if it is there."""
    for key, at in _members(text, _skip(text, 0)):
        if key != "cells" or text[at] != "[":
            continue
        # As the loader counts them: whatever is no object is no cell.
        cells = (start for start in _elements(text, at) if text[start] == "{")
        for number, start in enumerate(cells, start=1):
            if number == cell:
                yield from _line_of_source(text, start, line)


def _line_of_source(text: str, cell: int, line: int) -> Iterator[int]:
    for key, at in _members(text, cell):
        if key != "source":
            continue
        if text[at] != "[":
            yield at
            return
        passed = 0
        for start in _elements(text, at):
            piece, _ = _value(text, start)
            if not isinstance(piece, str):
                return
            passed += piece.count("\n") if piece.endswith("\n") else piece.count("\n") + 1
            if passed >= line:
                yield start
                return


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """(key, offset of its value) of the object that starts at `at`."""
    if text[at] != "{":
        raise ValueError("an object")
    at = _skip(text, at + 1)
    while text[at : at + 1] not in {"}", ""}:
        key, at = _value(text, at)
        at = _skip(text, at)
        yield str(key), at
        _, at = _value(text, at)
        at = _skip(text, at)


def _elements(text: str, at: int) -> Iterator[int]:
    """Offsets of the elements of the list that starts at `at`."""
    at = _skip(text, at + 1)
    while text[at : at + 1] not in {"]", ""}:
        yield at
        _, at = _value(text, at)
        at = _skip(text, at)


def _value(text: str, at: int) -> tuple[Any, int]:
    return _SCANNER.raw_decode(text, at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
