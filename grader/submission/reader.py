"""A submission as the grader handles it: read and sliced in a helper process, within limits.

`load.parse_submission` and `slices.slice_of` do the work. They parse untrusted text, so they run in
a process that is ended where a file takes too long or too much memory; then the file can't be read,
which is told to the student, and the grader goes on.
"""

import logging
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from grader.errors import SubmissionError
from grader.helper import HelperError, HelperFaultError, call
from grader.submission.load import Parsed, parse_submission
from grader.submission.notebook import MAX_BYTES, check_size
from grader.submission.slices import Slice, slice_of
from grader.submission.text import shown

CPU_SECONDS = 8
"""Processor time for reading a file, and for each slice; real ones need less than one second."""
SHORTEN = "shorten the code and clear the outputs of the notebook"
SIMPLIFY = "simplify the code around it, or ask the course staff"
log = logging.getLogger(__name__)
Argument = TypeVar("Argument")
Result = TypeVar("Result")


@dataclass(frozen=True)
class File:
    """A file that was handed in."""

    encoded_name: bytes
    """In UTF-8; a name on disk may hold lone surrogates, which stay."""
    raw: bytes

    @property
    def name(self) -> str:
        """As it was handed in."""
        return self.encoded_name.decode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Submission:
    """One submission that can be read."""

    name: str
    """The file's name, fit to be shown."""
    sha256: str
    """Of the file's bytes, in hexadecimal digits."""
    kind: str
    """`notebook` or `module`."""
    notes: tuple[str, ...] = ()
    """What a person should know: cells that are left out, and why."""
    file: File = field(default=File(b"", b""), repr=False, compare=False)
    """What was read, for `slice_for`."""
    failures: list[str] = field(default_factory=list, repr=False, compare=False)
    """Why a slice could not be had within the limits; then no other one is tried."""


@dataclass(frozen=True)
class Loaded:
    """What `load` found."""

    name: str = ""
    sha256: str = ""
    kind: str = ""
    notes: tuple[str, ...] = ()
    error: str = ""
    """Why the file can't be read; empty where it can."""


@dataclass(frozen=True)
class Question:
    """What `find_slice` is asked."""

    name: str
    sha256: str
    requires: tuple[str, ...]
    optional: tuple[str, ...]
    aliases: Mapping[str, str]
    file: File | None = None
    """None where the helper should have it still."""


def load_submission(path: Path) -> Submission:
    """Read the notebook or module at `path`.

    Raises:
        SubmissionError: it can't be read at all. A syntax error is no such case: what is broken is
            left out with a note, and the other cells count.
    """
    name = shown(path.name)
    try:
        found = os.stat(path)  # noqa: PTH116 - beside os.open and os.fstat
        _check_file(name, found)
        # What became a pipe meanwhile must not hold the grader up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _check_file(name, os.fstat(file.fileno()))
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as exc:
        raise SubmissionError(
            f"{name}: the submission must be a file, got none of that name"
        ) from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise SubmissionError(f"{name}: the submission can't be read: {reason}") from exc
    return submission_from_bytes(path.name, raw)


def submission_from_bytes(name: str, raw: bytes) -> Submission:
    """Read a submission that is in memory already.

    Args:
        name: Its file name; the suffix, `.ipynb` or `.py`, says what it is.
        raw: Its bytes.

    Raises:
        SubmissionError: as `load_submission`.
    """
    check_size(shown(name), len(raw))
    file = File(name.encode("utf-8", "surrogatepass"), raw)
    found = call_on_file(load, file, name, cpu_seconds=CPU_SECONDS)
    if found.error:
        raise SubmissionError(found.error)
    return Submission(found.name, found.sha256, found.kind, found.notes, file)


def call_on_file(
    function: Callable[[Argument], Result], argument: Argument, name: str, *, cpu_seconds: int
) -> Result:
    """`helper.call` for a function that reads the file `name`.

    Raises:
        SubmissionError: it exceeds a limit, ends the helper, or the function fails on its text.
    """
    try:
        return call(function, argument, cpu_seconds=cpu_seconds)
    except HelperError as exc:
        raise SubmissionError(
            f"{shown(name)}: reading the file {exc}; {SHORTEN}, and submit it again"
        ) from exc
    except HelperFaultError as exc:
        log.debug("%s", exc)
        raise SubmissionError(
            f"{shown(name)}: the file can't be read, {_fault(exc)}; {SIMPLIFY}"
        ) from exc


def slice_for(
    submission: Submission,
    requires: Sequence[str],
    *,
    optional: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Slice:
    """The slice of a submission that defines the asked names; see `slice_of`.

    Where it can't be had within the limits, all required names are missing. So they are where
    finding it fails on the text of the submission; a staff note then has the traceback.
    """
    question = Question(
        name=submission.name,
        sha256=submission.sha256,
        requires=tuple(requires),
        optional=tuple(optional),
        aliases=aliases or {},
    )
    if not submission.failures:
        try:
            found = call(find_slice, question, cpu_seconds=CPU_SECONDS)
            if found is None:
                question = replace(question, file=submission.file)
                found = call(find_slice, question, cpu_seconds=CPU_SECONDS)
        except HelperError as exc:
            submission.failures.append(str(exc))
        except HelperFaultError as exc:
            # Other names may still be found, so this is no reason to give up on the submission.
            reason = f"finding what it needs failed, {_fault(exc)}; {SIMPLIFY}"
            return Slice(missing=_all_missing(requires, reason), staff_note=str(exc))
        else:
            assert found is not None  # noqa: S101 - it was sent the file
            return found
    reason = f"finding what it needs {submission.failures[0]}; {SHORTEN}"
    return Slice(missing=_all_missing(requires, reason))


def _all_missing(requires: Sequence[str], reason: str) -> dict[str, str]:
    return {name: f"`{name}`: {reason}" for name in requires}


def _fault(exc: HelperFaultError) -> str:
    """What went wrong, without the traceback."""
    last = str(exc).rstrip().rpartition("\n")[2]
    return f"because the grader met an unexpected error in its text ({shown(last)})"


def load(file: File) -> Loaded:
    """Read a submission; runs in a helper."""
    try:
        found = parse_submission(file.name, file.raw)
    except SubmissionError as exc:
        return Loaded(error=str(exc))
    _held[:] = [found]
    return Loaded(found.name, found.sha256, found.kind, found.notes)


def find_slice(question: Question) -> Slice | None:
    """The slice of the submission that was read last; None where it is another one.

    Runs in a helper, after `load` has read the file without an error.
    """
    if question.file is not None:
        _held[:] = [parse_submission(question.file.name, question.file.raw)]
    if not _held or (_held[0].name, _held[0].sha256) != (question.name, question.sha256):
        return None
    return slice_of(
        _held[0].program,
        question.requires,
        optional=question.optional,
        aliases=question.aliases,
    )


_held: list[Parsed] = []
"""In a helper: the submission that was read last."""


def _check_file(name: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kinds = {stat.S_ISDIR: "a folder", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"}
        kind = next((word for test, word in kinds.items() if test(found.st_mode)), "a device")
        raise SubmissionError(
            f"{name}: the submission must be a file, got {kind}; name the notebook or module itself"
        )
    check_size(name, found.st_size)
