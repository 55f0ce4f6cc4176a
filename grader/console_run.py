"""What a person sees of a run: one live line a worker and a total; then tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from grader.console import LOST, STYLES
from grader.exit_codes import ExitCode
from grader.model import Record, Status
from grader.names import MOST_NOTES, one_line, short_name
from grader.report.text import MARKS, points_text
from grader.terminal import fitted, message_console, output_console, plain_text

if TYPE_CHECKING:
    from grader.batch.overview import ItemLine, Line
    from grader.batch.regrade import Change
    from grader.batch.run import RunSummary

MOST_LINES = 60
"""Students in one table; a class of thousands is read in a report."""
LOG_STEPS = 10
"""Lines that a run writes where nobody watches."""


class LiveRun:
    """A total with an estimate, and a line for each worker."""

    def __init__(self) -> None:
        self._console = message_console()
        self._total = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            # Files take minutes: the estimate needs all of them.
            speed_estimate_period=1e9,
        )
        self._workers = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._live = Live(Group(self._total, self._workers), console=self._console, transient=True)
        self._all: TaskID | None = None
        self._preparing: TaskID | None = None
        self._lines: dict[str, TaskID] = {}
        self._done = self._planned = 0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Leave the terminal to others."""
        self._live.stop()

    def preparing(self, what: str, done: int, total: int) -> None:
        """Show a long preparation."""
        if self._preparing is None:
            self._preparing = self._workers.add_task("")
        self._workers.update(
            self._preparing,
            description=plain_text(what).markup,
            completed=done,
            total=total,
            visible=done < total,
        )

    def planned(self, total: int, kept: int) -> None:
        """Show how much is to be done."""
        text = f"graded, {kept} before" if kept else "graded"
        self._planned = total
        self._all = self._total.add_task(text, total=total, visible=total > 0)

    def working(self, worker: str, text: str, done: int, total: int) -> None:
        """Show what a worker does."""
        if worker not in self._lines:
            self._lines[worker] = self._workers.add_task("")
        line, description = self._lines[worker], plain_text(f"{worker}  {text}").markup
        if self._workers.tasks[self._workers.task_ids.index(line)].description != description:
            self._workers.reset(line)
        self._workers.update(line, description=description, completed=done, total=total or None)

    def graded(self, file: str, record: Record | None) -> None:
        """Step on."""
        del file, record
        self._done += 1
        if self._all is not None:
            self._total.advance(self._all)
        step = max(self._planned // LOG_STEPS, 1)
        if not self._console.is_terminal and self._done % step == 0:
            self._console.print(f"graded {self._done} of {self._planned}")


def show_run(
    summary: "RunSummary", lines: Iterable["Line"], items: Sequence["ItemLine"], *, short: bool
) -> None:
    """Print students, items, and what needs a person's look, the most urgent first.

    Args:
        summary: Of the command.
        lines: Of its students.
        items: Over these.
        short: Leave the tables out.
    """
    console = output_console()
    look: list[Line] = []
    table = Table(title="Students", title_justify="left")
    for name in ("student", "name", "points", "lost"):
        table.add_column(name, justify="right" if name == "points" else "left", overflow="fold")
    shown = 0
    for line in lines:
        shown += 1
        if line.look:
            look.append(line)
        if shown <= MOST_LINES:
            lost = Text(", ".join(line.lost))
            table.add_row(_name(line.student), _name(line.name), _points(line), lost)
    if not short:
        console.print(table)
        if shown > MOST_LINES:
            console.print(f"and {shown - MOST_LINES} more, see the run's folder")
        console.print(_item_table(items))
    for line in sorted(look, key=lambda one: (-one.worst, one.student)):
        style = STYLES[Status.GRADER_FAULT] if line.worst is ExitCode.GRADER_FAULT else "yellow"
        who = f"{_name(line.student)} {_name(line.name)}".strip()
        reasons = fitted(one_line("; ".join(line.look)))
        console.print(Text.assemble(("look at ", style), (who, "bold"), f": {reasons}"))
    for note in summary.notes[:MOST_NOTES]:
        console.print(plain_text(f"note: {one_line(note)}", "dim"))
    if len(summary.notes) > MOST_NOTES:
        console.print(f"and {len(summary.notes) - MOST_NOTES} more notes")
    console.print(
        f"{summary.graded} graded now, {summary.kept} before, "
        f"{len(summary.students)} students, {summary.seconds:.1f} s, "
        f"read as {', '.join(dict.fromkeys(summary.layouts))}"
    )


def show_changes(changes: Sequence["Change"], graded: int) -> None:
    """Print whose points a regrade changes, and by how much."""
    console = output_console()
    if not changes:
        console.print(f"{graded} graded again, no points change")
        return
    table = Table(title="Changes", title_justify="left")
    for name in ("student", "name", "item", "before", "after", "change"):
        table.add_column(name, justify="left" if name in {"student", "name", "item"} else "right")
    for change in changes:
        moved = change.after - change.before
        table.add_row(
            _name(change.student),
            _name(change.name),
            change.item,
            f"{MARKS[change.old_status]} {points_text(change.before)}",
            f"{MARKS[change.new_status]} {points_text(change.after)}",
            Text(f"{moved:+.2f}", "green" if moved > 0 else LOST if moved < 0 else "dim"),
        )
    console.print(table)
    moved = sum(change.after - change.before for change in changes)
    students = Counter(change.student for change in changes)
    console.print(
        f"{graded} graded again; {len(changes)} items of {len(students)} students change, "
        f"{moved:+.2f} points in all"
    )


def _name(name: str) -> Text:
    """A name of a run, which an older grader may have kept as it came."""
    return plain_text(short_name(one_line(name)))


def _points(line: "Line") -> str:
    if line.score is None:
        return "none"
    return f"{points_text(line.score)} / {points_text(line.auto_points)}"


def _item_table(items: Sequence["ItemLine"]) -> Table:
    table = Table(title="Items", title_justify="left")
    for name in ("item", "title", "mean", "results"):
        table.add_column(name, justify="right" if name == "mean" else "left")
    for item in items:
        results = ", ".join(
            f"{count} {MARKS[status]}" for status, count in item.statuses.most_common()
        )
        mean = f"{points_text(item.mean)} / {points_text(item.auto_points)}"
        table.add_row(item.id, plain_text(item.title), mean, results)
    return table
