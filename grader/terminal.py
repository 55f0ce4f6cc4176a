"""Where commands print: streams that can lack characters, and whose reader can go away."""

import io
import os
import sys
import tempfile
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from grader.exit_codes import ExitCode
from grader.names import one_line, printable, shortened

LONGEST_REASON = 300
"""Characters of an internal error's own message."""


class OutputClosedError(Exception):
    """Whoever read standard output is gone."""


class _Output(Console):
    def on_broken_pipe(self) -> None:
        # Rich would exit with code 1, which means that points were lost.
        raise OutputClosedError


class _Messages(Console):
    def on_broken_pipe(self) -> None:
        # Nobody reads the progress of a run; that is no reason to end it.
        self.quiet = True
        discard(sys.stderr)


def escape_unencodable() -> None:
    r"""Have the standard streams escape what their encoding lacks as `\u0416`, and not fail."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by whoever started this, as `>&-` does.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - never
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard(stream: TextIO) -> None:
    """Drop what is written to `stream` from now on, and what is still in its buffer."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as devnull:
        os.dup2(devnull.fileno(), stream.fileno())


def output_console(*, soft_wrap: bool = False) -> Console:
    """A console that prints results to standard output; may raise `OutputClosedError`."""
    return _Output(soft_wrap=soft_wrap)


def message_console(*, soft_wrap: bool = False) -> Console:
    """A console that prints progress and messages to standard error."""
    return _Messages(stderr=True, soft_wrap=soft_wrap)


def write_output(pieces: Iterable[bytes]) -> None:
    """Write bytes to standard output.

    Raises:
        OutputClosedError: nobody reads them.
    """
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    except BrokenPipeError as exc:
        raise OutputClosedError from exc


def flush_output() -> None:
    """Write what is left of standard output, while it can still be told that nobody reads it.

    Raises:
        OutputClosedError: nobody does.
    """
    write_output([])


def fitted(text: str) -> str:
    """`printable(text)` with escapes for characters that the terminal's encoding lacks.

    The streams would escape them too, but only after the columns of a table are laid out.
    """
    encoding = sys.stdout.encoding or "utf-8"
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)


def plain_text(text: str, style: str = "") -> Text:
    """An untrusted text for the terminal: nothing in it is obeyed, by terminal or CI."""
    return Text(fitted(text), style)


def print_error(text: str) -> None:
    """Print an error to standard error."""
    _print_labelled("error: ", "bold red", text)


def print_warning(text: str) -> None:
    """Print a warning to standard error."""
    _print_labelled("warning: ", "bold yellow", text)


def print_message(text: str) -> None:
    """Print a line to standard error."""
    message_console(soft_wrap=True).print(plain_text(text))


def report_internal_error(exc: BaseException) -> ExitCode:
    """Store the traceback of an internal error and print one sentence about it."""
    where = "its traceback can't be written"
    with suppress(OSError):
        descriptor, path = tempfile.mkstemp(prefix="nla-grader-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(traceback.format_exception(exc))
        where = f"report it with the traceback in {path}"
    what = shortened(one_line(f"{type(exc).__name__}: {exc}"), LONGEST_REASON)
    print_error(f"internal error of the grader, nobody loses points by it: {what}; {where}")
    return ExitCode.GRADER_FAULT


def _print_labelled(label: str, style: str, text: str) -> None:
    message_console(soft_wrap=True).print(Text.assemble((label, style), fitted(text)))
