"""How the answers to one item stand: judged or not, by whom, twice or not. Pure."""

from collections.abc import Callable, Mapping, Sequence

from grader.review.agreement import agreement
from grader.review.order import is_sampled, mixed
from grader.review.views import WAITING, Agreed, Given, Line, Progress, State
from grader.store import Entry, HandScore


def given_view(score: HandScore | None) -> Given | None:
    """A score as the page is told it."""
    if score is None:
        return None
    return Given(
        points=score.points,
        effect=score.effect,
        total=score.total,
        criteria=dict(score.criteria),
        comments=score.comments,
        comment=score.comment,
        grader=score.grader,
        changed=score.changed,
        version=score.version,
    )


class Standing:
    """All scores of one item, for one person."""

    def __init__(
        self,
        item: str,
        person: str,
        scores: Sequence[HandScore],
        entries: Mapping[str, Entry],
        *,
        run: str,
        share: float,
    ) -> None:
        """Take stock.

        Args:
            item: That is judged.
            person: Who asks.
            scores: For this item, of every slot.
            entries: Every hand-in, by student.
            run: Names the run; the sample and the order hang on it.
            share: Of the answers that two people judge.
        """
        self._item, self._person, self._run, self._share = item, person, run, share
        self._entries = entries
        here = [score for score in scores if score.student in entries]
        self._first = {score.student: score for score in here if not score.slot}
        self._seconds: dict[str, list[HandScore]] = {}
        for score in here:
            if score.slot:
                self._seconds.setdefault(score.student, []).append(score)

    def first(self, student: str) -> HandScore | None:
        """The score that counts."""
        return self._first.get(student)

    def second(self, student: str) -> HandScore | None:
        """This person's second judgement."""
        judged = self._seconds.get(student, ())
        return next((score for score in judged if score.slot == self._person), None)

    def state(self, student: str) -> State:
        """How the student's answer stands for this person."""
        score = self._first.get(student)
        if score is None:
            return State.OPEN
        if score.sha256 and score.sha256 != self._entries[student].sha256:
            return State.CHANGED
        if self.second(student) is not None:
            return State.TWICE
        if score.grader == self._person:
            return State.MINE
        waits = student not in self._seconds and self._sampled(student)
        return State.SECOND if waits else State.OTHERS

    def lines(self, key: Callable[[str], str], empty: Callable[[str], bool]) -> tuple[Line, ...]:
        """Every answer, in this person's order."""
        order = mixed(self._entries, self._run, self._item, self._person)
        return tuple(self.line(student, key(student), empty(student)) for student in order)

    def line(self, student: str, key: str, empty: bool) -> Line:  # noqa: FBT001 - a field of the line
        """One answer; a second judgement is made without knowing the first."""
        state, score = self.state(student), self._first.get(student)
        hidden = score is None or state is State.SECOND
        return Line(key, state, None if hidden or score is None else score.total, empty)

    def progress(self) -> Progress:
        """How far the item is."""
        states = [self.state(student) for student in self._entries]
        totals = [score.total for score in self._first.values()]
        return Progress(
            total=len(states),
            done=sum(state not in {State.OPEN, State.CHANGED} for state in states),
            mine=sum(state in {State.MINE, State.TWICE} for state in states),
            waiting=sum(state in WAITING for state in states),
            mean=round(sum(totals) / len(totals), 2) if totals else None,
        )

    def agreed(self, key: Callable[[str], str]) -> Agreed | None:
        """How far two people agree on the same answers; None where none was judged twice."""
        both = [
            (student, first, second)
            for student, first in self._first.items()
            for second in self._seconds.get(student, ())
            if second.grader != first.grader
        ]
        found = agreement([(first.total, second.total) for _, first, second in both])
        if found is None:
            return None
        apart = {student for student, first, second in both if first.total != second.total}
        return Agreed(
            pairs=found.pairs,
            sampled=sum(map(self._sampled, self._entries)),
            percent=found.percent,
            kappa=found.kappa,
            weighted=found.weighted,
            mean_difference=found.mean_difference,
            differing=tuple(sorted(map(key, apart))),
        )

    def _sampled(self, student: str) -> bool:
        return is_sampled(student, self._share, self._run, self._item)
