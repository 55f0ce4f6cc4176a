"""What the grader tells while it works; every method may be called from the grading thread only."""

from typing import Protocol

from grader.model import ItemRecord, Record


class Progress(Protocol):
    """Listens to a grading."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """A long preparation goes on: the baseline's training, a dataset's reading."""
        ...

    def item_started(self, submission: str, item: str, number: int, total: int) -> None:
        """The item `item`, `number` of `total`, is graded now."""
        ...

    def item_progress(self, done: int, total: int) -> None:
        """So much of the current check is done."""
        ...

    def item_finished(self, submission: str, item: ItemRecord) -> None:
        """The item has its record."""
        ...


class Silent:
    """Tells nobody."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """Nothing."""

    def item_started(self, submission: str, item: str, number: int, total: int) -> None:
        """Nothing."""

    def item_progress(self, done: int, total: int) -> None:
        """Nothing."""

    def item_finished(self, submission: str, item: ItemRecord) -> None:
        """Nothing."""


class RunProgress(Protocol):
    """Listens to the grading of many submissions."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """A long preparation goes on before anything is graded."""
        ...

    def planned(self, total: int, kept: int) -> None:
        """So many files are to be graded; `kept` others are graded already."""
        ...

    def working(self, worker: str, text: str, done: int, total: int) -> None:
        """What a worker does now, and how far it is; a total of 0 where nobody knows."""
        ...

    def graded(self, file: str, record: Record | None) -> None:
        """A file has its record; None where it can't be read."""
        ...


class SilentRun(Silent):
    """Tells nobody of a run."""

    def planned(self, total: int, kept: int) -> None:
        """Nothing."""

    def working(self, worker: str, text: str, done: int, total: int) -> None:
        """Nothing."""

    def graded(self, file: str, record: Record | None) -> None:
        """Nothing."""
