"""Grade a class: what was handed in, what is new of it, who grades it, and what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.batch.discover import discover
from grader.batch.intake import take_in
from grader.batch.outputs import make_folder
from grader.batch.run_work import RunWork, demand_same_seed
from grader.errors import UsageError
from grader.options import Options, asked_names
from grader.progress import RunProgress
from grader.rubric import load_rubric
from grader.store import grading_lock, open_store


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
    counts: Sequence[str] = (),
    layout: str = "",
    progress: RunProgress | None = None,
) -> RunSummary:
    """Grade what was handed in, and keep it in the run's folder.

    What is graded already is not graded again: started again after any interruption it goes on.

    Args:
        sources: Folders, zips, notebooks, modules; also as learning management systems export.
        out: The run's folder; made where it is not there.
        options: How.
        jobs: Files graded at once; 0: as many as cores and memory allow.
        cluster: Address of a Dask scheduler, or `local:N`; empty: this machine alone.
        allow_bare: Grade many with no isolation all the same.
        counts: Ids in conflict that count, where several places claim one student.
        layout: How the sources are laid out, one of `recognise.LAYOUTS`; recognised where empty.
        progress: Is told what goes on.

    Raises:
        UsageError: a source or an option can't be used as given.
        StoreError: the folder can't be written, or another grading of this run goes on.
        GraderError: nothing can be graded; what was graded before stays.
    """
    began = time.monotonic()
    options = options or Options()
    names = asked_names(load_rubric(options.rubric), options)
    found = discover(sources, counts, layout=layout, names=names)
    demand_isolation(options, len(found.hand_ins), allow_bare=allow_bare)
    make_folder(out)
    with grading_lock(out), open_store(out, create=True) as store:
        work = RunWork(store, options, jobs=jobs, cluster=cluster, progress=progress)
        with work:
            demand_same_seed(store, work.terms)
            store.put_info(work.info(layout))
            intake = take_in(store, found.hand_ins, counts)
            graded, kept = work.bring_up_to_date(intake.entries, out)
    return RunSummary(
        students=tuple(entry.student for entry in intake.entries),
        graded=graded,
        kept=kept,
        layouts=found.layouts,
        notes=(*found.notes, *intake.notes),
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
