"""Defaults for what a notebook's JSON lacks: many tools that write notebooks leave parts out."""

from collections.abc import Iterator
from typing import Any

SHEETS_VERSIONS, CELLS_VERSION = (2, 3), 4
"""Versions of nbformat; the older ones have their cells in worksheets."""
REPAIRED = (*SHEETS_VERSIONS, CELLS_VERSION)
TEXT_KEYS = ("source", "input")


def repair(notebook: dict[str, Any]) -> tuple[str, ...]:
    """Fill defaults in, in place.

    Returns:
        What was missing or not of its kind, such as `metadata`; each once.
    """
    return tuple(dict.fromkeys(_repair(notebook)))


def drop_outputs(notebook: dict[str, Any]) -> None:
    """Leave out, in place, what can be of too many kinds to be checked part by part."""
    for cells in _lists_of_cells(notebook) if notebook["nbformat"] in REPAIRED else ():
        for cell in cells:
            cell.pop("attachments", None)
            if "outputs" in cell:
                cell["outputs"] = []


def _repair(notebook: dict[str, Any]) -> Iterator[str]:
    version = notebook.get("nbformat")
    if not isinstance(version, int) or version in REPAIRED:
        sheets = "cells" not in notebook and "worksheets" in notebook
        fitting = SHEETS_VERSIONS if sheets else (CELLS_VERSION,)
        notebook["nbformat"] = version if version in fitting else fitting[-1]
    if version != notebook["nbformat"]:
        yield "nbformat"
    if notebook["nbformat"] not in REPAIRED:
        return
    if not isinstance(notebook.get("nbformat_minor"), int):
        notebook["nbformat_minor"] = 0
        yield "nbformat_minor"
    yield from _default(notebook, "metadata", {})
    if notebook["nbformat"] in SHEETS_VERSIONS and isinstance(notebook.get("worksheets"), list):
        notebook["worksheets"] = [
            sheet
            for sheet in notebook["worksheets"]
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
        ]
    for cells in _lists_of_cells(notebook):
        kept = [cell for cell in cells if isinstance(cell, dict)]
        if len(kept) < len(cells):
            cells[:] = kept
            yield "cells"
        for cell in cells:
            yield from _repair_cell(cell)


def _lists_of_cells(notebook: dict[str, Any]) -> Iterator[list[Any]]:
    places = [notebook]
    if notebook["nbformat"] in SHEETS_VERSIONS:
        sheets = notebook.get("worksheets")
        places = sheets if isinstance(sheets, list) else []
    found = (place.get("cells") for place in places)
    yield from (cells for cells in found if isinstance(cells, list))


def _repair_cell(cell: dict[str, Any]) -> Iterator[str]:
    yield from _default(cell, "metadata", {})
    yield from _default(cell, "cell_type", "code")
    for key in TEXT_KEYS:
        if key in cell and not _is_text(cell[key]):
            cell[key] = ""
            yield key
    if not any(key in cell for key in TEXT_KEYS):
        # Version 3 has another name for the source of code alone; an empty cell needs neither.
        cell["source"] = ""
        yield "source"
    if cell["cell_type"] == "code":
        yield from _default(cell, "outputs", [])
        kept = [output for output in cell["outputs"] if isinstance(output, dict)]
        if len(kept) < len(cell["outputs"]):
            cell["outputs"] = kept
            yield "outputs"
        if "execution_count" not in cell and "input" not in cell:
            cell["execution_count"] = None
            yield "execution_count"


def _default(place: dict[str, Any], key: str, default: Any) -> Iterator[str]:
    if not isinstance(place.get(key), type(default)):
        place[key] = default
        yield key


def _is_text(value: Any) -> bool:
    lines = value if isinstance(value, list) else [value]
    return all(isinstance(line, str) for line in lines)
