"""What the commands for reports do: read a run, write files, say what a person should know."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.console import show_record
from grader.errors import StoreError, UsageError
from grader.model import Record
from grader.names import one_line
from grader.report.formats import GRADEBOOKS, PER_RUN
from grader.report.github import render_annotations, render_summary
from grader.report.interface import Graded
from grader.report.junit import render_junit
from grader.report.roster import Gradebook
from grader.report_run import (
    FEW,
    check_format,
    export_each,
    export_gradebook,
    export_members,
    graded_of,
    make_folder,
    run_pieces,
    write_pieces,
    write_report,
)
from grader.store import Store, open_store
from grader.terminal import message_console, print_message, write_output

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file that GitHub shows as a step's summary."""
STDOUT = Path("-")
MOST_NAMED = 12
"""Students named in one line."""


def report_run(run: Path, to: Path | None, *, jobs: int = 0) -> None:
    """Write the pages of a run and its overview.

    Args:
        run: The run's folder.
        to: Where the pages go; `report` in the run's folder where None.
        jobs: Processes that draw; 0: as many as the machine has cores.

    Raises:
        GraderError: the run can't be read or the pages can't be written.
    """
    with open_store(run, read_only=True) as store:
        size = sum(1 for _ in store.entries())
        students = _watched(store, size, "pages")
        overview = write_report(students, to or run / "report", jobs=jobs, many=size >= FEW)
    print_message(f"{size} pages and {overview}")


def export_run(
    run: Path,
    name: str,
    to: Path | None,
    *,
    roster: Path | None = None,
    assignment: str = "",
    group_column: str = "",
) -> None:
    """Write a run for another system.

    Args:
        run: The run's folder.
        name: One of `grader.report.formats.FORMATS`.
        to: File or, for formats with a file for each student, folder; `-` is standard output.
            `export` in the run's folder where None.
        roster: What the learning management system exported, for gradebooks.
        assignment: The assignment's name in Canvas.
        group_column: The head of the roster's column of groups, whose members share points.

    Raises:
        GraderError: the run can't be read, or the format can't be written so.
    """
    check_format(name)
    if group_column and (roster is None or name not in {*GRADEBOOKS, "csv"}):
        raise UsageError(
            "--group-column: needs --roster and one of the formats canvas, moodle and csv; add them"
        )
    with open_store(run, read_only=True) as store:
        size = sum(1 for _ in store.entries())
        students = _watched(store, size, name)
        if name in GRADEBOOKS:
            book = export_gradebook(students, name, roster, assignment, group_column)
            _put([book.content], to or _default(run, f"{name}.csv"))
            _warn(book)
        elif group_column and roster is not None:
            book = export_members(students, roster, group_column)
            _put([book.content], to or _default(run, "run.csv"))
            _warn(book)
        elif name in PER_RUN:
            _put(run_pieces(students, name), to or _default(run, f"run{PER_RUN[name].suffix}"))
        else:
            folder = to or run / "export" / name
            print_message(f"{export_each(students, name, folder)} files in {folder}")


def showing(form: str) -> Callable[[Record, Path], None]:
    """How to show the record of one file, by name.

    Raises:
        UsageError: there is no such way.
    """
    if form not in SHOWN:
        raise UsageError(f"--format: must be one of {', '.join(SHOWN)}, got {form!r}")
    return SHOWN[form]


def show_on_github(record: Record, path: Path) -> None:
    """Annotate a file in GitHub Actions, and write the step's summary where there is one.

    Nothing else may be written to standard output: GitHub takes lines there for commands.

    Raises:
        StoreError: the summary can't be written.
    """
    try:
        source = path.read_bytes()
    except OSError:
        source = b""
    write_output([render_annotations(record, path=path.as_posix(), source=source)])
    summary = os.environ.get(SUMMARY_VARIABLE)
    if not summary:
        return
    try:
        with Path(summary).open("ab") as file:
            file.write(render_summary(record))
    except OSError as exc:
        raise StoreError(f"{SUMMARY_VARIABLE}: {summary} can't be written: {exc}") from exc


def _show_json(record: Record, path: Path) -> None:
    del path
    write_output([msgspec.json.encode(record, order="deterministic"), b"\n"])


def _show_junit(record: Record, path: Path) -> None:
    del path
    write_output([render_junit(record)])


def _show_text(record: Record, path: Path) -> None:
    del path
    show_record(record)


SHOWN: Mapping[str, Callable[[Record, Path], None]] = {
    "text": _show_text,
    "json": _show_json,
    "junit": _show_junit,
    "github": show_on_github,
}
"""How one file's record is shown."""


def _default(run: Path, name: str) -> Path:
    make_folder(run / "export")
    return run / "export" / name


def _put(pieces: Iterable[bytes], to: Path) -> None:
    if to == STDOUT:
        write_output(pieces)
        return
    write_pieces(to, pieces)
    print_message(str(to))


def _watched(store: Store, size: int, what: str) -> Iterator[Graded]:
    """Every student of the run, with a bar on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=message_console(), transient=True) as bars:
        task = bars.add_task(what, total=size)
        for held in store.held():
            yield graded_of(held)
            bars.advance(task)


def _warn(book: Gradebook) -> None:
    """Say what a person should know before the file is imported."""
    for names, what in (
        (book.contested, "in conflict, left out until you decide which hand-in counts"),
        (book.unmatched, "in no row of the roster"),
        (book.unfinished, "whose points will still change: open for a person, or our fault"),
        (book.ungraded, "of the roster without points"),
    ):
        if names:
            shown = ", ".join(one_line(name) for name in names[:MOST_NAMED])
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            print_message(f"{len(names)} {what}: {shown}{more}")
    for note in book.notes:
        print_message(f"note: {one_line(note)}")
