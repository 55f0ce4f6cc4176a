"""The files of a run beside its store: for each hand-in a record to read and one to process."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.errors import StoreError
from grader.model import Record
from grader.report import PER_SUBMISSION
from grader.store import Entry, Store
from grader.store.private import make_private_folder, write_private

LONGEST = 100
_UNSAFE = re.compile(r"[^\w.@+ -]+")
_RESERVED = {
    *("con", "conin$", "conout$", "prn", "aux", "nul", "run"),
    *(f"{name}{n}" for name in ("com", "lpt") for n in "0123456789¹²³"),
}
_HASHED = re.compile(r"-[0-9a-f]{16}$")
"""The end of a name that is not a student's own: no student may have it."""


def file_names(students: Iterable[str]) -> dict[str, str]:
    """A file name for each student, without ending: readable, safe everywhere, never shared."""
    plain = {student: _plain(student) for student in students}
    uses = Counter(name.casefold() for name in plain.values())
    return {
        student: name
        if name == student and uses[name.casefold()] == 1 and not _HASHED.search(name)
        else f"{name}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
        for student, name in plain.items()
    }


def make_folder(out: Path) -> None:
    """Make the folder of a run, where it is not there.

    Raises:
        StoreError: it can't be written to.
    """
    try:
        make_private_folder(out)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as exc:
        raise StoreError(f"--out: {out} must be a folder that can be written to: {exc}") from exc


def write_record(record: Record, out: Path, name: str) -> None:
    """Write the reports of one submission, each whole or not at all; an equal one is left alone.

    Raises:
        StoreError: they can't be written.
    """
    for report in PER_SUBMISSION.values():
        final = out / f"{name}{report.suffix}"
        content = report.render(record)
        try:
            if final.is_file() and final.read_bytes() == content:
                continue
            write_private(final, [content])
        except OSError as exc:
            raise StoreError(
                f"{final}: the record can't be written: {exc}; free some space and start again"
            ) from exc


def write_records(
    store: Store, entries: Iterable[Entry], out: Path, names: Mapping[str, str]
) -> None:
    """Write the records of these hand-ins, as far as they have one.

    Raises:
        StoreError: they can't be written.
    """
    for entry in entries:
        for held in store.held(entry.student):
            if held.record is not None:
                write_record(held.record, out, names[entry.student])


def _plain(student: str) -> str:
    name = _UNSAFE.sub("_", student).strip(" .")[:LONGEST]
    if not name or name.startswith(".") or name.casefold().partition(".")[0].strip() in _RESERVED:
        return f"_{name}"
    return name
