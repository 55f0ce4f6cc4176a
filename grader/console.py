"""What a person sees in the terminal: live progress on stderr, tables on stdout."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from grader.model import CheckRecord, ItemRecord, Record, Status
from grader.report.text import FAULT_WORDS, MARKS, points_text
from grader.terminal import fitted, message_console, output_console, plain_text

STYLES = {
    Status.PASSED: "green",
    Status.PARTIAL: "yellow",
    Status.NEEDS_HAND: "cyan",
    Status.SKIPPED: "dim",
    Status.GRADER_FAULT: "bold magenta",
}
LOST = "red"


class LiveProgress:
    """One line for what is being prepared or graded, and one for the current check."""

    def __init__(self) -> None:
        self._console = message_console()
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._items = self._bars.add_task("", visible=False)
        self._detail = self._bars.add_task("", visible=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def preparing(self, what: str, done: int, total: int) -> None:
        """Show a long preparation."""
        self._show_detail(what, done, total)

    def item_started(self, submission: str, item: str, number: int, total: int) -> None:
        """Show which item is graded."""
        text = plain_text(f"{submission}  item {item}").markup
        self._bars.update(
            self._items, description=text, completed=number - 1, total=total, visible=True
        )

    def item_progress(self, done: int, total: int) -> None:
        """Show how far the current check is."""
        self._show_detail("  draws", done, total)

    def item_finished(self, submission: str, item: ItemRecord) -> None:
        """Step on."""
        del submission, item
        self._bars.advance(self._items)
        self._bars.update(self._detail, visible=False)

    def _show_detail(self, what: str, done: int, total: int) -> None:
        self._bars.update(
            self._detail,
            description=plain_text(what).markup,
            completed=done,
            total=total,
            visible=done < total,
        )


def show_record(record: Record, console: Console | None = None) -> None:
    """Print a record as a table, with feedback below what was lost."""
    console = console or output_console()
    table = Table(
        title=plain_text(f"{record.title}: {record.submission.name}"), title_justify="left"
    )
    table.add_column("item", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what", overflow="fold")
    for item in record.items:
        style = STYLES.get(item.status, LOST)
        table.add_row(item.id, Text(MARKS[item.status], style), _points(item), _what(item))
    console.print(table)
    console.print(
        Text.assemble(
            (points_text(record.score), "bold"),
            f" of {points_text(record.auto_points)} points that are checked automatically; "
            f"{points_text(record.hand_points)} of {points_text(record.total)} open for a person",
        )
    )
    for note in record.notes:
        console.print(plain_text(f"note: {note}", "dim"))


def _points(item: ItemRecord) -> str:
    if item.status is Status.NEEDS_HAND:
        return f"open / {points_text(item.points)}"
    by_hand = f" (+{points_text(item.hand_points)} open)" if item.hand_points else ""
    return f"{points_text(item.score)} / {points_text(item.auto_points)}{by_hand}"


def _what(item: ItemRecord) -> Text:
    text = plain_text(item.title)
    if item.status is Status.GRADER_FAULT:
        text.append(f"\n{FAULT_WORDS}", STYLES[Status.GRADER_FAULT])
    _append(text, item.feedback, item.hint)
    for check in item.checks:
        if check.status is not Status.PASSED:
            _append_check(text, check, alone=len(item.checks) == 1)
    for note in item.notes:
        text.append(fitted(f"\nnote: {note}"), "dim")
    return text


def _append_check(text: Text, check: CheckRecord, *, alone: bool) -> None:
    if not alone:
        score = f"{points_text(check.score)} / {points_text(check.points)}"
        text.append(f"\n{check.name} ({score}): ", STYLES.get(check.status, LOST))
        text.append(fitted(check.feedback))
    elif check.feedback:
        text.append(fitted(f"\n{check.feedback}"))
    if check.hint:
        text.append(fitted(f"\nhint: {check.hint}"), "italic")


def _append(text: Text, feedback: str, hint: str) -> None:
    if feedback:
        text.append(fitted(f"\n{feedback}"))
    if hint:
        text.append(fitted(f"\nhint: {hint}"), "italic")
