"""Errors that a person must act on. One class for each way to react."""


class GraderError(Exception):
    """Base of every error that the grader raises on purpose.

    The text reads `{where}: {name} must be {demand}, got {actual}; {one step to take}`.
    """


class UsageError(GraderError):
    """An option or an argument can't be used as given."""


class SubmissionError(GraderError):
    """The submitted file can't be read at all; nothing in it can be graded."""


class RubricError(GraderError):
    """The rubric is wrong. `faults` holds every fault found, each `file:line: key: text`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class DataError(GraderError):
    """A dataset can't be had: missing folder, wrong shape, no network."""


class SandboxError(GraderError):
    """No sandbox of the wanted kind can be had on this machine, or it failed its self-test."""


class StoreError(GraderError):
    """Records can't be read from or written to where they belong."""


class ConflictError(StoreError):
    """Someone else has changed it since it was read; nothing was written.

    `current` is what is kept now, None where there is nothing any more.
    """

    def __init__(self, text: str, current: object | None = None) -> None:
        super().__init__(text)
        self.current = current
