"""Files that ran out of time because of those graded beside them: graded again when alone."""

from collections import deque

import msgspec

from grader.batch.messages import Result, Task

Key = tuple[str, str]
"""A file's hash and kind."""


class SecondChances:
    """Holds results back until the items that were starved of CPU time have been graded alone.

    Each file is graded again once at most, in its starved items only, so that a submission can add
    no more than its own time limits to a run.
    """

    def __init__(self, *, enabled: bool) -> None:
        """`enabled`: whether files are graded at the same time at all."""
        self._enabled = enabled
        self._first: dict[Key, Result] = {}
        self._waiting: deque[Task] = deque()

    def __bool__(self) -> bool:
        """Whether something is to be graded again."""
        return bool(self._waiting)

    def next(self) -> Task:
        """What to grade when nothing else is being graded."""
        return self._waiting.popleft()

    def hold(self, result: Result) -> bool:
        """Whether `result` is held back, because a part of it is to be graded again."""
        key = result.sha256, result.kind
        starved = tuple(item.record.id for item in result.graded if item.starved)
        if not self._enabled or not starved or key in self._first:
            return False
        self._first[key] = result
        self._waiting.append(
            Task(file=result.file, sha256=result.sha256, kind=result.kind, items=starved)
        )
        return True

    def merge(self, result: Result) -> Result:
        """The whole result of a file, with what was graded again in the place of what was starved.

        The result of a file that was never held back is returned as it is.
        """
        first = self._first.pop((result.sha256, result.kind), None)
        if first is None:
            return result
        anew = {item.record.id: item for item in result.graded}
        return msgspec.structs.replace(
            first,
            graded=tuple(anew.get(item.record.id, item) for item in first.graded),
            seconds=round(first.seconds + result.seconds, 3),
        )
