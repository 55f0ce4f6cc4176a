"""One line of the table: a named alternative against ours."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.clock import Timing


@dataclass(frozen=True)
class Row:
    """A comparison made in one run on one machine."""

    letter: str
    what: str
    alternative: str
    theirs: Timing
    ours: Timing
    wanted: float
    """The ratio of their time to ours that is to be reached at least."""

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.theirs.seconds / self.ours.seconds


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    table = Table(
        "", "what", "against", "theirs", "ours", "ratio", "wanted", "their MiB", "our MiB"
    )
    for row in rows:
        style = "green" if row.ratio >= row.wanted else "red"
        table.add_row(
            row.letter,
            row.what,
            row.alternative,
            f"{row.theirs.seconds:.2f} s",
            f"{row.ours.seconds:.2f} s",
            f"[{style}]{row.ratio:.2f}[/]",
            f"{row.wanted:g}",
            f"{row.theirs.memory_mib:.0f}",
            f"{row.ours.memory_mib:.0f}",
        )
    Console(width=140).print(table)
