"""grader/store/migrate.py: an older store is brought up to date, whole or not at all."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from grader.errors import StoreError
from grader.store import Store, open_store
from grader.store.database import Database
from grader.store.migrate import MIGRATIONS, make_tables
from grader.store.schema import HEAD, metadata
from tests.store.hand_ins import entry, record_of, score

ROOT = Path(__file__).parents[2]


def old_store(folder: Path) -> Path:
    """A store of the first version with a graded hand-in."""
    file = folder / "run.sqlite"
    database = Database(file)
    make_tables(database, "0001")
    one = entry("anna")
    with database.writing() as connection:
        connection.execute(
            text("INSERT INTO submissions VALUES (:sha256, :content)"),
            {"sha256": one.sha256, "content": b"x = 1"},
        )
        connection.execute(
            text("INSERT INTO entries VALUES (:student, :name, 1, 0, :file, :sha256, :kind, '[]')"),
            msgspec.to_builtins(one) | {"kind": one.kind},
        )
    Store(database).put_record(record_of(one), "k")
    database.close()
    return file


def tables(file: Path) -> set[str]:
    connection = sqlite3.connect(file)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    return names


def test_the_steps_lead_to_the_tables_that_the_code_uses(store: Store) -> None:
    """Nobody changes a table without a migration."""
    with store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_an_older_store_keeps_what_it_holds(tmp_path: Path) -> None:
    """Records stay, the new tables work, and a copy of the old file lies beside it."""
    old_store(tmp_path)
    with open_store(tmp_path) as store:
        (held,) = store.held()
        assert held.record == record_of(entry("anna"))
        store.put_hand_score(score(), 0)
    assert "hand_scores" not in tables(tmp_path / "run.sqlite.0001.bak")


def test_an_older_store_is_brought_up_to_date_for_a_reader(tmp_path: Path) -> None:
    """A report of an old run needs no other command first."""
    old_store(tmp_path)
    with open_store(tmp_path, read_only=True) as store:
        assert len(list(store.held())) == 1


def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a migration is taken back, and the next try succeeds."""
    file = old_store(tmp_path)
    with monkeypatch.context() as patch:
        # The step's last statement meets a full disk.
        patch.setattr("alembic.op.create_index", full_disk)
        with pytest.raises(StoreError, match="free some space"):
            open_store(tmp_path)
    assert "hand_scores" not in tables(file)
    with open_store(tmp_path) as store:
        assert len(list(store.held())) == 1


def full_disk(*_: object, **__: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_two_processes_that_open_an_old_store_change_it_once(tmp_path: Path) -> None:
    """The second waits and finds it done."""
    old_store(tmp_path)
    script = (
        "import sys; from pathlib import Path; from grader.store import open_store\n"
        "print(len(list(open_store(Path(sys.argv[1])).held())))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0] for process in both] == ["1\n", "1\n"]


def test_a_newer_store_is_refused(store: Store) -> None:
    """An older grader never writes what it doesn't understand."""
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="update this one"):
        open_store(store.path)
