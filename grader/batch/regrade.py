"""Grade stored hand-ins again on purpose, and show whose points change before they do."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from grader.batch.ledger import changed_items
from grader.batch.messages import Result, Task, decode, encode, read_options
from grader.batch.outputs import file_names, write_records
from grader.batch.run_work import File, RunWork, by_file, demand_same_seed
from grader.errors import StoreError, UsageError
from grader.model import Record, Status
from grader.options import Options
from grader.progress import RunProgress, SilentRun
from grader.store import Entry, Store, grading_lock, open_store


@dataclass(frozen=True)
class Change:
    """An item of a student whose points or status a regrade changes."""

    student: str
    name: str
    item: str
    before: float
    after: float
    old_status: Status
    new_status: Status


@dataclass(frozen=True)
class Regrade:
    """What a regrade found."""

    changes: tuple[Change, ...]
    graded: int
    """Files that were graded again."""
    faults: int
    """Of these, files that met a fault of ours."""
    written: bool


def regrade_run(
    out: Path,
    items: Sequence[str],
    *,
    students: Sequence[str] = (),
    change: Callable[[Options], Options] = lambda options: options,
    approve: Callable[[Sequence[Change], int], bool] = lambda _changes, _graded: True,
    jobs: int = 0,
    cluster: str = "",
    progress: RunProgress | None = None,
) -> Regrade:
    """Grade some items of a run again, whether they have changed or not.

    Items that the rubric has changed are graded with them. Hand scores stay.

    Args:
        out: The run's folder.
        items: Their ids; all where empty.
        students: Of these alone; of all where empty.
        change: Changes the options that the run was graded with.
        approve: Is shown every change and how many files were graded again; where it says no,
            nothing is written.
        jobs: Files graded at once; 0: as many as cores and memory allow.
        cluster: Address of a Dask scheduler, or `local:N`; empty: this machine alone.
        progress: Is told what goes on.

    Raises:
        UsageError: the run has no such item or student.
        StoreError: there is no run, or it can't be written.
        GraderError: nothing can be graded.
    """
    listener: RunProgress = progress or SilentRun()
    with open_store(out) as store, grading_lock(store.path.parent):
        options = change(_stored_options(store))
        files = by_file(_chosen(store, students))
        work = RunWork(store, options, jobs=jobs, cluster=cluster, progress=listener)
        with work, tempfile.TemporaryFile() as spool:
            demand_same_seed(store, work.terms)
            tasks = [
                Task(
                    file=owners[0].file,
                    sha256=file[0],
                    kind=file[1],
                    items=_items(work, items, file),
                )
                for file, owners in files.items()
            ]
            listener.planned(len(tasks), 0)
            changes: list[Change] = []
            faults = 0
            for result in work.results(tasks):
                _keep(spool, result)
                record = None if result.error else work.ledger.preview(result)[0]
                if record is not None:
                    faults += record.status is Status.GRADER_FAULT
                    changes += _changes(store, record, files[result.sha256, result.kind])
                listener.graded(result.file, record)
            changes.sort(key=lambda one: (one.student, one.item))
            written = approve(changes, len(tasks))
            if written:
                known = store.info()
                store.put_info(work.info(known.layout if known else ""))
                _write(store, work, spool, files)
    return Regrade(tuple(changes), len(tasks), faults, written)


def _stored_options(store: Store) -> Options:
    info = store.info()
    if info is None:
        raise StoreError(
            f"{store.path}: nothing has been graded here yet; run `grader grade` first"
        )
    try:
        options = read_options(dict(info.options))
    except msgspec.ValidationError as exc:
        raise StoreError(
            f"{store.path}: how it was graded can't be read: {exc}; run `grader grade` again"
        ) from exc
    if options.rubric is not None and not options.rubric.is_file():
        raise UsageError(f"--rubric: {options.rubric} is gone; name the rubric to grade by")
    return options


def _chosen(store: Store, students: Sequence[str]) -> list[Entry]:
    if students:
        return [store.entry(student) for student in dict.fromkeys(students)]
    return list(store.entries())


def _items(work: RunWork, asked: Sequence[str], file: File) -> tuple[str, ...]:
    """The items to grade of a file: those asked for, and those that have changed."""
    known = [item.id for item in work.terms.items if item.checks]
    for name in asked:
        if name not in known:
            raise UsageError(f"--item: must be one of {', '.join(known)}, got {name!r}")
    wanted = {*(asked or known), *work.ledger.missing(*file)}
    return tuple(name for name in known if name in wanted)


def _changes(store: Store, record: Record, owners: Sequence[Entry]) -> Iterator[Change]:
    before = store.record(record.submission.sha256, record.submission.kind)
    for old, new in changed_items(before, record):
        for entry in owners:
            yield Change(
                student=entry.student,
                name=entry.name,
                item=new.id,
                before=old.score if old is not None else 0.0,
                after=new.score,
                old_status=old.status if old is not None else Status.SKIPPED,
                new_status=new.status,
            )


def _keep(spool: IO[bytes], result: Result) -> None:
    """Put a result aside: a class's results need not fit into memory."""
    raw = encode(result)
    spool.write(len(raw).to_bytes(8, "little") + raw)


def _kept(spool: IO[bytes]) -> Iterator[Result]:
    spool.seek(0)
    while head := spool.read(8):
        result = decode(spool.read(int.from_bytes(head, "little")))
        if isinstance(result, Result):
            yield result


def _write(
    store: Store, work: RunWork, spool: IO[bytes], files: Mapping[File, Sequence[Entry]]
) -> None:
    names = file_names(entry.student for entry in store.entries())
    for result in _kept(spool):
        work.ledger.settle(result)
        write_records(store, files[result.sha256, result.kind], store.path.parent, names)
