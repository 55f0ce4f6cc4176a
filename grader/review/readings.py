"""Hand-ins as they are read: answers found and rendered, each once, and like ones together."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.errors import StoreError
from grader.review.answers import Answer, Question, find_answers, is_question
from grader.review.notebook import Cell, Output, UnreadableError, read_cells
from grader.review.show import markup_for, show_cells
from grader.review.similar import MAX_COMPARED, differences, given_texts, groups_of, normalised
from grader.store import Entry

CACHE_BYTES = 192 << 20
"""Of rendered answers that are kept."""


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
class Survey:
    """What is known once every hand-in has been read."""

    given: frozenset[str]
    """Texts, normalised, that most hand-ins hold: the questions."""
    texts: Mapping[str, Mapping[str, str]]
    """Item -> student -> the answer, normalised."""
    empty: frozenset[tuple[str, str]]
    """(item, student) of answers in which nothing was written."""


class Readings:
    """Reads hand-ins and keeps what was rendered. May be used by several threads."""

    def __init__(self, content: Callable[[str], bytes], questions: Sequence[Question]) -> None:
        self._content = content
        self._questions = questions
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, bool], Reading] = OrderedDict()
        self._bytes = 0
        self._groups: dict[str, dict[str, tuple[str, ...]]] = {}
        self.survey: Survey | None = None

    def answer(self, entry: Entry, item: str) -> Reading:
        """The answer of one hand-in to `item`, rendered."""
        surveyed = self.survey is not None
        key = (f"{entry.sha256}.{entry.kind}", item, surveyed)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        reading = self._read(entry, item)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = reading
                self._bytes += len(reading.html)
            while self._bytes > CACHE_BYTES and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.html)
        return reading

    def whole(self, entry: Entry, item: str) -> str:
        """The whole hand-in, the cells of the answer to `item` marked.

        Raises:
            UnreadableError: it can't be read.
        """
        cells = self._cells(entry)
        answer = find_answers(cells, self._questions)[item]
        there = {cell.number for cell in answer.cells}
        return "".join(
            f'<div class="whole-cell{" in-answer" if cell.number in there else ""}">'
            f"<b>{cell.number}</b>{shown}</div>"
            for cell, shown in zip(
                cells, show_cells(cells, markup_for(cells), self._given), strict=True
            )
        )

    def take_survey(self, entries: Sequence[Entry], report: Callable[[int], None]) -> None:
        """Read every hand-in, to know what was given to all and which answers are alike.

        Args:
            entries: Of the run.
            report: Told after each hand-in how many have been read.
        """
        texts: list[list[str]] = []
        found: dict[str, dict[str, Answer]] = {}
        for number, entry in enumerate(entries, 1):
            try:
                cells = self._cells(entry)
            except (UnreadableError, StoreError):
                cells = ()
            texts.append([cell.source for cell in cells if cell.kind != "code"])
            answers = find_answers(cells, self._questions).items()
            found[entry.student] = {item: _light(answer) for item, answer in answers}
            report(number)
        self.survey = _surveyed(found, given_texts(texts))

    def like(self, item: str, student: str) -> tuple[str, ...]:
        """The students whose answers to `item` are like this one's, this one among them."""
        survey = self.survey
        if survey is None:
            return (student,)
        if item not in self._groups:
            groups = groups_of(survey.texts.get(item, {}))
            self._groups[item] = {member: group for group in groups for member in group}
        return self._groups[item].get(student, (student,))

    def differences(self, item: str, old: str, new: str) -> list[tuple[str, str]]:
        """Words in which the answers of two students differ, as far as they have been read."""
        texts = self.survey.texts.get(item, {}) if self.survey is not None else {}
        return differences(texts[old], texts[new]) if old in texts and new in texts else []

    def is_empty(self, item: str, student: str) -> bool:
        """Whether nothing was written, as far as that is known yet."""
        return self.survey is not None and (item, student) in self.survey.empty

    @property
    def _given(self) -> frozenset[str]:
        return self.survey.given if self.survey is not None else frozenset()

    def _cells(self, entry: Entry) -> tuple[Cell, ...]:
        if not entry.sha256:
            raise UnreadableError("; ".join(entry.notes) or "nothing was handed in")
        return read_cells(self._content(entry.sha256), entry.kind)

    def _read(self, entry: Entry, item: str) -> Reading:
        try:
            cells = self._cells(entry)
        except UnreadableError as exc:
            return Reading("", f"The hand-in can't be shown: {exc}.", False, True, 0)
        answer = find_answers(cells, self._questions)[item]
        return Reading(
            "".join(show_cells(answer.cells, markup_for(cells), self._given)),
            answer.note,
            bool(answer.cells),
            answer.is_empty(self._given),
            len(answer.cells),
        )


def _surveyed(found: Mapping[str, Mapping[str, Answer]], given: frozenset[str]) -> Survey:
    texts: dict[str, dict[str, str]] = {}
    empty: set[tuple[str, str]] = set()
    for student, answers in found.items():
        for item, answer in answers.items():
            texts.setdefault(item, {})[student] = normalised(_words(answer, given))
            if answer.is_empty(given):
                empty.add((item, student))
    return Survey(given, texts, frozenset(empty))


def _words(answer: Answer, given: frozenset[str]) -> str:
    return "\n".join(cell.source for cell in answer.cells if not is_question(cell, given))


def _light(answer: Answer) -> Answer:
    """An answer without its pictures and long texts: those of a whole class would fill memory."""
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
