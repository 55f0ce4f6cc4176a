"""Rows of the tables as values, and back."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, ScalarSelect, Table, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from grader.errors import StoreError
from grader.model import Record, from_json
from grader.store import schema
from grader.store.interface import Entry


def latest_record_of(entries: Table) -> ScalarSelect[int]:
    """The number of the record that counts of an entry's file."""
    table = schema.records.alias()
    return (
        select(func.max(table.c.id))
        .where(table.c.sha256 == entries.c.sha256, table.c.kind == entries.c.kind)
        .scalar_subquery()
    )


def decode_record(raw: bytes) -> Record:
    """The record that was kept.

    Raises:
        StoreError: another version of the grader wrote it in another shape.
    """
    try:
        return from_json(raw)
    except msgspec.MsgspecError as exc:
        raise StoreError(
            f"a record of the store can't be read: {exc}; another version of the grader wrote it: "
            "grade again"
        ) from exc


def now() -> str:
    """UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def entry_of(row: Row[Any]) -> Entry:
    """A row of the table of entries, as a value."""
    return Entry(
        student=row.student,
        name=row.name,
        attempt=row.attempt,
        late=row.late,
        file=row.file,
        sha256=row.sha256 or "",
        notes=msgspec.json.decode(row.notes, type=tuple[str, ...]),
        contested=row.contested,
        layout=row.layout,
    )


def put_row(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Insert the row, or replace the one with its primary key."""
    statement = upsert(table).values(row)
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))
