"""The SQLite file: connections, transactions, and what went wrong in a person's words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import QueuePool

from grader.errors import StoreError

BUSY_SECONDS = 30.0
"""How long a writer waits for another one's transaction."""
ADVICE = (
    ("locked", "another program holds it; wait for that to end and try again"),
    ("busy", "another program holds it; wait for that to end and try again"),
    ("full", "free some space and start again; what was written stays"),
    ("disk i/o", "free some space, check the disk and start again; what was written stays"),
    ("readonly", "give yourself the right to write to it and to its folder"),
    ("unable to open", "give yourself the right to read and write its folder"),
    ("not a database", "it is no store of this grader; choose another folder"),
    ("malformed", "the file is damaged; restore a copy, or move it away and grade again"),
    ("no such table", "it is no store of this grader; choose another folder"),
)
"""Words in SQLite's message -> what a person can do."""


class Database:
    """One SQLite file in write-ahead mode: readers never wait, writers take turns."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._engine = _engine(path, read_only=read_only)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the store.

        Raises:
            StoreError: the file can't be read.
        """
        with self._told(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all that is done in it is kept, or nothing.

        It is the only writer from its first word on, so what it reads stays true until it ends.

        Raises:
            StoreError: the file can't be written; nothing was.
        """
        with self._told(), self._engine.connect() as connection:
            connection.execution_options(nla_grader_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # a mistake of ours: no person can do anything about it
        except (DatabaseError, sqlite3.Error) as exc:
            raise explained(self.path, exc) from exc


def explained(path: Path, exc: Exception) -> StoreError:
    """What went wrong with the file, and what to do about it."""
    said = str(exc.orig) if isinstance(exc, DatabaseError) else str(exc)
    step = next((advice for word, advice in ADVICE if word in said.lower()), "look at the file")
    return StoreError(f"{path}: the store can't be used: {said}; {step}")


def _engine(path: Path, *, read_only: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            _address(path, read_only=read_only),
            uri=True,
            timeout=BUSY_SECONDS,
            # The transactions below are ours; the module would begin its own.
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _prepare(connection, read_only=read_only)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1)
    event.listen(engine, "begin", _begin)
    return engine


def _address(path: Path, *, read_only: bool) -> str:
    address = path.resolve().as_uri()
    if not read_only:
        return f"{address}?mode=rwc"
    log = path.with_name(f"{path.name}-wal")
    # Where nobody can write, SQLite can't make the index of its log: without a log it needs none.
    if (log.exists() and log.stat().st_size) or os.access(path.parent, os.W_OK):
        return f"{address}?mode=ro"
    return f"{address}?mode=ro&immutable=1"


def _prepare(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
        return
    connection.execute("PRAGMA journal_mode = WAL")
    # A record that was reported as written survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    word = "BEGIN IMMEDIATE" if options.get("nla_grader_writes") else "BEGIN"
    connection.exec_driver_sql(word)
