"""Bring a store of an older version to this one, whole or not at all."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from grader.errors import StoreError
from grader.store.database import Database
from grader.store.private import FILE_MODE
from grader.store.schema import HEAD

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


def migrate(database: Database, target: str = HEAD) -> None:
    """Change the tables of an older version; a copy of the old file is kept.

    Args:
        database: Of the store.
        target: The version to go to; an older one than the newest in tests alone.

    Raises:
        StoreError: a newer grader wrote the store, or the file is no store.
    """
    with database.reading() as connection:
        found = _version(connection, database.path)
    if found == target:
        return
    _keep_copy(database.path, found)
    with database.writing() as connection:
        # Another process may have done it meanwhile.
        if _version(connection, database.path) != target:
            _run(connection, target)


def empty(path: Path) -> StoreError:
    """What to say of a file without tables: a new store never is found without them."""
    return StoreError(
        f"{path}: the file is empty, so what was stored in it is lost; restore a copy, or move it "
        "away and grade again"
    )


def make_tables(database: Database, target: str = HEAD) -> None:
    """Make the tables in a new file."""
    with database.writing() as connection:
        _run(connection, target)


def is_current(database: Database) -> bool:
    """Whether the store is of this version already.

    Raises:
        StoreError: a newer grader wrote it, or the file is no store.
    """
    with database.reading() as connection:
        return _version(connection, database.path) == HEAD


def _version(connection: Connection, path: Path) -> str:
    """The store's version."""
    tables = inspect(connection).get_table_names()
    if not tables:
        raise empty(path)
    if VERSION_TABLE not in tables:
        raise StoreError(
            f"{path}: must be a store of this grader, has other tables; choose another"
        )
    version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    if not isinstance(version, str) or version > HEAD:
        raise StoreError(
            f"{path}: the store's version must be at most {HEAD}, got {version}; a newer grader "
            "wrote it: update this one"
        )
    return version


def _run(connection: Connection, target: str) -> None:
    from alembic import command  # noqa: PLC0415 - a fifth of a second that a store in use saves
    from alembic.config import Config  # noqa: PLC0415 - likewise

    config = Config()
    # Its parser takes a percent sign for a variable.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _keep_copy(path: Path, version: str) -> None:
    copy = path.with_name(f"{path.name}.{version}.bak")
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_WRONLY, FILE_MODE))
        source, target = sqlite3.connect(path), sqlite3.connect(copy)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()
    except (OSError, sqlite3.Error) as exc:
        raise StoreError(
            f"{copy}: a copy must be kept before the store is changed: {exc}; free some space"
        ) from exc
