"""Cells as HTML: text, code, what the code has shown. Nothing of a hand-in is run or fetched."""

import html
import re
import time
from collections.abc import Collection, Iterator, Sequence
from functools import cache

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grader.review.answers import is_question
from grader.review.markup import Markup, notebook_macros
from grader.review.notebook import Cell, Output
from grader.review.sanitise import clean_html, shown_picture

SECONDS = 4.0
"""For the cells of one answer; what comes later is shown as it was written."""
MAX_OUTPUTS = 40
"""Of one cell."""
MAX_LINES = 40
"""Of one printed output; the others are counted."""
MAX_PRINTED = 20_000
MAX_COLOURED = 30_000
"""Characters of code that are coloured."""
MAX_HTML = 400_000
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
"""What makes a terminal change colours or move."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def markup_for(cells: Sequence[Cell]) -> Markup:
    """Renders the texts of one hand-in, with the macros that it defines."""
    return Markup(notebook_macros(cell.source for cell in cells if cell.kind != "code"))


def show_cells(
    cells: Sequence[Cell], markup: Markup, given: Collection[str] = frozenset()
) -> Iterator[str]:
    """Each cell as safe HTML.

    Args:
        cells: In the order in which they are shown.
        markup: Of the hand-in that they are from.
        given: Texts, normalised, that all students were given: shown as the question.
    """
    until = time.monotonic() + SECONDS
    for cell in cells:
        if time.monotonic() < until:
            yield _shown(cell, markup, given)
        else:
            yield (
                f'<section class="cell text" data-cell="{cell.number}">'
                + _note("the cells before this one took too long: it is shown as it was written")
                + f'<pre class="printed">{html.escape(cell.source)}</pre></section>'
            )


def show_plainly(cell: Cell) -> str:
    """A cell as it was written, without its outputs."""
    return (
        f'<section class="cell text" data-cell="{cell.number}">'
        + _note("rendering this hand-in takes too long: it is shown as it was written")
        + f'<pre class="printed">{html.escape(cell.source)}</pre></section>'
    )


def _shown(cell: Cell, markup: Markup, given: Collection[str]) -> str:
    if cell.kind == "code":
        return _code_cell(cell, markup)
    told = is_question(cell, given)
    inside = (
        markup.render(cell.source, cell.attachments)
        if cell.kind == "markdown"
        else markup.render_plain(cell.source)
    )
    kind = "question" if told else "text"
    return (
        f'<section class="cell {kind}" data-cell="{cell.number}">{inside}'
        f'<pre class="source" hidden>{html.escape(cell.source)}</pre></section>'
    )


def _code_cell(cell: Cell, markup: Markup) -> str:
    outputs = "".join(_output(output, markup) for output in cell.outputs[:MAX_OUTPUTS])
    if len(cell.outputs) > MAX_OUTPUTS:
        outputs += _note(f"{len(cell.outputs) - MAX_OUTPUTS} more outputs are not shown")
    lines = cell.source.count("\n") + 1
    # Where there is a plot to judge, its code stays folded.
    state = "" if any(output.kind == "picture" for output in cell.outputs) else " open"
    if lines > MAX_LINES:
        state = ""
    first = html.escape(next((line for line in cell.source.splitlines() if line.strip()), ""))[:90]
    code = (
        f"<details{state}><summary><span>Code, {lines} line{'s' if lines > 1 else ''}</span>"
        f"<code>{first}</code></summary>{_coloured(cell.source)}</details>"
    )
    if not cell.source.strip():
        code = ""
    return f'<section class="cell code" data-cell="{cell.number}">{code}{outputs}</section>'


@cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="py-")


def _coloured(source: str) -> str:
    if len(source) > MAX_COLOURED:
        return f'<pre class="python">{html.escape(source)}</pre>'
    return f'<pre class="python">{highlight(source, PythonLexer(), _formatter())}</pre>'


def _output(output: Output, markup: Markup) -> str:
    if output.picture is not None:
        return (
            f'<figure class="output">{shown_picture(output.picture, "a plot of the cell")}</figure>'
        )
    match output.kind:
        case "markdown" | "latex":
            shown = markup.render(output.text)
        case "html":
            shown = clean_html(output.text[:MAX_HTML])
        case "error":
            name, _, trace = output.text.partition("\n")
            shown = f'<p class="error">{html.escape(_readable(name)[:500])}</p>'
            if trace.strip():
                shown += f"<details><summary>Traceback</summary>{_printed(trace)}</details>"
        case "other":
            shown = _note(f"an output of a kind that is not shown: {output.text or 'nothing'}")
        case _:
            shown = _printed(output.text)
    return f'<div class="output">{shown}</div>'


def _printed(text: str) -> str:
    lines = list(_lines(_readable(text[: MAX_PRINTED * 4])[:MAX_PRINTED]))
    kept = "\n".join(lines[:MAX_LINES])
    shown = f'<pre class="printed">{html.escape(kept)}</pre>'
    if len(lines) > MAX_LINES:
        rest = html.escape("\n".join(lines[MAX_LINES:]))
        shown += (
            f"<details><summary>{len(lines) - MAX_LINES} more lines</summary>"
            f'<pre class="printed">{rest}</pre></details>'
        )
    return shown


def _lines(text: str) -> Iterator[str]:
    """Lines as a terminal leaves them: what a progress bar wrote over is gone."""
    for line in text.rstrip("\n").split("\n"):
        yield next((part for part in reversed(line.split("\r")) if part.strip()), "")


def _readable(text: str) -> str:
    return CONTROL.sub("", ESCAPES.sub("", text).replace("\r\n", "\n"))


def _note(text: str) -> str:
    return f'<p class="absent">{html.escape(text)}</p>'
