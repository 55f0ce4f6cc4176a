"""Hand-ins, items and records in the store."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from grader.errors import StoreError
from grader.model import ItemRecord, Record
from grader.store import schema
from grader.store.database import Database
from grader.store.interface import Entry, KeptItem, RunInfo
from grader.store.rows import decode_record, entry_of, now, put_row

INFO = "run"
BATCH_BYTES = 32 << 20
"""Of hand-ins written in one transaction."""
PAGE = 200
"""Students read at a time, so that a store of any size takes little memory."""


class RunRecords:
    """What a run knows of hand-ins and their automatic points."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def info(self) -> RunInfo | None:
        """What the run grades by; None before its first grading."""
        query = select(schema.settings.c.value).where(schema.settings.c.key == INFO)
        with self._database.reading() as connection:
            value = connection.execute(query).scalar()
        return None if value is None else msgspec.json.decode(value, type=RunInfo)

    def put_info(self, info: RunInfo) -> None:
        """Keep what the run grades by from now on.

        Raises:
            StoreError: the run is of another assignment.
        """
        known = self.info()
        if known is not None and known.assignment != info.assignment:
            raise StoreError(
                f"{self._database.path}: the run's assignment must be {known.assignment!r}, got "
                f"{info.assignment!r}; choose another folder for --out"
            )
        if known != info:
            value = msgspec.json.encode(info, order="deterministic").decode()
            with self._database.writing() as connection:
                put_row(connection, schema.settings, {"key": INFO, "value": value})

    def put_entries(self, hand_ins: Iterable[tuple[Entry, bytes]]) -> None:
        """Keep hand-ins, each with its file's bytes; a student's earlier one is replaced."""
        waiting: list[tuple[Entry, bytes]] = []
        for entry, content in hand_ins:
            if self._known(entry):
                continue
            waiting.append((entry, content))
            if sum(len(raw) for _, raw in waiting) >= BATCH_BYTES:
                self._write_entries(waiting)
                waiting = []
        self._write_entries(waiting)

    def mark_contested(self, student: str, contested: str) -> None:
        """Mark an entry that is there as one of those that claim the id `contested`."""
        table = schema.entries
        statement = update(table).where(table.c.student == student).values(contested=contested)
        with self._database.writing() as connection:
            connection.execute(statement)

    def drop_entry(self, student: str) -> None:
        """Forget that `student` handed in; file, records and hand scores stay."""
        table = schema.entries
        with self._database.writing() as connection:
            connection.execute(delete(table).where(table.c.student == student))

    def entries(self) -> Iterator[Entry]:
        """Every hand-in, by student."""
        table, after = schema.entries, ""
        while True:
            query = select(table).where(table.c.student > after).order_by(table.c.student)
            with self._database.reading() as connection:
                rows = connection.execute(query.limit(PAGE)).all()
            yield from map(entry_of, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1].student

    def entry(self, student: str) -> Entry:
        """The hand-in of `student`.

        Raises:
            StoreError: there is none.
        """
        query = select(schema.entries).where(schema.entries.c.student == student)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise StoreError(f"{self._database.path}: no hand-in of {student[:200]!r} is there")
        return entry_of(row)

    def content(self, sha256: str) -> bytes:
        """The bytes of a file that was handed in.

        Raises:
            StoreError: there is none with this hash.
        """
        table = schema.submissions
        query = select(table.c.content).where(table.c.sha256 == sha256)
        with self._database.reading() as connection:
            content = connection.execute(query).scalar()
        if content is None:
            raise StoreError(f"{self._database.path}: no file {sha256[:12]!r} is there")
        return bytes(content)

    def kept_keys(self, sha256: str, kind: str) -> frozenset[tuple[str, str]]:
        """(key, baseline) of every item of the file that is kept."""
        table = schema.items
        query = select(table.c.key, table.c.baseline).where(
            table.c.sha256 == sha256, table.c.kind == kind
        )
        with self._database.reading() as connection:
            return frozenset((key, baseline) for key, baseline in connection.execute(query))

    def kept_items(
        self, sha256: str, kind: str, keys: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], KeptItem]:
        """The kept items of the file with these (key, baseline), as far as they are there."""
        table = schema.items
        query = select(table).where(table.c.sha256 == sha256, table.c.kind == kind)
        wanted = set(keys)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(table.c.key.in_({key for key, _ in wanted})))
            return {
                (row.key, row.baseline): KeptItem(
                    key=row.key,
                    baseline=row.baseline,
                    dataset=row.dataset,
                    record=msgspec.json.decode(row.record, type=ItemRecord),
                )
                for row in rows
                if (row.key, row.baseline) in wanted
            }

    def record_key(self, sha256: str, kind: str) -> str:
        """The key of the file's record that counts; empty where it has none."""
        table = schema.records
        query = (
            select(table.c.key)
            .where(table.c.sha256 == sha256, table.c.kind == kind)
            .order_by(table.c.id.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar() or ""

    def record(self, sha256: str, kind: str) -> Record | None:
        """The file's record that counts; None where it has none."""
        table = schema.records
        query = (
            select(table.c.record)
            .where(table.c.sha256 == sha256, table.c.kind == kind, table.c.record.is_not(None))
            .order_by(table.c.id.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            raw = connection.execute(query).scalar()
        return None if raw is None else decode_record(raw)

    def history(self, sha256: str, kind: str) -> list[Record]:
        """Every record of the file, the one that counts last."""
        table = schema.records
        query = (
            select(table.c.record)
            .where(table.c.sha256 == sha256, table.c.kind == kind, table.c.record.is_not(None))
            .order_by(table.c.id)
        )
        with self._database.reading() as connection:
            return [decode_record(row.record) for row in connection.execute(query)]

    def put_record(self, record: Record, key: str, items: Sequence[KeptItem] = ()) -> None:
        """Make `record` the one that counts of its file, and keep `items`, in one transaction.

        Args:
            record: Whose file is among the entries.
            key: Names all that it was graded with.
            items: Newly graded ones that may be used again.
        """
        submission = record.submission
        file = {"sha256": submission.sha256, "kind": submission.kind}
        with self._database.writing() as connection:
            for item in items:
                row = {
                    "key": item.key,
                    "baseline": item.baseline,
                    "dataset": item.dataset,
                    "record": msgspec.json.encode(item.record, order="deterministic"),
                }
                put_row(connection, schema.items, file | row)
            raw = msgspec.json.encode(record, order="deterministic")
            row = {"key": key, "record": raw, "error": "", "written": now()}
            connection.execute(insert(schema.records).values(file | row))

    def put_unreadable(self, sha256: str, kind: str, key: str, error: str) -> None:
        """Say of a file that it can't be read as a submission, and why."""
        row = {"sha256": sha256, "kind": kind, "key": key, "record": None, "error": error}
        with self._database.writing() as connection:
            connection.execute(insert(schema.records).values(row | {"written": now()}))

    def _known(self, entry: Entry) -> bool:
        query = select(schema.entries).where(schema.entries.c.student == entry.student)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return row is not None and entry_of(row) == entry

    def _write_entries(self, hand_ins: Sequence[tuple[Entry, bytes]]) -> None:
        if not hand_ins:
            return
        with self._database.writing() as connection:
            for entry, content in hand_ins:
                if entry.sha256:
                    file = {"sha256": entry.sha256, "content": content}
                    kept = upsert(schema.submissions).values(file).on_conflict_do_nothing()
                    connection.execute(kept)
                row = {
                    "student": entry.student,
                    "name": entry.name,
                    "attempt": entry.attempt,
                    "late": entry.late,
                    "file": entry.file,
                    "sha256": entry.sha256 or None,
                    "kind": entry.kind,
                    "notes": msgspec.json.encode(entry.notes).decode(),
                    "contested": entry.contested,
                    "layout": entry.layout,
                }
                put_row(connection, schema.entries, row)
