"""Who grades for a run."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from grader.batch.messages import Event, Result, Task
from grader.model import Environment

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

Tell = Callable[[Event], None]
Content = Callable[[str], bytes]
"""The bytes of a file, by its hash; asked for when they are needed."""


class Executor(Protocol):
    """Grades tasks, several at once."""

    def environment(self) -> Environment:
        """In which every task is graded.

        Raises:
            GraderError: its workers can't be had, or are not all alike.
        """
        ...

    def grade(
        self,
        tasks: Sequence[Task],
        content: Content,
        tell: Tell,
        *,
        modules: tuple[str, ...] = (),
        baseline: "Baseline | None" = None,
    ) -> Iterator[Result]:
        """The result of each task, in the order in which they are done.

        A worker that dies loses nothing: its task is given to another, and where that dies of it
        too the result says so.

        Args:
            tasks: Without the bytes.
            content: Gives the bytes of a file when they are needed.
            tell: Is told what workers do.
            modules: What sandboxes import ahead.
            baseline: The trained network, where a task may need it; it is in the cache too.

        Raises:
            GraderError: nothing can be graded.
        """
        ...

    def close(self) -> None:
        """End every worker at once, and what it started."""
        ...
