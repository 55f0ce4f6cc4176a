"""Judging by hand: whose turn it is, what is given, what has been given. Knows no web."""

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from grader.errors import ConflictError, StoreError, UsageError
from grader.review.answers import questions_of
from grader.review.assignment import Item, UnknownError, read_assignment
from grader.review.library import Library
from grader.review.order import key_of
from grader.review.readings import Readings
from grader.review.rendering import Page
from grader.review.standing import Standing, given_view
from grader.review.views import (
    AnswerView,
    Change,
    ItemLine,
    ItemView,
    Like,
    Past,
    Person,
    Point,
    Saved,
    State,
)
from grader.store import Entry, HandScore, Store

MAX_LIKE = 60
"""Like answers that are listed."""
MAX_COMMENT = 10_000
"""Characters of a comment in a grader's own words."""


@dataclass(frozen=True)
class Decision:
    """What a person gives for an answer."""

    points: float
    """Before the comments' effect."""
    criteria: Mapping[str, float]
    """Position of a criterion, from 0, as text -> the points given for it."""
    comments: Sequence[int]
    """Of the library, by number."""
    comment: str
    version: int
    """Of the score that the person has seen; 0 where there was none."""
    slot: str = ""


class Desk:
    """One run, judged by several people. May be used by several threads.

    Students are named by keys that say nothing about them; they hold for one desk.
    """

    def __init__(self, store: Store, *, share: float) -> None:
        """Open a run for judging.

        Raises:
            StoreError: nothing has been graded in it yet.
            UsageError: the share is none, or the rubric leaves nothing to a person.
        """
        if not 0 <= share <= 1:
            raise UsageError(f"--second: must be a share from 0 to 1, got {share:g}")
        info = store.info()
        if info is None:
            raise StoreError(f"{store.path}: nothing is graded in this run yet; grade it first")
        self._store = store
        self._share = share
        self._run = info.assignment
        self._salt = secrets.token_hex(16)
        self.assignment = read_assignment(info.rubric)
        if not self.assignment.by_hand:
            raise UsageError(f"{store.path}: the rubric leaves nothing to judge by hand")
        self.readings = Readings(store.content, questions_of(self.assignment))
        self.library = Library(store)
        self.library.stock(self.assignment)
        self.read: tuple[int, int] = (0, 0)
        """How many hand-ins have been read, of how many, since the desk was opened."""
        self._lock = threading.Lock()
        self._students: dict[str, str] = {}
        self._known: dict[str, Entry] = {}

    def entries(self) -> dict[str, Entry]:
        """Every hand-in by student, as the store has them now."""
        entries = {entry.student: entry for entry in self._store.entries()}
        students = {self.key(student): student for student in entries}
        with self._lock:
            self._students, self._known = students, entries
        return entries

    def read_all(self) -> None:
        """Read every hand-in, so that like answers are put together; goes on for a while."""
        entries = list(self.entries().values())

        def report(number: int) -> None:
            self.read = (number, len(entries))

        self.readings.take_survey(entries, report)

    def key(self, student: str) -> str:
        """What stands for a student on the page."""
        return key_of(student, self._salt)

    def overview(self, person: str) -> list[ItemLine]:
        """Every item that people judge, and how far it is."""
        entries = self.entries()
        lines = []
        for item in self.assignment.by_hand:
            standing = self._standing(item.id, person, entries)
            progress, agreed = standing.progress(), standing.agreed(self.key)
            lines.append(ItemLine(item.id, item.title, item.problem, item.worth, progress, agreed))
        return lines

    def item(self, name: str, person: str) -> ItemView:
        """An item with all its answers, in the order in which `person` sees them.

        Raises:
            UnknownError: no such item is judged by hand.
        """
        item = self.assignment.item(name)
        standing = self._standing(name, person, self.entries())
        return ItemView(
            id=item.id,
            title=item.title,
            problem=item.problem,
            worth=item.worth,
            criteria=tuple(
                Point(one.text, one.points) for one in (item.hand.criteria if item.hand else ())
            ),
            lines=standing.lines(self.key, lambda student: self.readings.is_empty(name, student)),
            progress=standing.progress(),
            remarks=tuple(self.library.remarks(name)),
            agreed=standing.agreed(self.key),
        )

    def answer(
        self,
        name: str,
        key: str,
        person: str,
        *,
        named: bool = False,
        counting: bool = False,
        against: str = "",
    ) -> AnswerView:
        """One answer, and what has been given for it.

        Args:
            name: The item.
            key: The student's.
            person: Who asks.
            named: Whether to tell whose it is.
            counting: Look at the score that counts, also where a second judgement waits.
            against: Key of the answer that it is held against.

        Raises:
            UnknownError: there is no such item or hand-in.
        """
        item = self.assignment.item(name)
        student = self._student(key)
        entry = self._store.entry(student)
        near = self._near(name, student, entry)
        standing = self._standing(name, person, near)
        state = standing.state(student)
        second = state in {State.SECOND, State.TWICE} and not counting
        slot = person if second else ""
        score = standing.second(student) if second else standing.first(student)
        reading = self.readings.answer(entry, name)
        past = [] if state is State.SECOND and second else self._past(student, name, slot)
        return AnswerView(
            key=key,
            state=state,
            slot=slot,
            html=reading.html,
            note=reading.note,
            found=reading.found,
            empty=reading.empty,
            given=given_view(score),
            first=given_view(standing.first(student)) if second and score is not None else None,
            history=tuple(past),
            like=self._like(student, near, standing),
            checked=self._checked(item, student),
            person=_person(entry) if named else None,
            differs=self._differs(name, against, student),
        )

    def whole(self, name: str, key: str, start: int = 0) -> Page:
        """A page of the whole hand-in as safe HTML, from cell number `start` + 1 on.

        Raises:
            UnknownError: there is no such item or hand-in.
            UnreadableError: it can't be read.
        """
        self.assignment.item(name)
        return self.readings.whole(self._store.entry(self._student(key)), name, start)

    def give(self, name: str, key: str, person: str, decision: Decision) -> Saved:
        """Give a score, or change one.

        Raises:
            UnknownError: there is no such item or hand-in.
            ConflictError: someone else has changed it meanwhile; nothing was written.
            UsageError: a criterion is none of the item's, or gets more than it is worth.
        """
        item = self.assignment.item(name)
        student = self._student(key)
        _check(item, decision, person)
        score = HandScore(
            student=student,
            item=name,
            points=decision.points,
            criteria=decision.criteria,
            comment=decision.comment.strip(),
            comments=tuple(dict.fromkeys(decision.comments)),
            worth=item.worth,
            sha256=self._store.entry(student).sha256,
            slot=decision.slot,
            grader=person,
        )
        with _nameless(student):
            self._store.put_hand_score(score, decision.version)
        return self._saved(name, key, student, person, decision.slot)

    def take_back(self, name: str, key: str, person: str, version: int, slot: str = "") -> Saved:
        """Undo the last change of a score.

        Raises:
            UnknownError: there is no such item or hand-in.
            ConflictError: someone else has changed it meanwhile; nothing was written.
            StoreError: there is nothing to take back.
        """
        self.assignment.item(name)
        student = self._student(key)
        _check_slot(slot, person)
        with _nameless(student):
            self._store.take_back(student, name, version, slot=slot, grader=person)
        return self._saved(name, key, student, person, slot)

    def _saved(self, name: str, key: str, student: str, person: str, slot: str) -> Saved:
        standing = self._standing(name, person, self.entries())
        score = standing.second(student) if slot else standing.first(student)
        return Saved(
            key=key,
            state=standing.state(student),
            given=given_view(score),
            progress=standing.progress(),
            line=standing.line(student, key, self.readings.is_empty(name, student)),
        )

    def _standing(self, name: str, person: str, entries: Mapping[str, Entry]) -> Standing:
        scores = self._store.hand_scores(item=name, slot=None)
        return Standing(name, person, scores, entries, run=self._run, share=self._share)

    def _near(self, name: str, student: str, entry: Entry) -> dict[str, Entry]:
        """The hand-ins whose answers are like this one's: all that one page speaks of."""
        others = self.readings.like(name, student)[:MAX_LIKE]
        with self._lock:
            near = {other: self._known[other] for other in others if other in self._known}
        return near | {student: entry}

    def _like(
        self, student: str, near: Mapping[str, Entry], standing: Standing
    ) -> tuple[Like, ...]:
        lines = [
            standing.line(other, self.key(other), empty=False) for other in near if other != student
        ]
        return tuple(Like(line.key, line.state, line.points) for line in lines)

    def _differs(self, name: str, against: str, student: str) -> tuple[Change, ...]:
        if not against:
            return ()
        pairs = self.readings.differences(name, self._student(against), student)
        return tuple(Change(old, new) for old, new in pairs)

    def _past(self, student: str, name: str, slot: str) -> list[Past]:
        return [
            Past(None, "", "") if score is None else Past(score.total, score.grader, score.changed)
            for score in self._store.hand_history(student, name, slot)
        ]

    def _checked(self, item: Item, student: str) -> str:
        if item.points <= item.worth:
            return ""
        for held in self._store.held(student):
            for graded in held.record.items if held.record is not None else ():
                if graded.id == item.id:
                    return f"{graded.score:g} of {graded.auto_points:g} points by the grader"
        return "not graded yet"

    def _student(self, key: str) -> str:
        with self._lock:
            known = self._students
        if key not in known:
            self.entries()
            known = self._students
        if key not in known:
            raise UnknownError(f"no hand-in has the key {key[:40]!r}")
        return known[key]


@contextmanager
def _nameless(student: str) -> Iterator[None]:
    """The store's complaints without the student's name: names are hidden on the page."""
    try:
        yield
    except ConflictError as exc:
        current = exc.current
        if isinstance(current, HandScore):
            happened = f"{current.grader or 'someone'} has given {current.total:g} points"
        else:
            happened = "someone has taken the score back"
        text = f"{happened} since you have read it; look at it and decide again"
        raise ConflictError(text, current) from exc
    except StoreError as exc:
        raise StoreError(str(exc).replace(student, "this student")) from exc


def _person(entry: Entry) -> Person:
    return Person(entry.student, entry.name, entry.file, entry.attempt, entry.late)


def _check(item: Item, decision: Decision, person: str) -> None:
    where = f"item {item.id}"
    _check_slot(decision.slot, person)
    if len(decision.comment) > MAX_COMMENT:
        raise UsageError(f"{where}: comment must be shorter than {MAX_COMMENT} characters")
    criteria = item.hand.criteria if item.hand is not None else ()
    for number, points in decision.criteria.items():
        if number not in map(str, range(len(criteria))):
            raise UsageError(f"{where}: criterion must be one of {len(criteria)}, got {number!r}")
        most = criteria[int(number)].points
        if not 0 <= points <= most:
            place = int(number) + 1
            raise UsageError(
                f"{where}: criterion {place} must get 0 to {most:g} points, got {points:g}"
            )


def _check_slot(slot: str, person: str) -> None:
    if slot not in {"", person}:
        raise UsageError(f"slot: must be empty or your own, {person!r}, got {slot[:80]!r}")
