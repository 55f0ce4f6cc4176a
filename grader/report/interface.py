"""What a report is."""

from collections.abc import Callable
from dataclasses import dataclass

from grader.model import Record


@dataclass(frozen=True)
class Report:
    """One way to write a record down."""

    name: str
    suffix: str
    """Of the file that holds it, with the dot."""
    render: Callable[[Record], bytes]
