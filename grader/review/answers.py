"""Finds the answer to an item in a hand-in, and says how, or that it can't be found.

Three ways, the surest first: the mark that the template puts on its cells; a heading that names the
item; the text that is nearest to the question. An answer goes on, code and plots included, until
something about another item begins.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, islice

from rapidfuzz import fuzz

from grader.review.assignment import Assignment
from grader.review.code_prose import cut_prose
from grader.review.labels import Anchor, Labels
from grader.review.notebook import Cell
from grader.review.similar import MAX_COMPARED, normalised

MAX_SEGMENTS = 60
"""Of one answer; the rest is one click away."""
MAX_PIECES = 4000
"""Into which the cells of one submission are cut; the cells that follow stay whole."""
MAX_GUESSED = 500
"""Texts that are compared with a question which nothing names."""
TITLE = 25.0
"""Likeness to the question, at most, that a text gets for words of its title."""
ENOUGH = 60.0
"""Likeness to the question, of 100, from which on a text is taken for its answer."""
PLACEHOLDER = re.compile(r"\W*your\b[^.!?\n]{0,60}[.!?]?\W*|\*your\b[^*]{0,400}\*", re.IGNORECASE)
"""What the template leaves for the student to replace."""


class Way(StrEnum):
    """How an answer was found."""

    MARK = "mark"
    HEADING = "heading"
    QUESTION = "question"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Question:
    """What is looked for."""

    item: str
    title: str
    heading: str
    words: tuple[str, ...]
    """That the question's text holds."""
    by_hand: bool


@dataclass(frozen=True)
class Answer:
    """Where the answer to one item stands."""

    item: str
    way: Way
    cells: tuple[Cell, ...]
    """In the order of the hand-in; a cell that holds several answers is cut."""
    note: str
    """For the reader: how it was found, or what was looked for in vain."""

    def is_empty(self, given: Collection[str] = ()) -> bool:
        """Whether nothing was written: no words but the template's own, and no picture.

        Args:
            given: Texts, normalised, that all students were given.
        """
        asked = untouched = False
        for cell in self.cells:
            if any(output.kind == "picture" for output in cell.outputs):
                return False
            if cell.kind == "code":
                continue
            if PLACEHOLDER.fullmatch(cell.source.strip()):
                untouched = True
            elif is_question(cell, given):
                asked = True
            elif cell.source.strip():
                return False
        code = any(cell.kind == "code" and cell.source.strip() for cell in self.cells)
        return untouched or asked or not code


def is_question(cell: Cell, given: Collection[str]) -> bool:
    """Whether the cell holds what was given to all, and not this student's words.

    Args:
        cell: Of a hand-in.
        given: Texts, normalised, that most hand-ins hold; empty while that is not known.
    """
    if cell.kind == "code" or cell.role == "answer":
        return False
    # People write below the question too: where it is known, only what others have counts.
    return normalised(cell.source) in given if given else cell.role == "question"


def questions_of(assignment: Assignment) -> tuple[Question, ...]:
    """Every item of the assignment as a question, those that the grader checks too."""
    return tuple(
        Question(
            item=item.id,
            title=item.title,
            heading=item.hand.answer.heading if item.hand is not None else item.id,
            words=item.hand.answer.find if item.hand is not None else (),
            by_hand=item.hand is not None,
        )
        for item in assignment.items
    )


def find_answers(
    cells: Sequence[Cell], questions: Sequence[Question], *, plain: bool = False
) -> dict[str, Answer]:
    """The answer to every item that a person judges.

    Args:
        cells: Of one hand-in, in order.
        questions: All items of the assignment: where another one begins, an answer ends.
        plain: Look for marks and headings alone, and for no formulas, where more takes too long.
    """
    pieces = _pieces(cells, questions, plain=plain)
    named = {item for piece in pieces for item in piece.items}
    missing = [question for question in questions if question.item not in named]
    if not plain:
        pieces = _guessed(pieces, [one for one in missing if one.by_hand], questions)
    return {question.item: _answer(question, pieces) for question in questions if question.by_hand}


@dataclass(frozen=True)
class _Piece:
    """A cell, or a part of one, and what it is about."""

    cell: Cell
    items: tuple[str, ...] = ()
    """Named here; none: it belongs to what came before."""
    way: Way = Way.NOWHERE
    ends: bool = False
    """Whether what came before ends here all the same."""
    adds: bool = False
    """Whether it is said within code: an answer that a heading has begun goes on as well."""


def _pieces(cells: Iterable[Cell], questions: Sequence[Question], *, plain: bool) -> list[_Piece]:
    by_heading = {question.heading: question.item for question in questions}
    labels = Labels(tuple(by_heading), formulas=not plain)
    in_code = Labels(tuple(one.heading for one in questions if one.by_hand), formulas=False)
    known = {question.item for question in questions}
    pieces: list[_Piece] = []
    parts = (
        (part, cell.kind == "code")
        for cell in cells
        for part in (
            cut_prose(cell, in_code.names_any, plain=plain) if len(pieces) < MAX_PIECES else [cell]
        )
    )
    for cell, adds in parts:
        anchors = [] if cell.kind == "code" else list(labels.anchors(cell.source))
        if cell.item in known and not (anchors and anchors[0].line == 0):
            # A copied cell keeps its mark: words at its very start say more.
            anchors.insert(0, Anchor(0, (cell.item,), heading=False))
        labels.seen.add(cell.item)
        told = [
            replace(anchor, items=tuple(by_heading.get(name, name) for name in anchor.items))
            for anchor in anchors
        ]
        pieces += _cut(cell, told[: max(MAX_PIECES - len(pieces), 0)], adds=adds)
    return pieces


def _cut(cell: Cell, anchors: Sequence[Anchor], *, adds: bool) -> Iterable[_Piece]:
    lines = cell.source.split("\n")
    starts = [anchor.line for anchor in anchors]
    if not starts or starts[0] > 0:
        before = "\n".join(lines[: starts[0] if starts else len(lines)])
        if before.strip() or not starts:
            yield _Piece(replace(cell, source=before))
    if not anchors:
        return
    for anchor, end in zip(anchors, [*starts[1:], len(lines)], strict=True):
        part = replace(cell, source="\n".join(lines[anchor.line : end]).strip("\n"))
        marked = cell.item in anchor.items
        way = Way.MARK if marked else Way.HEADING
        yield _Piece(part, anchor.items, way, ends=not anchor.items, adds=adds and not marked)


def _guessed(
    pieces: list[_Piece], missing: Sequence[Question], questions: Sequence[Question]
) -> list[_Piece]:
    """Give the items that nothing names the text that is most like their question."""
    order = {question.item: place for place, question in enumerate(questions)}
    neighbours = _neighbours(pieces, order)
    free = (
        (place, piece.cell.source.casefold())
        for place, piece in enumerate(pieces)
        if not piece.items and piece.cell.kind != "code" and piece.cell.source.strip()
    )
    texts = dict(islice(free, MAX_GUESSED))
    chosen: dict[int, tuple[float, str]] = {}
    for question in missing:
        mine = order[question.item]
        scored = [
            (_likeness(question, text, _in_place(mine, *neighbours[place])), place)
            for place, text in texts.items()
        ]
        score, place = max(scored, default=(0.0, -1), key=lambda pair: pair[0])
        if score >= ENOUGH and score > chosen.get(place, (0.0, ""))[0]:
            chosen[place] = (score, question.item)
    return [
        replace(piece, items=(chosen[place][1],), way=Way.QUESTION) if place in chosen else piece
        for place, piece in enumerate(pieces)
    ]


def _likeness(question: Question, text: str, in_place: float) -> float:
    """The words that the question holds, how near the text is to its title, and to its place."""
    if not question.words:
        return in_place
    there = sum(_holds(text, word.casefold()) for word in question.words)
    words = 75.0 * there / len(question.words) - 20.0 + in_place
    # The title takes longest to compare, and counts for no more than this.
    if words + TITLE < ENOUGH:
        return words
    near = fuzz.partial_token_set_ratio(question.title.casefold(), text[:MAX_COMPARED])
    return words + TITLE * float(near) / 100.0


def _holds(text: str, word: str) -> bool:
    # A word's end may differ: unitary, unitarily. A symbol stands by itself.
    if len(word) <= 2:  # noqa: PLR2004 - `1`, `AB`
        return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
    return word[:-2] in text if len(word) > 6 else word in text  # noqa: PLR2004 - long enough to cut


def _neighbours(pieces: Sequence[_Piece], order: Mapping[str, int]) -> list[tuple[float, float]]:
    """For each piece, the last item named before it and the first one from it on, by `order`."""
    named = [[order[item] for item in piece.items if item in order] for piece in pieces]
    last = accumulate((max(places, default=-math.inf) for places in named), max, initial=-math.inf)
    first = accumulate((min(places, default=math.inf) for places in reversed(named)), min)
    return list(zip(last, [*first][::-1], strict=False))


def _in_place(mine: int, last_before: float, first_after: float) -> float:
    """A text between the neighbours of its item is likelier; one outside of them hardly is it."""
    return 10.0 if last_before <= mine <= first_after else -25.0


def _answer(question: Question, pieces: Sequence[_Piece]) -> Answer:
    cells: list[Cell] = []
    ways: list[Way] = []
    inside = begun_by_heading = False
    for place, piece in enumerate(pieces):
        mine = question.item in piece.items
        if (piece.items or piece.ends) and (mine or not (piece.adds and begun_by_heading)):
            if mine and not inside:
                cells += _plots_before(pieces, place)
            inside, begun_by_heading = mine, mine and (begun_by_heading or not piece.adds)
            if inside:
                ways.append(piece.way)
        if inside:
            cells.append(piece.cell)
    shown = tuple(cells[:MAX_SEGMENTS])
    if not shown:
        looked = " and ".join(f"“{word}”" for word in question.words)
        note = f"Not found: no cell is marked for {question.item}, no heading names it"
        return Answer(
            question.item, Way.NOWHERE, (), note + (f", no text holds {looked}." if looked else ".")
        )
    way = next(way for way in (Way.MARK, Way.HEADING, Way.QUESTION) if way in ways)
    note = {
        Way.MARK: "Found by the template's mark.",
        Way.HEADING: "Found by its heading.",
        Way.QUESTION: "No heading names it: this text is the nearest to the question.",
    }[way]
    if len(cells) > len(shown):
        note += f" Its first {len(shown)} cells of {len(cells)}; see the whole hand-in."
    return Answer(question.item, way, shown, note)


def _plots_before(pieces: Sequence[_Piece], place: int) -> list[Cell]:
    """Cells with pictures just before a text: people explain a plot below it."""
    plots: list[Cell] = []
    for piece in (pieces[at] for at in range(place - 1, -1, -1)):
        if piece.cell.kind != "code" or piece.items or piece.ends:
            break
        if any(output.kind == "picture" for output in piece.cell.outputs):
            plots.append(piece.cell)
    return plots[::-1]
