"""grader/store/{sqlite,database,lock}.py: one file, several processes, every way it can fail."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import event

from grader.errors import StoreError
from grader.store import Store, grading_lock, open_store
from tests.store.hand_ins import entry, record_of, score

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from grader.store import open_store
from tests.store.hand_ins import entry, kept, record_of
with open_store(Path(sys.argv[1])) as store:
    for number in range(int(sys.argv[3])):
        one = entry(f"{sys.argv[2]}-{number}", f"x = '{sys.argv[2]} {number}'".encode())
        store.put_entries([(one, b"x")])
        store.put_record(record_of(one), "k", kept(record_of(one)))
        print(one.student, flush=True)
"""


def start_writer(run: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(run), name, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_store_that_is_not_there_is_made_only_when_asked(tmp_path: Path) -> None:
    """A mistyped folder is an error that names the command to make one."""
    with pytest.raises(StoreError, match="grader grade HAND-INS"):
        open_store(tmp_path / "rum")
    assert not (tmp_path / "rum").exists()
    open_store(tmp_path / "a.b" / "run", create=True).close()
    assert (tmp_path / "a.b" / "run" / "run.sqlite").is_file()


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_only_its_owner_can_read_a_store(tmp_path: Path, umask: int) -> None:
    """The file, its log while it is open, the copy of an older one, and the folder."""
    before = os.umask(umask)
    try:
        with open_store(tmp_path / "run", create=True) as store:
            store.put_entries([(entry("anna"), b"x = 1")])
            files = list((tmp_path / "run").iterdir())
            assert len(files) > 1
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    finally:
        os.umask(before)


@pytest.mark.parametrize("how", [{}, {"create": True}, {"read_only": True}])
def test_an_emptied_store_is_no_new_one(tmp_path: Path, how: dict[str, bool]) -> None:
    """Whoever grades again over it would not hear that results are lost."""
    (tmp_path / "run.sqlite").touch()
    with pytest.raises(StoreError, match="empty, so what was stored in it is lost; restore a copy"):
        open_store(tmp_path, **how)
    assert (tmp_path / "run.sqlite").stat().st_size == 0


CUT_SHORT = """
import os, sys
from pathlib import Path
from grader.store import open_store, sqlite
sqlite.make_tables = lambda _: os._exit(9)
open_store(Path(sys.argv[1]), create=True)
"""


def test_a_store_that_was_never_finished_is_made_anew(tmp_path: Path) -> None:
    """Where the first start is cut short there is no store yet, and the next start makes one."""
    command = [sys.executable, "-c", CUT_SHORT, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 9
    assert not (tmp_path / "run.sqlite").exists()
    with open_store(tmp_path, create=True) as store:
        assert list(store.held()) == []


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    """They take turns; nothing is lost and nobody fails."""
    open_store(tmp_path, create=True).close()
    writers = [start_writer(tmp_path, name, 15) for name in "abc"]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    with open_store(tmp_path) as store:
        assert sum(held.record is not None for held in store.held()) == 45


def test_a_killed_writer_leaves_whole_records(tmp_path: Path) -> None:
    """What it said it had written is there, and nothing is half there."""
    open_store(tmp_path, create=True).close()
    writer = start_writer(tmp_path, "a", 10_000)
    assert writer.stdout is not None
    said = [writer.stdout.readline().strip() for _ in range(7)]
    writer.send_signal(signal.SIGKILL)
    said += [line for line in writer.communicate()[0].split("\n")[:-1] if line]
    with open_store(tmp_path) as store:
        held = {one.entry.student: one for one in store.held()}
        assert all(held[student].record is not None for student in said)
        for one in held.values():
            kept = store.kept_keys(one.entry.sha256, one.entry.kind)
            assert len(kept) == (5 if one.record is not None else 0)


def test_a_reader_sees_what_is_written_meanwhile(store: Store) -> None:
    """A store that is opened to read follows a writer and never writes."""
    with open_store(store.path.parent, read_only=True) as reader:
        assert list(reader.held()) == []
        store.put_entries([(entry("anna"), b"x = 1")])
        assert [held.entry.student for held in reader.held()] == ["anna"]
        with pytest.raises(StoreError, match="readonly"):
            reader.put_hand_score(score(), 0)
    assert store.hand_scores() == []


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may all")
def test_a_run_that_can_t_be_written_can_be_read(tmp_path: Path) -> None:
    """A report of a run in a read-only folder, with no log beside the file."""
    run = tmp_path / "run"
    with open_store(run, create=True) as store:
        store.put_entries([(entry("anna"), b"x = 1")])
    assert [path.name for path in run.iterdir()] == ["run.sqlite"]
    script = (
        "import sys; from pathlib import Path; from grader.store import open_store\n"
        "store = open_store(Path(sys.argv[1]), read_only=True)\n"
        "print([held.entry.student for held in store.held()])"
    )
    (run / "run.sqlite").chmod(0o644)
    run.chmod(0o555)
    command = [sys.executable, "-c", script, str(run)]
    if os.geteuid() == 0:
        # Without root's rights, and not as the owner.
        command = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *command]
        os.chown(run, 65534, 65534)
        os.chown(run / "run.sqlite", 65534, 65534)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    run.chmod(0o755)
    assert ended.stdout.strip() == "['anna']", ended.stderr


def test_a_full_disk_loses_the_record_at_hand_and_no_other(store: Store) -> None:
    """The error says to free space; what was written stays; with space it goes on."""
    first, second = entry("anna"), entry("bert", os.urandom(500_000))
    store.put_entries([(first, b"x = 1")])
    store.put_record(record_of(first), "k")

    def shrink(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 40")

    event.listen(store._database._engine, "connect", shrink)
    store._database.close()
    with pytest.raises(StoreError, match="free some space"):
        store.put_entries([(second, os.urandom(500_000))])
    event.remove(store._database._engine, "connect", shrink)
    store._database.close()
    assert [held.entry for held in store.held()] == [first]
    store.put_entries([(second, os.urandom(500_000))])
    assert len(list(store.held())) == 2


def test_a_store_held_by_another_program_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that waits too long gives up with advice, and nothing is written."""
    monkeypatch.setattr("grader.store.database.BUSY_SECONDS", 0.1)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with open_store(store.path) as waiting:
        with pytest.raises(StoreError, match="another program holds it"):
            waiting.put_hand_score(score(), 0)
        other.execute("ROLLBACK")
        waiting.put_hand_score(score(), 0)
    other.close()


@pytest.mark.parametrize("content", [b"not a database at all, " * 100, b"SQLite format 3\0" * 300])
def test_a_file_that_is_no_store_is_refused(tmp_path: Path, content: bytes) -> None:
    """It is left as it was."""
    file = tmp_path / "run.sqlite"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"run\.sqlite"):
        open_store(tmp_path)
    assert file.read_bytes() == content


def test_another_program_s_database_is_refused(tmp_path: Path) -> None:
    """A file with other tables gets none of ours."""
    other = sqlite3.connect(tmp_path / "run.sqlite")
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(StoreError, match="other tables"):
        open_store(tmp_path)


def test_a_folder_that_can_t_be_made_is_an_error(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "run").write_text("a file")
    with pytest.raises(StoreError, match="folder that can be written to"):
        open_store(tmp_path / "run" / "deeper", create=True)


def test_one_grading_of_a_run_at_a_time(tmp_path: Path) -> None:
    """The second is told so; after the first, however it ended, the next may start."""
    script = (
        "import sys, time; from pathlib import Path; from grader.store import grading_lock\n"
        "with grading_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreError, match="another grading"), grading_lock(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with grading_lock(tmp_path):
        time.sleep(0)
