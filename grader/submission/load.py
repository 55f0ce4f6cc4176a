"""Read a hand-in: a file's bytes become cells, cells become statements. Nothing is run."""

import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from grader.errors import SubmissionError
from grader.submission.magics import plain_python
from grader.submission.notebook import check_size, read_notebook
from grader.submission.program import Program
from grader.submission.python import BrokenSourceError, parse
from grader.submission.statements import Statement, Unused, has_future, statements_of
from grader.submission.text import decode, shown

NOTEBOOK, MODULE = "notebook", "module"
KINDS = {".ipynb": NOTEBOOK, ".py": MODULE}
MAX_CODE = 1 << 21
"""Characters of code in all."""
MAX_STATEMENTS = 20_000
MAX_NOTES = 12
CELL_MARK = re.compile(r"# (%%|In\s?\[)")
"""A line that begins a cell in a module that was a notebook, or is run like one."""
QUIET_MAGICS = frozenset(
    {
        "bash",
        "cmd",
        "html",
        "javascript",
        "js",
        "latex",
        "markdown",
        "sh",
        "script",
        "svg",
        "timeit",
    }
)
"""Cell magics that bind nothing when a notebook is run, so that nobody need hear of them."""


@dataclass(frozen=True)
class Parsed:
    """One submission, read and analysed."""

    name: str
    """The file's name, fit to be shown."""
    sha256: str
    """Of the file's bytes, in hexadecimal digits."""
    kind: str
    """`notebook` or `module`."""
    notes: tuple[str, ...] = ()
    """What a person should know: cells that are left out, and why."""
    program: Program = field(default_factory=lambda: Program((), ()), repr=False, compare=False)
    """Its statements, for `slice_of`."""


def parse_submission(name: str, raw: bytes) -> Parsed:
    """Read a submission in this process; `reader` does it in one that can be ended.

    Args:
        name: Its file name; the suffix, `.ipynb` or `.py`, says what it is.
        raw: Its bytes.

    Raises:
        SubmissionError: it can't be read at all. A syntax error is no such case: what is broken is
            left out with a note, and the other cells count.
    """
    suffix, name = Path(name).suffix.lower(), shown(name)
    if suffix not in KINDS:
        raise SubmissionError(
            f"{name}: the submission must be a notebook (.ipynb) or a module (.py), got the suffix "
            f"{suffix!r}"
        )
    check_size(name, len(raw))
    kind = KINDS[suffix]
    reader = _Reader()
    with warnings.catch_warnings():
        # Those of the submission's own source, such as an invalid escape, are no news to staff.
        warnings.simplefilter("ignore")
        if kind == NOTEBOOK:
            reader.read_cells(name, raw)
        else:
            reader.read_module(name, raw)
    return Parsed(
        name=name,
        sha256=hashlib.sha256(raw).hexdigest(),
        kind=kind,
        notes=tuple(_cut(reader.notes)),
        program=Program(tuple(reader.statements), tuple(reader.unused)),
    )


class _Reader:
    """Collects statements, what is left out, and notes."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.unused: list[Unused] = []
        self.notes: list[str] = []
        self._future = False

    def read_cells(self, name: str, raw: bytes) -> None:
        notebook = read_notebook(raw, name)
        cells = [cell for cell in notebook.cells if cell.kind == "code" and cell.source.strip()]
        if not cells:
            raise SubmissionError(
                f"{name}: the notebook must have cells with code, got "
                f"{len(notebook.cells)} cells and no code in them"
            )
        if notebook.language not in {"", "python", "ipython"}:
            self.notes.append(
                f"the notebook says that its language is {shown(notebook.language)!r}; its cells "
                "are read as Python"
            )
        _check_code(name, sum(len(cell.source) for cell in cells))
        for cell in cells:
            label = f"cell {cell.number}"
            try:
                plain = plain_python(cell.source)
            except BrokenSourceError as exc:
                self._leave_out(label, cell.source, exc)
                continue
            if plain.magic:
                self._leave_out_magic(label, cell.source, plain.magic)
            self._future |= has_future(plain.nodes)
            lines = plain.source.split("\n")
            self._add(
                name,
                statements_of(plain.nodes, lines, label, cell.number, future=self._future),
            )

    def read_module(self, name: str, raw: bytes) -> None:
        source = decode(name, raw)
        if not source.strip():
            raise SubmissionError(f"{name}: the module must hold code, got an empty file")
        _check_code(name, len(source))
        try:
            nodes = parse(source)
        except BrokenSourceError as exc:
            self._leave_out(name, source, exc)
            return
        lines = source.split("\n")
        marks = [at for at, line in enumerate(lines, 1) if CELL_MARK.match(line)]
        future, cell = has_future(nodes), 0
        for node in nodes:
            # A mark within a statement is a line of a string, and begins nothing.
            while cell < len(marks) and marks[cell] < node.lineno:
                cell += 1
            self._add(name, statements_of([node], lines, name, cell, future=future))

    def _add(self, name: str, found: Iterator[Statement | Unused]) -> None:
        room = MAX_STATEMENTS - len(self.statements) - len(self.unused)
        for one in islice(found, room + 1):
            if isinstance(one, Statement):
                self.statements.append(one)
            else:
                self.unused.append(one)
                if one.note:
                    self.notes.append(f"{one.label} {one.note}")
        if len(self.statements) + len(self.unused) > MAX_STATEMENTS:
            raise SubmissionError(
                f"{name}: the code must have at most {MAX_STATEMENTS} statements at the top level, "
                "got more"
            )

    def _leave_out(self, label: str, source: str, exc: BrokenSourceError) -> None:
        self.unused.append(Unused(label, source, f"which {exc.told()}; mend it"))
        self.notes.append(f"{label} {exc.told()}; it is left out")

    def _leave_out_magic(self, label: str, source: str, magic: str) -> None:
        why = f"below `%%{shown(magic)}`, which keeps no definitions; remove that line"
        self.unused.append(Unused(label, source, why))
        if magic not in QUIET_MAGICS:
            self.notes.append(f"{label} begins with `%%{shown(magic)}` and is left out")


def _check_code(name: str, length: int) -> None:
    if length > MAX_CODE:
        raise SubmissionError(
            f"{name}: the code must have at most {MAX_CODE} characters, got {length}; keep data "
            "out of it"
        )


def _cut(notes: list[str]) -> Iterator[str]:
    yield from notes[:MAX_NOTES]
    if len(notes) > MAX_NOTES:
        yield f"and {len(notes) - MAX_NOTES} more notes like these"
