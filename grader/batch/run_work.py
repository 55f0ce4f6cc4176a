"""The work on a run: by what it grades, who grades for it, and what of it is still to be done."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import grader.checks  # noqa: F401 - registers the checks
from grader.batch.executors import open_executor
from grader.batch.keys import Terms
from grader.batch.ledger import Ledger
from grader.batch.messages import Event, Result, Task, plain_options
from grader.batch.outputs import file_names, write_records
from grader.checks.interface import CHECKS
from grader.errors import UsageError
from grader.options import SEED_VARIABLE, Options, chosen_items, thread_count
from grader.progress import RunProgress, SilentRun
from grader.rubric import load_rubric
from grader.store import Entry, RunInfo, Store
from grader.warm import modules_for

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

File = tuple[str, str]
"""A file's hash and kind."""


class RunWork:
    """A run's store, by what it grades, and who grades for it."""

    def __init__(
        self,
        store: Store,
        options: Options,
        *,
        jobs: int,
        cluster: str,
        progress: RunProgress | None,
    ) -> None:
        """Nothing is started yet but the connection to a cluster.

        Raises:
            GraderError: an option can't be used as given, or the cluster can't be had.
        """
        self._store = store
        self._progress: RunProgress = progress or SilentRun()
        self._trained: Baseline | None = None
        # A machine with other cores grades with as many threads.
        options = replace(options, threads=thread_count(options))
        rubric = load_rubric(options.rubric)
        self._executor = open_executor(options, rubric, jobs=jobs, cluster=cluster)
        self._stack = ExitStack()
        self._stack.callback(self._executor.close)
        try:
            self.terms = Terms(
                rubric, chosen_items(rubric, options), self._executor.environment(), options
            )
        except BaseException:
            self._stack.close()
            raise
        self.ledger = Ledger(store, self.terms, lambda: self.baseline().key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def info(self, layout: str = "") -> RunInfo:
        """What the run grades by, for its store; `layout` is what staff have asked for."""
        rubric = self.terms.rubric
        return RunInfo(
            assignment=rubric.assignment,
            title=rubric.title,
            rubric_sha256=rubric.sha256,
            rubric=rubric.model_dump_json(),
            seed=self.terms.environment.seed,
            options=plain_options(self.terms.options),
            layout=layout,
        )

    def bring_up_to_date(self, entries: Sequence[Entry], out: Path) -> tuple[int, int]:
        """Grade what is missing of these hand-ins and write their records.

        Returns:
            How many files were graded, and how many had nothing new to grade.
        """
        files = by_file(entries)
        tasks = []
        for (sha256, kind), owners in files.items():
            missing = self.ledger.missing(sha256, kind)
            task = Task(file=owners[0].file, sha256=sha256, kind=kind, items=missing)
            if missing:
                tasks.append(task)
            elif not self.ledger.settled(sha256, kind):
                # Only titles, points for a person or the set of items have changed.
                self.ledger.settle(self._nothing_new(task))
        names = file_names(entry.student for entry in self._store.entries())
        graded = {(task.sha256, task.kind) for task in tasks}
        self._progress.planned(len(tasks), len(files) - len(tasks))
        for file in files.keys() - graded:
            write_records(self._store, files[file], out, names)
        for result in self.results(tasks):
            record = self.ledger.settle(result)
            write_records(self._store, files[result.sha256, result.kind], out, names)
            self._progress.graded(result.file, record)
        return len(tasks), len(files) - len(tasks)

    def results(self, tasks: Sequence[Task]) -> Iterator[Result]:
        """What becomes of the tasks, in the order in which they are done."""
        if not tasks:
            return
        wanted = {name for task in tasks for name in task.items}
        rows = [row for item in self.terms.items if item.id in wanted for row in item.checks]
        # Trained here, once and with all cores, rather than by the first worker that asks.
        needed = any(CHECKS[row.use].needs_baseline for row in rows)
        baseline = self.baseline() if needed else None
        yield from self._executor.grade(
            tasks,
            self._store.content,
            self._tell,
            modules=modules_for(
                [item for item in self.terms.items if item.id in wanted],
                (self._store.content(task.sha256) for task in tasks),
            ),
            baseline=baseline,
        )

    def baseline(self) -> "Baseline":
        """The trained network and its data; trained at the first call where not cached."""
        if self._trained is None:
            from grader.data.baseline import BaselineSpec, provide_baseline  # noqa: PLC0415 - rarely

            options, environment = self.terms.options, self.terms.environment
            self._trained = provide_baseline(
                BaselineSpec(
                    data=options.data, device=environment.device, threads=environment.threads
                ),
                cache=options.cache,
                progress=lambda done, total, what: self._progress.preparing(what, done, total),
                time_budget=options.time_budget,
            )
        return self._trained

    def _tell(self, event: Event) -> None:
        step = f"item {event.item}" if event.item else "reading"
        text = f"{event.file}  {event.what or step}" if event.file else "warming up"
        self._progress.working(event.worker, text, event.done, event.of)

    @staticmethod
    def _nothing_new(task: Task) -> Result:
        return Result(file=task.file, sha256=task.sha256, kind=task.kind, items=())


def demand_same_seed(store: Store, terms: Terms) -> None:
    """Refuse to mix draws of two course secrets in one run.

    Raises:
        UsageError: the run was graded with another secret.
    """
    known, seed = store.info(), terms.environment.seed
    if known is not None and known.seed != seed:
        raise UsageError(
            f"--seed: must be the course secret that this run is graded with ({known.seed}), got "
            f"{seed}; set {SEED_VARIABLE} as it was, or choose another folder for --out"
        )


def by_file(entries: Sequence[Entry]) -> dict[File, list[Entry]]:
    """Hand-ins by their file: equal ones are graded once. Those without a file are left out."""
    files: dict[File, list[Entry]] = {}
    for entry in entries:
        if entry.sha256:
            files.setdefault((entry.sha256, entry.kind), []).append(entry)
    return files
