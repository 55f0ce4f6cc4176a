"""What was handed in, as cells to look at. Reads bytes, runs nothing."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grader.errors import SubmissionError
from grader.review.module import module_stretches
from grader.review.pictures import KINDS, Picture, lift_pictures, picture_from
from grader.submission import read_notebook
from grader.submission.content import suffix_by_content
from grader.submission.file_names import MODULE_SUFFIX, NOTEBOOK_SUFFIX
from grader.submission.text import decode_module

MAX_CELLS = 2000
MAX_MARK = 40
"""Characters of the template's mark on a cell."""
MAX_SOURCE = 200_000
"""Characters of one cell; what is beyond is cut, and said to be."""
MAX_TEXT = 3_000_000
"""Characters of all cells; cells beyond are empty, and said to be."""
CUT = "\n… cut here: the cell is too long to be shown whole"

CUT_HERE = "\n… cut here: the hand-in is too long to be shown whole"


@dataclass(frozen=True)
class Output:
    """One thing that a cell has shown."""

    kind: str
    """`picture`, `markdown`, `latex`, `html`, `text`, `printed`, `error` or `other`."""
    text: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook, or one stretch of a module."""

    number: int
    """From 1, as a reader counts."""
    kind: str
    """`markdown`, `text` (shown as it is) or `code`."""
    source: str
    outputs: tuple[Output, ...] = ()
    attachments: Mapping[str, Picture] = field(default_factory=dict)
    item: str = ""
    """The item that the template has marked this cell for."""
    role: str = ""
    """`question` or `answer`, by the template's mark."""


class UnreadableError(ValueError):
    """The file can't be read as a notebook or a module."""


def read_cells(content: bytes, kind: str, *, plain: bool = False) -> tuple[Cell, ...]:
    """The cells of a notebook, or of a module with its comments and docstrings as text.

    Args:
        content: The file's bytes.
        kind: `notebook` or `module`, by the file's name; clear content goes before it.
        plain: Read a module by its lines alone, where parsing it takes too long.

    Raises:
        UnreadableError: the bytes are no notebook where one is wanted.
    """
    suffix = suffix_by_content(content, NOTEBOOK_SUFFIX if kind == "notebook" else MODULE_SUFFIX)
    if suffix == NOTEBOOK_SUFFIX:
        return tuple(_bounded(_notebook_cells(content)))
    try:
        text, _ = decode_module("the file", content)
    except SubmissionError:
        text = content.decode("utf-8", errors="replace")
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + CUT_HERE
    return tuple(_bounded(_module_cells(text, plain=plain)))


def _bounded(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Cells with text that is fit to be encoded, of no more than `MAX_TEXT` in all."""
    room = MAX_TEXT
    for cell in cells:
        source = encodable(cell.source)
        if len(source) > room:
            source = source[:room] + CUT_HERE
        room -= min(len(source), room)
        outputs = tuple(replace(one, text=encodable(one.text)) for one in cell.outputs)
        yield replace(cell, source=source, outputs=outputs)


def encodable(text: str) -> str:
    """`text` with lone surrogates, which no encoding has, replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _notebook_cells(content: bytes) -> Iterator[Cell]:
    try:
        found = read_notebook(content, "the file").cells
    except SubmissionError as exc:
        raise UnreadableError(str(exc)) from exc
    for cell in found[:MAX_CELLS]:
        mark = _mapping(cell.metadata.get("nla_grader"))
        source, pasted = lift_pictures(cell.source)
        yield Cell(
            number=cell.number,
            kind=cell.kind if cell.kind in {"markdown", "code"} else "text",
            source=_cut(source),
            outputs=tuple(_outputs(cell.outputs)),
            attachments=_attachments(cell.attachments) | pasted,
            item=encodable(str(mark.get("item", ""))[:MAX_MARK]),
            role=encodable(str(mark.get("role", ""))[:MAX_MARK]),
        )


def _attachments(held: Mapping[str, Any]) -> dict[str, Picture]:
    found = {}
    for name, bundle in held.items():
        picture = _picture(_mapping(bundle))
        if picture is not None:
            found[encodable(str(name))] = picture
    return found


def _outputs(outputs: Sequence[Mapping[str, Any]]) -> Iterator[Output]:
    for shown in outputs:
        kind = shown.get("output_type")
        if kind == "stream":
            yield Output("printed", _text(shown.get("text")))
        elif kind == "error":
            lines = shown.get("traceback")
            told = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
            name = f"{shown.get('ename', 'error')}: {shown.get('evalue', '')}"
            yield Output("error", f"{name}\n{told}")
        elif kind in {"display_data", "execute_result", "update_display_data"}:
            yield _richest(_mapping(shown.get("data")))


RICH = (
    ("text/markdown", "markdown"),
    ("text/latex", "latex"),
    ("text/html", "html"),
    ("text/plain", "text"),
)
"""Texts that an output may hold, the one that is shown first."""


def _richest(data: Mapping[str, Any]) -> Output:
    picture = _picture(data)
    if picture is not None:
        return Output("picture", _text(data.get("text/plain")), picture)
    for mime, kind in RICH:
        if mime in data:
            return Output(kind, _text(data[mime]))
    return Output("other", ", ".join(sorted(map(str, data)))[:200])


def _picture(data: Mapping[str, Any]) -> Picture | None:
    for mime in KINDS:
        if mime in data:
            picture = picture_from(mime, _text(data[mime]))
            if picture is not None:
                return picture
    return None


def _module_cells(text: str, *, plain: bool) -> Iterator[Cell]:
    for number, part in enumerate(module_stretches(text, plain=plain), 1):
        if number > MAX_CELLS:
            return
        yield Cell(number, part.kind, _cut(part.source), item=part.item, role=part.role)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return "" if value is None else json.dumps(value, default=str)[:MAX_SOURCE]


def _cut(source: str) -> str:
    return source if len(source) <= MAX_SOURCE else source[:MAX_SOURCE] + CUT
