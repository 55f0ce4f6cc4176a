"""The hands of a run: a grader that takes one file after another, in whatever process."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from grader.batch.messages import Event, Result, Setup, Task, failed, read_options
from grader.errors import SubmissionError
from grader.grading import Grader
from grader.model import ItemRecord
from grader.submission import submission_from_bytes

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

Tell = Callable[[Event], None]
TOLD_EVERY_SECONDS = 0.2
"""A check may report a thousand times a second; a person sees five."""


class Hands:
    """Grades tasks one at a time.

    A fault of the submission is part of the result; what a person must mend raises a
    `GraderError`, and a mistake of ours any other exception.
    """

    def __init__(
        self, setup: Setup, tell: Tell, *, verify: bool, baseline: "Baseline | None" = None
    ) -> None:
        """Ask for what grading needs; `verify`: try the sandbox before it is used."""
        options = read_options(setup.options, setup.secret)
        self._telling = _Telling(tell)
        self._grader = Grader(
            options,
            self._telling,
            verify=verify,
            baseline=baseline,
            modules=setup.modules,
            cores=setup.cores,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._grader.__exit__(kind, exc, trace)

    def prepare(self) -> None:
        """Warm the first sandbox while nothing is asked yet."""
        self._grader.prepare()

    def grade(self, task: Task) -> Result:
        """Grade what `task` asks.

        Raises:
            GraderError: something that a person must mend.
        """
        started, began = datetime.now(UTC), time.monotonic()
        self._telling.start(task)
        try:
            submission = submission_from_bytes(task.file, task.content)
        except SubmissionError as exc:
            return failed(task, error=str(exc))
        items = [self._grader.rubric.item(name) for name in task.items]
        graded = self._grader.grade_items(submission, items, prepare_next=task.more)
        return Result(
            file=task.file,
            sha256=task.sha256,
            kind=task.kind,
            items=task.items,
            graded=tuple(graded),
            notes=tuple(submission.notes),
            environment=self._grader.environment,
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - began, 3),
        )


class _Telling:
    """Turns a grader's progress into events, not more of them than a person can see."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._now = Event()
        self._last = 0.0

    def start(self, task: Task) -> None:
        self._say(Event(file=task.file, total=len(task.items)))

    def preparing(self, what: str, done: int, total: int) -> None:
        self._progress(what, done, total)

    def item_started(self, submission: str, item: str, number: int, total: int) -> None:
        self._say(Event(file=submission, item=item, number=number, total=total))

    def item_progress(self, done: int, total: int) -> None:
        self._progress("", done, total)

    def item_finished(self, submission: str, item: ItemRecord) -> None:
        del submission, item

    def _say(self, event: Event) -> None:
        self._now, self._last = event, time.monotonic()
        self._tell(event)

    def _progress(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self._last < TOLD_EVERY_SECONDS:
            return
        now = self._now
        self._say(
            Event(
                file=now.file,
                item=now.item,
                number=now.number,
                total=now.total,
                what=what,
                done=done,
                of=total,
            )
        )
