"""Grade a submission: the only place where rubric, loader, sandbox, checks and scoring meet."""

import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from grader.assembly import GradedItem, assemble_record
from grader.draws import SeededDraws
from grader.environment import resolve_device
from grader.errors import UsageError
from grader.items import ItemSetting, grade_item
from grader.model import Record, SubmissionInfo
from grader.options import Options as Options  # noqa: PLC0414 - part of this interface
from grader.options import (
    chosen_items,
    course_secret,
    describe_environment,
    thread_count,
)
from grader.progress import Progress, Silent
from grader.rubric import Item, Rubric, load_rubric
from grader.sandbox import Sandbox, choose_guards, choose_launcher, verify_sandbox
from grader.submission import Submission, load_submission
from grader.warm import SLOW_MODULES

if TYPE_CHECKING:
    from grader.data.baseline import Baseline


def grade(path: Path, options: Options | None = None, progress: Progress | None = None) -> Record:
    """Grade one submission.

    Args:
        path: A notebook or a module.
        options: How.
        progress: Is told what goes on.

    Raises:
        SubmissionError: the file can't be read as a submission.
        RubricError: the rubric is wrong; every fault is named.
        DataError: the dataset can't be had.
        SandboxError: no sandbox can be had, or it does not hold.
        UsageError: an option can't be used as given.
    """
    with Grader(options or Options(), progress) as grader:
        return grader.grade(path)


def regrade(
    record: Record,
    path: Path,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Record:
    """Grade the submission of `record` again; the new record names the old one.

    Raises:
        UsageError: `path` holds another submission than the one that `record` is about.
        GraderError: as `grade`.
    """
    options = replace(options or Options(), aliases=dict(record.aliases))
    with Grader(options, progress) as grader:
        submission = load_submission(path)
        if submission.sha256 != record.submission.sha256:
            raise UsageError(
                f"{path}: must be the submission that was graded "
                f"({record.submission.sha256[:12]}), got {submission.sha256[:12]}; grade it anew"
            )
        fresh = grader.grade_submission(submission)
    old = f"{record.submission.sha256}:{record.rubric_sha256}:{record.started}"
    return msgspec.structs.replace(fresh, regrade_of=old)


class Grader:
    """Grades submissions one after another with one rubric, one baseline and one kind of sandbox.

    Opening it checks that the sandbox holds. The next submission's worker may be warmed up with
    `prepare` while this one's is busy.
    """

    def __init__(
        self,
        options: Options,
        progress: Progress | None = None,
        *,
        verify: bool = True,
        baseline: "Baseline | None" = None,
        modules: Sequence[str] = SLOW_MODULES,
        cores: Sequence[int] = (),
    ) -> None:
        """Ask for what grading needs.

        Args:
            options: How.
            progress: Is told what goes on.
            verify: Whether to try the sandbox before it is used.
            baseline: The network that the options name, where the caller has it already.
            modules: What workers import before the first item.
            cores: The processors that sandboxes keep to; all where empty.
        """
        self.options = options
        self.rubric: Rubric = load_rubric(options.rubric)
        self.items: tuple[Item, ...] = chosen_items(self.rubric, options)
        self._progress: Progress = progress or Silent()
        self._secret = course_secret(options)
        self._device = resolve_device(options.device)
        self._threads = thread_count(options)
        self._launcher = choose_launcher(options.sandbox)
        self._guards = choose_guards()
        self._trained = baseline
        self._modules = tuple(modules)
        self._cores = tuple(cores)
        self._warm: Sandbox | None = None
        self._kept: defaultdict[str, dict[Hashable, Any]] = defaultdict(dict)
        self.environment = describe_environment(options, self._device, self._guards, self._threads)
        """All that a score depends on besides submission, rubric and data."""
        if verify and self._launcher.name != "bare":
            verify_sandbox(self._launcher, self._guards)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        warm, self._warm = self._warm, None
        if warm is not None:
            warm.close()

    def grade(self, path: Path) -> Record:
        """Grade the file at `path`; see the function `grade` for what it raises."""
        return self.grade_submission(load_submission(path))

    def grade_submission(self, submission: Submission) -> Record:
        """Grade a submission that has been read."""
        started, began = datetime.now(UTC), time.monotonic()
        graded = self.grade_items(submission, self.items)
        return assemble_record(
            self.rubric,
            SubmissionInfo(name=submission.name, sha256=submission.sha256, kind=submission.kind),
            graded,
            self.environment,
            notes=submission.notes,
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - began, 3),
            aliases=dict(self.options.aliases),
        )

    def prepare(self) -> None:
        """Start warming the worker of the next submission."""
        if self._warm is None:
            self._warm = self._sandbox()

    def grade_items(
        self, submission: Submission, items: Sequence[Item], *, prepare_next: bool = False
    ) -> list[GradedItem]:
        """Grade some items of a submission.

        Args:
            submission: It has been read.
            items: Of the rubric, in its order.
            prepare_next: Whether another submission follows, whose worker may warm up meanwhile.
        """
        self.prepare()
        sandbox, self._warm = self._warm, None
        assert sandbox is not None  # noqa: S101 - prepared just now
        with sandbox:
            if prepare_next:
                self.prepare()
            return [
                self._grade_item(submission, sandbox, item, number, len(items))
                for number, item in enumerate(items, start=1)
            ]

    def grade_trusted(self, pairs: Iterable[tuple[Submission, Item]]) -> Iterator[GradedItem]:
        """Grade an item of each submission, all in one sandbox.

        Only for sources of one author, such as a self-test's: nothing but the fork of each item
        stands between them.
        """
        with self._sandbox() as sandbox:
            for submission, item in pairs:
                yield self._grade_item(submission, sandbox, item, 1, 1)

    def _grade_item(
        self, submission: Submission, sandbox: Sandbox, item: Item, number: int, total: int
    ) -> GradedItem:
        self._progress.item_started(submission.name, item.id, number, total)
        asked: list[Baseline] = []
        starved: list[bool] = []

        def baseline() -> "Baseline":
            asked.append(self.baseline())
            return asked[-1]

        setting = ItemSetting(
            sandbox=sandbox,
            draws=SeededDraws(self._secret, self.rubric.assignment, item.id),
            baseline=baseline,
            threads=self._threads,
            device=self._device,
            practice=self.options.practice,
            aliases=self.options.aliases,
            progress=self._progress.item_progress,
            kept=self._kept[item.id],
            starved=lambda: starved.append(True),
        )
        record = grade_item(item, submission, setting)
        self._progress.item_finished(submission.name, record)
        if not asked:
            return GradedItem(record=record, starved=bool(starved))
        dataset = asked[0].dataset
        return GradedItem(
            record=record,
            baseline=asked[0].key,
            dataset=f"{dataset.name} {dataset.sha256[:12]}",
            starved=bool(starved),
        )

    def _sandbox(self) -> Sandbox:
        return Sandbox(
            self._launcher,
            self._guards,
            threads=self._threads,
            device=self._device,
            modules=self._modules,
            cores=self._cores,
        )

    def baseline(self) -> "Baseline":
        """The trained network and its data; trained at the first call where not cached.

        Raises:
            DataError: the dataset can't be had.
        """
        if self._trained is None:
            from grader.data.baseline import (  # noqa: PLC0415 - only where an item asks for it
                BaselineSpec,
                provide_baseline,
            )

            self._trained = provide_baseline(
                BaselineSpec(data=self.options.data, device=self._device, threads=self._threads),
                cache=self.options.cache,
                progress=lambda done, total, what: self._progress.preparing(what, done, total),
                time_budget=self.options.time_budget,
            )
        return self._trained
