"""A notebook's cells: code for the loader, and all the rest for who reads answers.

Who shows a hand-in to a person calls `read_notebook(raw).cells`: Markdown cells, attachments,
outputs and metadata are there in the order of the file, and `Cell.number` is the number that
feedback calls a cell by. `Submission` keeps none of this, so that a class fits into memory.
"""

import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from grader.errors import SubmissionError
from grader.submission.repair import drop_outputs, repair
from grader.submission.text import decode, plain_lines, shown

MAX_BYTES = 100 << 20
"""Size of a file, 100 MiB: what is larger holds pictures or data that no grading needs."""
MAX_VALUES = 3_000_000
MAX_OBJECTS = 500_000
"""Values in a notebook; a file of braces and commas alone would fill the memory."""
VALUE = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{,]', re.DOTALL)
"""What each value of a JSON text has at least one of; without backtracking, so in linear time."""
NBFORMAT = 4
KINDS = ("code", "markdown", "raw")


@dataclass(frozen=True)
class Cell:
    """One cell, as it was handed in."""

    number: int
    """From 1 over all cells, Markdown included, as a person counts them in the notebook."""
    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, Any] = field(default_factory=dict)
    """File name -> {MIME type: base64 text}; the source names it `attachment:NAME`."""
    outputs: tuple[Mapping[str, Any], ...] = ()
    """As nbformat 4 has them; empty for a cell without code."""


@dataclass(frozen=True)
class Notebook:
    """A notebook of any version, as nbformat 4."""

    cells: tuple[Cell, ...]
    language: str = ""
    """What its kernel speaks, in lower case; empty where the file does not say."""
    notes: tuple[str, ...] = ()
    """What a person should know: parts that the file lacks."""


def read_notebook(raw: bytes, name: str = "notebook") -> Notebook:
    """The cells of a notebook; versions before 4 are converted.

    Args:
        raw: The file's bytes.
        name: What messages call it.

    Raises:
        SubmissionError: the bytes are no notebook, or one too large to be read.
    """
    check_size(name, len(raw))
    text = decode(name, raw)
    if sum(1 for _ in islice(VALUE.finditer(text), MAX_VALUES + 1)) > MAX_VALUES:
        raise _too_full(name)
    parsed = _parsed(text, name)
    lacking = repair(parsed)
    if not isinstance(parsed.get("cells", parsed.get("worksheets")), list):
        raise SubmissionError(
            f"{name}: the notebook must have a list of cells, got none; submit the file that "
            "Jupyter saves"
        )
    found, has_outputs = _converted(parsed, name)
    return Notebook(
        tuple(_cell(number, cell, name) for number, cell in enumerate(found["cells"], start=1)),
        _language(found),
        tuple(_notes(lacking, has_outputs=has_outputs)),
    )


def check_size(name: str, size: int) -> None:
    """Refuse a file that is too large.

    Raises:
        SubmissionError: it is.
    """
    if size > MAX_BYTES:
        raise SubmissionError(
            f"{name}: the file must be at most {MAX_BYTES >> 20} MiB, got {size / (1 << 20):.1f}; "
            "clear the outputs of its cells and submit it again"
        )


def _notes(lacking: Sequence[str], *, has_outputs: bool) -> Iterator[str]:
    if lacking:
        named = ", ".join(f"`{key}`" for key in lacking)
        yield f"the notebook's file has parts without a valid {named}; defaults were filled in"
    if not has_outputs:
        yield "the notebook's outputs can't be read and are left out"


def _parsed(text: str, name: str) -> dict[str, Any]:
    """What the file holds, as JSON."""
    objects = 0

    def counted(value: dict[str, Any]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        if objects > MAX_OBJECTS:
            raise _too_full(name)
        return value

    try:
        found = json.loads(text, object_hook=counted)
    except (RecursionError, MemoryError) as exc:
        raise SubmissionError(f"{name}: the notebook must be JSON, got it nested too deep") from exc
    # Besides faults of JSON, an integer of too many digits.
    except ValueError as exc:
        raise SubmissionError(
            f"{name}: the notebook must be JSON, got {_json_fault(exc)}; open it in Jupyter, save "
            "it and submit it again"
        ) from exc
    if not isinstance(found, dict):
        raise SubmissionError(
            f"{name}: the file must be a notebook of nbformat 1 to 4, got JSON of another kind"
        )
    return found


def _converted(parsed: dict[str, Any], name: str) -> tuple[Mapping[str, Any], bool]:
    """The notebook in version 4, and whether its outputs are in it."""
    try:
        return _upgraded(parsed), True
    # Each shape of JSON that is no notebook fails in its own way inside nbformat.
    except Exception:  # noqa: BLE001 - what is wrong apart from the outputs is told below
        drop_outputs(parsed)
    try:
        return _upgraded(parsed), False
    except (RecursionError, MemoryError) as exc:
        raise SubmissionError(f"{name}: the notebook must be JSON, got it nested too deep") from exc
    except Exception as exc:
        raise SubmissionError(
            f"{name}: the file must be a notebook of nbformat 1 to 4, got JSON that nbformat "
            f"refuses: {shown(str(exc) or type(exc).__name__)}"
        ) from exc


def _upgraded(parsed: dict[str, Any]) -> Mapping[str, Any]:
    import nbformat  # noqa: PLC0415 - a module has no need of it

    version = parsed["nbformat"]
    if version not in nbformat.versions:
        raise nbformat.NBFormatError(f"Unsupported nbformat version {version}")
    log = logging.getLogger("traitlets")
    was_off, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader: Any = nbformat.versions[version]
            found = reader.to_notebook_json(parsed, minor=parsed.get("nbformat_minor", 0))
            if version != NBFORMAT:
                found = nbformat.convert(found, NBFORMAT)  # type: ignore[no-untyped-call]
    finally:
        log.disabled = was_off
    return _mapping(found)


def _too_full(name: str) -> SubmissionError:
    return SubmissionError(
        f"{name}: the notebook must hold at most {MAX_VALUES:,} values and {MAX_OBJECTS:,} "
        "objects, got more; clear the outputs of its cells and submit it again"
    )


def _json_fault(exc: ValueError) -> str:
    if isinstance(exc, json.JSONDecodeError):
        return f"in line {exc.lineno} {shown(exc.msg)!r}"
    return shown(str(exc))


def _cell(number: int, cell: Any, name: str) -> Cell:
    if not isinstance(cell, Mapping) or not isinstance(cell.get("source", ""), str):
        raise SubmissionError(f"{name}: cell {number} must have a source of text, got none")
    kind = cell.get("cell_type")
    outputs = cell.get("outputs")
    return Cell(
        number=number,
        kind=kind if kind in KINDS else "raw",
        source=plain_lines(cell.get("source", "")),
        metadata=_mapping(cell.get("metadata")),
        attachments=_mapping(cell.get("attachments")),
        outputs=tuple(one for one in outputs if isinstance(one, Mapping))
        if kind == "code" and isinstance(outputs, list)
        else (),
    )


def _language(notebook: Mapping[str, Any]) -> str:
    metadata = _mapping(notebook.get("metadata"))
    for place, key in (("kernelspec", "language"), ("language_info", "name")):
        value = _mapping(metadata.get(place)).get(key)
        if isinstance(value, str) and value:
            return value.lower()
    return ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
