"""What the grader tells while it works; every method may be called from the grading thread only."""

from typing import Protocol

from grader.model import ItemRecord


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
