"""From the text of a submission to its statements, with the reasons for what is left out."""

import ast
import re
from collections.abc import Sequence
from itertools import islice

from grader.errors import SubmissionError
from grader.names import shortened
from grader.submission.blocks import read_parts
from grader.submission.magics import plain_python
from grader.submission.marimo import read_marimo
from grader.submission.notebook import Notebook
from grader.submission.parts import CELL_MARK, Part
from grader.submission.python import BrokenSourceError
from grader.submission.statements import Statement, Unused, has_future, statements_of
from grader.submission.text import shown

MAX_CODE = 1 << 21
"""Characters of code in all."""
MAX_STATEMENTS = 20_000
MAX_FIRST_LINE = 40
"""Characters of the first line of what is left out that a note repeats."""
QUIET_MAGICS = frozenset(
    {"bash", "cmd", "html", "javascript", "js", "latex", "markdown", "sh", "script", "svg"}
    | {"timeit"}
)
"""Cell magics that bind nothing when a notebook is run, so that nobody need hear of them."""
COMMENTED = re.compile(
    r"^[ \t]*#[# \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w{1,80})[ \t]*[(:]", re.MULTILINE
)
"""A definition that is commented out."""
QUOTED = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w{1,80})[ \t]*[(:]", re.MULTILINE)
"""One within a string."""


class Collector:
    """Collects the statements of one submission, what is left out, and notes.

    Args:
        name: Of the file, fit to be shown.
    """

    def __init__(self, name: str) -> None:
        self.statements: list[Statement] = []
        self.unused: list[Unused] = []
        self.disabled: dict[str, str] = {}
        """Name whose definition stands in a comment or a string -> what to say of it."""
        self.notes: list[str] = []
        self._name = name
        self._future = False

    def add_notebook(self, notebook: Notebook) -> None:
        """Collect from the cells of a notebook.

        Raises:
            SubmissionError: it has no code, or too much.
        """
        self.notes.extend(notebook.notes)
        cells = [cell for cell in notebook.cells if cell.kind == "code" and cell.source.strip()]
        if not cells:
            raise SubmissionError(
                f"{self._name}: the notebook must have cells with code, got "
                f"{len(notebook.cells)} cells and no code in them"
            )
        if notebook.language not in {"", "python", "ipython"}:
            self.notes.append(
                f"the notebook says that its language is {shown(notebook.language)!r}; its cells "
                "are read as Python"
            )
        self._check_length(sum(len(cell.source) for cell in cells))
        for cell in cells:
            label = f"cell {cell.number}"
            self._note_comments(label, cell.source)
            try:
                plain = plain_python(cell.source)
            except BrokenSourceError as exc:
                self._leave_out(label, cell.source, exc.told(), "it is left out")
                continue
            if plain.magic:
                self._leave_out_magic(label, cell.source, plain.magic)
            self._future |= has_future(plain.nodes)
            self._add(plain.nodes, plain.source.split("\n"), label, cell.number)

    def add_module(self, source: str) -> None:
        """Collect from a module.

        Raises:
            SubmissionError: it has too much code.
        """
        self._check_length(len(source))
        self._note_comments(self._name, source)
        lines, nodes = source.split("\n"), list[ast.stmt]()
        marks = [at for at, line in enumerate(lines, 1) if CELL_MARK.match(line)]
        for part in read_parts(lines):
            self._leave_out_part(part, lines[part.start : part.end])
            nodes += part.nodes
        self._future = has_future(nodes)
        if found := read_marimo(nodes, lines):
            cells, unparsable = found
            for one in unparsable:
                why = "which marimo could not parse"
                self.unused.append(Unused(f"{self._name}, line {one.line}", one.source, why))
            for at, marimo_cell in enumerate(cells):
                self._add(marimo_cell.nodes, lines, self._name, at)
            return
        cell = 0
        for node in nodes:
            # A mark within a statement is a line of a string, and begins nothing.
            while cell < len(marks) and marks[cell] < node.lineno:
                cell += 1
            self._add([node], lines, self._name, cell)

    def _add(self, nodes: Sequence[ast.stmt], lines: Sequence[str], label: str, cell: int) -> None:
        found = statements_of(nodes, lines, label, cell, future=self._future)
        for one in islice(found, MAX_STATEMENTS + 1):
            if isinstance(one, Unused):
                self.unused.append(one)
                if one.note:
                    self.notes.append(f"{one.label} {one.note}")
                continue
            self.statements.append(one)
            match one.node:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    how = "stands within a string in {}; remove the quotes around it"
                    self._note_disabled(QUOTED, text, one.label, one.line, how)
        self._check_statements()

    def _note_comments(self, label: str, source: str) -> None:
        how = "is commented out in {}; remove the comment signs"
        self._note_disabled(COMMENTED, source, label, 1, how)

    def _note_disabled(
        self, pattern: re.Pattern[str], text: str, label: str, first: int, how: str
    ) -> None:
        line, at = first, 0
        for found in islice(pattern.finditer(text), MAX_STATEMENTS):
            line += text.count("\n", at, found.start())
            at = found.start()
            self.disabled[found[1]] = how.format(f"{label}, line {line}")

    def _leave_out_part(self, part: Part, lines: Sequence[str]) -> None:
        first = part.start + 1
        if part.magic:
            self._leave_out_magic(f"{self._name}, line {first}", "\n".join(lines), part.magic)
        elif part.error:
            self._leave_out(
                self._name,
                "\n".join(lines),
                part.error.told(part.start),
                _lines_left_out(first, lines),
            )

    def _leave_out(self, label: str, source: str, told: str, result: str) -> None:
        self.unused.append(Unused(label, source, f"which {told}; mend it"))
        self.notes.append(f"{label} {told}; {result}")
        self._check_statements()

    def _leave_out_magic(self, label: str, source: str, magic: str) -> None:
        why = f"below `%%{shown(magic)}`, which keeps no definitions; remove that line"
        self.unused.append(Unused(label, source, why))
        if magic not in QUIET_MAGICS:
            self.notes.append(f"{label} begins with `%%{shown(magic)}` and is left out")

    def _check_statements(self) -> None:
        if len(self.statements) + len(self.unused) > MAX_STATEMENTS:
            raise SubmissionError(
                f"{self._name}: the code must have at most {MAX_STATEMENTS} statements at the top "
                "level, got more"
            )

    def _check_length(self, length: int) -> None:
        if length > MAX_CODE:
            raise SubmissionError(
                f"{self._name}: the code must have at most {MAX_CODE} characters, got {length}; "
                "keep data out of it"
            )


def _lines_left_out(first: int, lines: Sequence[str]) -> str:
    """As in `lines 5 to 9, from "def f(" on, are left out`; blank lines at the end do not count."""
    last = max((at for at, line in enumerate(lines, first) if line.strip()), default=first)
    text = next((line.strip() for line in lines if line.strip()), "")
    # A newer Unicode has characters that this Python can't print.
    begin = "".join(filter(str.isprintable, shown(shortened(text, MAX_FIRST_LINE))))
    if last == first:
        return f"that line, `{begin}`, is left out"
    return f"lines {first} to {last}, from `{begin}` on, are left out"
