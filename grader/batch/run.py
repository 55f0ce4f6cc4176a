"""Grade a class: what was handed in, what is new of it, who grades it, and what came of it."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import grader.checks  # noqa: F401 - registers the checks
from grader.batch.discover import HandIn, discover
from grader.batch.executors import open_executor
from grader.batch.keys import Terms
from grader.batch.ledger import Ledger
from grader.batch.messages import Event, Result, Task, plain_options
from grader.batch.outputs import file_names, make_folder, write_records
from grader.checks.interface import CHECKS
from grader.errors import SubmissionError, UsageError
from grader.grading import WARM_MODULES
from grader.options import SEED_VARIABLE, Options, chosen_items, thread_count
from grader.progress import RunProgress, SilentRun
from grader.rubric import load_rubric
from grader.store import Entry, RunInfo, Store, grading_lock, open_store

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

File = tuple[str, str]
"""A file's hash and kind."""


@dataclass(frozen=True)
class RunSummary:
    """What one command did to a run; what came of it is in the store."""

    students: tuple[str, ...]
    """Whose hand-ins the command was given."""
    graded: int
    """Files that were graded now."""
    kept: int
    """Files that had nothing new to grade."""
    layouts: tuple[str, ...]
    """What the places were taken for."""
    notes: tuple[str, ...]
    """What was passed over in them."""
    seconds: float


def grade_run(
    sources: Sequence[Path],
    out: Path,
    options: Options | None = None,
    *,
    jobs: int = 0,
    cluster: str = "",
    allow_bare: bool = False,
    progress: RunProgress | None = None,
) -> RunSummary:
    """Grade what was handed in, and keep it in the run's folder.

    What is graded already is not graded again: started again after any interruption it goes on.

    Args:
        sources: Folders, zips, notebooks, modules; also as Canvas, Moodle and Gradescope export.
        out: The run's folder; made where it is not there.
        options: How.
        jobs: Files graded at once; 0: as many as cores and memory allow.
        cluster: Address of a Dask scheduler, or `local:N`; empty: this machine alone.
        allow_bare: Grade many with no isolation all the same.
        progress: Is told what goes on.

    Raises:
        UsageError: a source or an option can't be used as given.
        StoreError: the folder can't be written, or another grading of this run goes on.
        GraderError: nothing can be graded; what was graded before stays.
    """
    began = time.monotonic()
    options = options or Options()
    found = discover(sources)
    demand_isolation(options, len(found.hand_ins), allow_bare=allow_bare)
    make_folder(out)
    with grading_lock(out), open_store(out, create=True) as store:
        work = RunWork(store, options, jobs=jobs, cluster=cluster, progress=progress)
        with work:
            demand_same_seed(store, work.terms)
            store.put_info(work.info())
            entries = _take_in(store, found.hand_ins)
            graded, kept = work.bring_up_to_date(entries, out)
    return RunSummary(
        students=tuple(entry.student for entry in entries),
        graded=graded,
        kept=kept,
        layouts=found.layouts,
        notes=found.notes,
        seconds=round(time.monotonic() - began, 3),
    )


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

    def info(self) -> RunInfo:
        """What the run grades by, for its store."""
        rubric = self.terms.rubric
        return RunInfo(
            assignment=rubric.assignment,
            title=rubric.title,
            rubric_sha256=rubric.sha256,
            rubric=rubric.model_dump_json(),
            seed=self.terms.environment.seed,
            options=plain_options(self.terms.options),
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
            modules=self._mentioned(tasks),
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

    def _mentioned(self, tasks: Sequence[Task]) -> tuple[str, ...]:
        """The slow modules that some file names: sandboxes need import no others."""
        found: set[str] = set()
        for task in tasks:
            content = self._store.content(task.sha256)
            found |= {name for name in WARM_MODULES if name.encode() in content}
            if len(found) == len(WARM_MODULES):
                break
        return tuple(name for name in WARM_MODULES if name in found)

    def _tell(self, event: Event) -> None:
        step = f"item {event.item}" if event.item else "reading"
        text = f"{event.file}  {event.what or step}" if event.file else "warming up"
        self._progress.working(event.worker, text, event.done, event.of)

    @staticmethod
    def _nothing_new(task: Task) -> Result:
        return Result(file=task.file, sha256=task.sha256, kind=task.kind, items=())


def demand_isolation(options: Options, count: int, *, allow_bare: bool) -> None:
    """Refuse to run others' code as the person who grades it.

    Raises:
        UsageError: many files, no isolation, and it was not asked for.
    """
    if options.sandbox == "bare" and count > 1 and not allow_bare:
        raise UsageError(
            "--sandbox: bare does not isolate submissions from this machine and must be used for "
            f"one's own file alone, got {count} files; use bubblewrap, or add --allow-bare"
        )


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


def _take_in(store: Store, hand_ins: Sequence[HandIn]) -> list[Entry]:
    """Keep what was handed in, one file in memory at a time."""
    entries: list[Entry] = []

    def read() -> Iterator[tuple[Entry, bytes]]:
        for hand_in in hand_ins:
            entry, content = _entry(hand_in)
            entries.append(entry)
            yield entry, content

    store.put_entries(read())
    return entries


def _entry(hand_in: HandIn) -> tuple[Entry, bytes]:
    notes, content, sha256 = hand_in.notes, b"", ""
    if hand_in.member is not None:
        try:
            content = hand_in.member.read()
            sha256 = hashlib.sha256(content).hexdigest()
        except SubmissionError as exc:
            notes = (str(exc), *notes)
    entry = Entry(
        student=hand_in.student,
        name=hand_in.name,
        attempt=hand_in.attempt,
        late=hand_in.late,
        file=hand_in.file,
        sha256=sha256,
        notes=notes,
    )
    return entry, content
