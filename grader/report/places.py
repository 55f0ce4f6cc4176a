"""Where feedback points to: a cell's line, as a line of the notebook's file."""

import json
import re
from collections.abc import Iterator
from typing import Any

_PLACE = re.compile(r"\bcell (\d+), line (\d+)")
_MODULE_PLACE = re.compile(r"\bline (\d+)\)?$")
_SCANNER = json.JSONDecoder()
_SPACE = re.compile(r"[\s,:]*")


def line_in_file(feedback: str, kind: str, source: bytes) -> int | None:
    """The line of the file that `feedback` ends with pointing to, counted from 1.

    Args:
        feedback: Text such as "`f` raised ValueError: … (cell 12, line 3)".
        kind: `notebook` or `module`.
        source: The file's bytes; of a notebook the cells are looked up in them.
    """
    if kind != "notebook":
        found = _MODULE_PLACE.search(feedback)
        return int(found[1]) if found else None
    places = _PLACE.findall(feedback)
    if not places:
        return None
    cell, line = (int(number) for number in places[-1])
    return notebook_line(source, cell, line)


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
        for number, start in enumerate(_elements(text, at), start=1):
            if number == cell and text[start] == "{":
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
