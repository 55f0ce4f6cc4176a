"""The store of a run: one SQLite file in its folder."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from sqlalchemy import Row, select

from grader.errors import StoreError
from grader.store import schema
from grader.store.comments import CommentLibrary
from grader.store.database import Database
from grader.store.hand import HandScores, read_scores
from grader.store.interface import HandScore, Held
from grader.store.migrate import empty, is_current, make_tables, migrate
from grader.store.private import make_private_folder
from grader.store.records import PAGE, RunRecords
from grader.store.rows import decode_record, entry_of, latest_record_of
from grader.store.transfer import Transfer

SUFFIX = ".sqlite"
FILE_NAME = f"run{SUFFIX}"


class Store(RunRecords, HandScores, CommentLibrary, Transfer):
    """Everything that is kept of a run.

    May be used by several threads and processes at once. Each method is one transaction: it is
    done whole or not at all. Every method raises `StoreError` where the file can't be read or
    written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.path = database.path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def held(self, student: str | None = None) -> Iterator[Held]:
        """Every hand-in with its record and hand scores, by student; read as it is asked for.

        Args:
            student: Of one student; of all where None.
        """
        after = ""
        while True:
            page = self._page(after, student)
            yield from page
            if student is not None or len(page) < PAGE:
                return
            after = page[-1].entry.student

    def _page(self, after: str, student: str | None) -> list[Held]:
        entries, records = schema.entries, schema.records
        query = (
            select(entries, records.c.record, records.c.error)
            .select_from(entries)
            .outerjoin(records, records.c.id == latest_record_of(entries))
            .order_by(entries.c.student)
        )
        if student is None:
            query = query.where(entries.c.student > after).limit(PAGE)
        else:
            query = query.where(entries.c.student == student)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            among = (rows[0].student, rows[-1].student) if rows else ("", "")
            scores: dict[str, list[HandScore]] = {}
            for score in read_scores(connection, among=among):
                scores.setdefault(score.student, []).append(score)
        return [_held(row, scores.get(row.student, [])) for row in rows]


def open_store(path: Path, *, read_only: bool = False, create: bool = False) -> Store:
    """Open the store of a run.

    Args:
        path: The run's folder, or the file itself.
        read_only: Never write, not even where the folder could be written to.
        create: Make it where there is none.

    Raises:
        StoreError: there is none, or it can't be read, or a newer grader wrote it.
    """
    file = path if path.suffix == SUFFIX else path / FILE_NAME
    if not file.is_file():
        if not create or read_only:
            raise StoreError(
                f"{path}: must be the folder of a run, has no {file.name}; make one with `grader "
                "grade HAND-INS --out DIR`"
            )
        try:
            _make(file)
        except OSError as exc:
            raise StoreError(
                f"{file.parent}: must be a folder that can be written to: {exc}"
            ) from exc
    if file.stat().st_size == 0:
        # SQLite would take it for a new database.
        raise empty(file)
    database = Database(file, read_only=read_only)
    try:
        if read_only and not is_current(database):
            # Only a writer can bring it up to date.
            with open_store(file):
                pass
        elif not read_only:
            migrate(database)
    except BaseException:
        database.close()
        raise
    return Store(database)


def _make(file: Path) -> None:
    """Make a new store under another name first, so that no half-made one is ever found."""
    make_private_folder(file.parent)
    # Only its owner can read it, and SQLite gives its log the same rights.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(descriptor)
    new = Path(name)
    try:
        database = Database(new)
        try:
            make_tables(database)
        finally:
            database.close()
        # Another process may have been faster; its store stays.
        if not file.exists():
            new.rename(file)
    finally:
        for left in (new, new.with_name(f"{new.name}-wal"), new.with_name(f"{new.name}-shm")):
            left.unlink(missing_ok=True)


def _held(row: Row[Any], scores: list[HandScore]) -> Held:
    entry = entry_of(row)
    record = None if row.record is None else decode_record(row.record)
    if record is not None:
        # Two students who hand in the same bytes share a record.
        named = msgspec.structs.replace(record.submission, name=entry.file)
        notes = (*entry.notes, *record.notes)
        record = msgspec.structs.replace(record, submission=named, notes=notes)
    error = (row.error or "") if entry.sha256 else "; ".join(entry.notes)
    return Held(entry=entry, record=record, error=error, hand=tuple(scores))
