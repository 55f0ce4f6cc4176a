"""How a command ends, for scripts and CI. docs/ci.md has the same table."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of every command."""

    ALL_POINTS = 0
    """Also of a command that gives no points and did what it was asked for."""
    POINTS_LOST = 1
    UNUSABLE = 2
    """Wrong usage, a wrong rubric, an unreadable file, a machine that can't grade."""
    GRADER_FAULT = 3
    """Also an internal error of any command."""
    INTERRUPTED = 130
    """As shells count: 128 and the signal's number, here SIGINT."""
    OUTPUT_CLOSED = 141
    """Likewise SIGPIPE: whoever read the output is gone, as in `grader check … | head`."""
