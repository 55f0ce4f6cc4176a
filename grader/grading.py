"""Grade a submission: the only place where rubric, loader, sandbox, checks and scoring meet."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from grader.draws import SeededDraws, fingerprint, practice_secret
from grader.environment import grader_version, package_versions, python_version, resolve_device
from grader.errors import UsageError
from grader.items import ItemSetting, grade_item
from grader.model import Environment, ItemRecord, Record, SubmissionInfo
from grader.progress import Progress, Silent
from grader.rubric import Item, Rubric, load_rubric
from grader.sandbox import Sandbox, choose_guards, choose_launcher, verify_sandbox
from grader.submission import Submission, load_submission

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

WARM_MODULES = ("numpy", "torch", "jax")
"""What a warm worker imports before the first item, where the submission uses it."""
SEED_VARIABLE = "NLA_GRADER_SECRET"


@dataclass(frozen=True)
class Options:
    """How to grade. Every field has the default that the command has."""

    rubric: Path | None = None
    """The embedded rubric where None."""
    data: str = "synthetic"
    sandbox: str = "bubblewrap"
    device: str = "auto"
    threads: int = 0
    """Threads of the numeric libraries; 0: as many as the machine has cores, at most 4."""
    secret: str = ""
    """The course secret behind the hidden draws; empty: the environment's, else the public one."""
    practice: bool = False
    """A student's own check: public draws and the rubric's faster settings."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Asked name -> the submission's own name."""
    items: tuple[str, ...] = ()
    """Grade these items alone; all where empty."""
    cache: Path | None = None
    """Folder for baselines; the user's cache folder where None."""
    time_budget: float | None = None
    """Seconds that training the baseline may take."""


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

    def __init__(self, options: Options, progress: Progress | None = None) -> None:
        self.options = options
        self.rubric: Rubric = load_rubric(options.rubric)
        self._progress: Progress = progress or Silent()
        self._chosen = self._chosen_items()
        self._secret = self._course_secret()
        self._device = resolve_device(options.device)
        self._threads = options.threads or min(os.cpu_count() or 1, 4)
        self._launcher = choose_launcher(options.sandbox)
        self._guards = choose_guards()
        self._trained: Baseline | None = None
        if self._launcher.name != "bare":
            verify_sandbox(self._launcher, self._guards)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def grade(self, path: Path) -> Record:
        """Grade the file at `path`; see the function `grade` for what it raises."""
        return self.grade_submission(load_submission(path))

    def grade_submission(self, submission: Submission) -> Record:
        """Grade a submission that has been read."""
        started, began = datetime.now(UTC), time.monotonic()
        with self._sandbox() as sandbox:
            items = tuple(self._grade_items(submission, sandbox))
        return Record(
            assignment=self.rubric.assignment,
            title=self.rubric.title,
            submission=SubmissionInfo(
                name=submission.name, sha256=submission.sha256, kind=submission.kind
            ),
            rubric_sha256=self.rubric.sha256,
            environment=self._environment(),
            items=items,
            total=float(sum(item.points for item in self._chosen)),
            auto_points=float(sum(item.auto_points for item in self._chosen)),
            hand_points=float(sum(item.hand_points for item in self._chosen)),
            score=round(sum(item.score for item in items), 2),
            notes=submission.notes,
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - began, 3),
            aliases=dict(self.options.aliases),
        )

    def _grade_items(self, submission: Submission, sandbox: Sandbox) -> Iterator[ItemRecord]:
        for number, item in enumerate(self._chosen, start=1):
            self._progress.item_started(submission.name, item.id, number, len(self._chosen))
            setting = ItemSetting(
                sandbox=sandbox,
                draws=SeededDraws(self._secret, self.rubric.assignment, item.id),
                baseline=self.baseline,
                threads=self._threads,
                device=self._device,
                practice=self.options.practice,
                aliases=self.options.aliases,
                progress=self._progress.item_progress,
            )
            record = grade_item(item, submission, setting)
            self._progress.item_finished(submission.name, record)
            yield record

    def _sandbox(self) -> Sandbox:
        return Sandbox(
            self._launcher,
            self._guards,
            threads=self._threads,
            device=self._device,
            modules=WARM_MODULES,
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

    def _chosen_items(self) -> tuple[Item, ...]:
        known = [item.id for item in self.rubric.items]
        for wanted in self.options.items:
            if wanted not in known:
                raise UsageError(
                    f"--item: must be one of {', '.join(known)}, got {wanted!r}; see the rubric"
                )
        return tuple(
            item
            for item in self.rubric.items
            if not self.options.items or item.id in self.options.items
        )

    def _course_secret(self) -> bytes:
        if self.options.practice:
            return practice_secret()
        secret = self.options.secret or os.environ.get(SEED_VARIABLE, "")
        return secret.encode() if secret else practice_secret()

    def _environment(self) -> Environment:
        public = self._secret == practice_secret()
        baseline = self._trained
        return Environment(
            grader_version=grader_version(),
            python=python_version(),
            packages=package_versions(),
            sandbox=self._launcher.name,
            memory_limit=self._guards.name,
            device=self._device,
            threads=self._threads,
            dataset=f"{baseline.dataset.name} {baseline.dataset.sha256[:12]}" if baseline else "",
            baseline=baseline.key if baseline else "",
            seed="practice" if public else fingerprint(self._secret),
        )
