"""Reads and renders one submission; runs in a helper process, which is ended past its limits."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from grader.review.answers import Answer, Question, find_answers
from grader.review.notebook import Cell, Output, UnreadableError, read_cells
from grader.review.show import markup_for, show_cells, show_plainly
from grader.review.similar import MAX_COMPARED

PICTURE = re.compile(r'src="data:[^"]*"')


class Room:
    """Characters of HTML that a page may still get; photographs of handwriting need many."""

    def __init__(self, text: int, pictures: int) -> None:
        self._text = text
        self._pictures = pictures

    def take(self, html: str) -> bool:
        """Whether there was room for `html`, which then is less by as much."""
        pictures = sum(found.end() - found.start() for found in PICTURE.finditer(html))
        self._text -= len(html) - pictures
        self._pictures -= pictures
        return self._text >= 0 and self._pictures >= 0


@dataclass(frozen=True)
class Work:
    """What is to be read, and what of it is wanted."""

    content: bytes
    kind: str
    questions: tuple[Question, ...]
    item: str = ""
    given: frozenset[str] = frozenset()
    """Texts, normalised, that all students were given."""
    start: int = 0
    """Of a page of the whole submission: how many cells stand before it."""
    plain: bool = False
    """Show text and code as they were written, without outputs."""


@dataclass(frozen=True)
class Reading:
    """One answer as it is shown."""

    html: str
    note: str
    """How it was found, or why it can't be shown."""
    found: bool
    empty: bool
    """Whether nothing was written."""
    cells: int


@dataclass(frozen=True)
class Page:
    """Some cells of the whole submission, as safe HTML."""

    html: str = ""
    next: int | None = None
    """The start of the next page; None where there is none."""
    error: str = ""
    """Why the submission can't be read; empty where it can."""


@dataclass(frozen=True)
class Surveyed:
    """What is kept of one submission to compare it with others."""

    texts: tuple[str, ...] = ()
    """Of every cell that is no code."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By item, without pictures and long texts: those of a whole class would fill the memory."""


def render_answer(work: Work) -> Reading:
    """The answer to one item."""
    try:
        cells = read_cells(work.content, work.kind, plain=work.plain)
    except UnreadableError as exc:
        return unreadable(str(exc))
    answer = find_answers(cells, work.questions, plain=work.plain)[work.item]
    shown: list[str] = []
    room = Room(text=6 << 20, pictures=48 << 20)
    for html in _shown(answer.cells, cells, work):
        if not room.take(html):
            break
        shown.append(html)
    note = answer.note
    if len(shown) < len(answer.cells):
        note += (
            f" Its first {len(shown)} cells of {len(answer.cells)}, since the others are too large;"
            " see the whole hand-in."
        )
    return Reading(
        html="".join(shown),
        note=note,
        found=bool(answer.cells),
        empty=answer.is_empty(work.given),
        cells=len(answer.cells),
    )


def unreadable(reason: str, *, empty: bool = True) -> Reading:
    """What is shown of a submission that can't be read."""
    return Reading("", f"The hand-in can't be shown: {reason}.", found=False, empty=empty, cells=0)


def render_page(work: Work) -> Page:
    """The whole submission from a cell on, as far as it fits; the answer's cells are marked."""
    try:
        cells = read_cells(work.content, work.kind, plain=work.plain)
    except UnreadableError as exc:
        return Page(error=str(exc))
    there = {
        cell.number
        for cell in find_answers(cells, work.questions, plain=work.plain)[work.item].cells
    }
    rest = cells[work.start :]
    shown: list[str] = []
    room = Room(text=3 << 20, pictures=24 << 20)
    for cell, html in zip(rest, _shown(rest, cells, work), strict=True):
        if not room.take(html) and shown:
            return Page("".join(shown), next=work.start + len(shown))
        marked = " in-answer" if cell.number in there else ""
        shown.append(f'<div class="whole-cell{marked}"><b>{cell.number}</b>{html}</div>')
    return Page("".join(shown))


def survey(work: Work) -> Surveyed:
    """Texts and answers of one submission; none where it can't be read."""
    try:
        cells = read_cells(work.content, work.kind, plain=work.plain)
    except UnreadableError:
        return Surveyed()
    answers = find_answers(cells, work.questions, plain=work.plain)
    return Surveyed(
        tuple(cell.source for cell in cells if cell.kind != "code"),
        {item: _light(answer) for item, answer in answers.items()},
    )


def _shown(cells: Iterable[Cell], every: tuple[Cell, ...], work: Work) -> Iterator[str]:
    if work.plain:
        return map(show_plainly, cells)
    return show_cells(tuple(cells), markup_for(every), work.given)


def _light(answer: Answer) -> Answer:
    cells = tuple(
        replace(
            cell,
            source=cell.source[:MAX_COMPARED],
            outputs=tuple(Output(output.kind) for output in cell.outputs),
            attachments={},
        )
        for cell in answer.cells
    )
    return replace(answer, cells=cells)
