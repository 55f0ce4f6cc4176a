"""Grade a class: what was handed in, what is new of it, who grades it, and what came of it."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.batch.discover import HandIn, discover
from grader.batch.outputs import make_folder
from grader.batch.run_work import RunWork, demand_same_seed
from grader.errors import SubmissionError, UsageError
from grader.options import Options
from grader.progress import RunProgress
from grader.store import Entry, Store, grading_lock, open_store


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
