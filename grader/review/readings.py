"""Hand-ins as they are read: answers found and rendered, each once, and like ones together."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from grader.errors import StoreError
from grader.helper import HelperError, HelperFaultError, call
from grader.review.answers import Answer, Question, is_question
from grader.review.notebook import UnreadableError
from grader.review.rendering import (
    Page,
    Reading,
    Surveyed,
    Work,
    render_answer,
    render_page,
    survey,
    unreadable,
)
from grader.review.similar import differences, given_texts, groups_of, normalised
from grader.store import Entry

log = logging.getLogger(__name__)
Result = TypeVar("Result")
CPU_SECONDS = 6
"""Processor time for rendering one answer or page; then it is shown as it was written."""
CACHE_BYTES = 192 << 20
"""Of rendered answers that are kept."""


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
        self._questions = tuple(questions)
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

    def whole(self, entry: Entry, item: str, start: int = 0) -> Page:
        """A page of the whole hand-in, the cells of the answer to `item` marked.

        Args:
            entry: Of the hand-in.
            item: Whose answer is marked.
            start: How many cells stand before the page.

        Raises:
            UnreadableError: it can't be read.
        """
        page = self._in_helper(render_page, replace(self._work(entry), item=item, start=start))
        if page.error:
            raise UnreadableError(page.error)
        return page

    def take_survey(self, entries: Sequence[Entry], report: Callable[[int], None]) -> None:
        """Read every hand-in, to know what was given to all and which answers are alike.

        Args:
            entries: Of the run.
            report: Told after each hand-in how many have been read.
        """
        texts: list[Sequence[str]] = []
        found: dict[str, dict[str, Answer]] = {}
        for number, entry in enumerate(entries, 1):
            try:
                surveyed = call(survey, self._work(entry))
            except (UnreadableError, StoreError, HelperError, HelperFaultError):
                surveyed = Surveyed()
            texts.append(surveyed.texts)
            found[entry.student] = surveyed.answers
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

    def _work(self, entry: Entry) -> Work:
        if not entry.sha256:
            raise UnreadableError("; ".join(entry.notes) or "nothing was handed in")
        return Work(self._content(entry.sha256), entry.kind, self._questions, given=self._given)

    def _in_helper(self, function: Callable[[Work], Result], work: Work) -> Result:
        """What `function` makes of the work, with nothing rendered where that goes past a limit."""
        try:
            return call(function, work, cpu_seconds=CPU_SECONDS)
        except HelperError as exc:
            log.warning("rendering a hand-in %s; it is shown as it was written", exc)
        except HelperFaultError:
            log.exception("rendering a hand-in failed; it is shown as it was written")
        try:
            return call(function, replace(work, plain=True))
        except HelperError as exc:
            raise UnreadableError(f"reading it {exc}; look at the file itself") from exc
        except HelperFaultError as exc:
            log.exception("reading a submission failed")
            raise UnreadableError("reading it failed; look at the file itself") from exc

    def _read(self, entry: Entry, item: str) -> Reading:
        try:
            return self._in_helper(render_answer, replace(self._work(entry), item=item))
        except UnreadableError as exc:
            # What was handed in and can't be read is not taken for an empty answer.
            return unreadable(str(exc), empty=not entry.sha256)


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
