"""Which isolation submissions get, and keeping the course secret from those that get none."""

import ctypes
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from grader.errors import SandboxError, UsageError
from grader.options import SEED_VARIABLE, Options
from grader.sandbox import choose_guards, choose_launcher, closed_to_others, verify_sandbox

PROC = Path("/proc")
_CERTAIN = 12
"""A secret of so many bytes stands nowhere by chance."""
_ARGUMENTS = slice(47, 51)
"""Fields of `/proc/self/stat`: where the arguments and the environment begin and end in memory."""


def isolate(options: Options, warn: Callable[[str], None]) -> Options:
    """`options` with the kind of sandbox that is used, and the course secret in them alone.

    `auto` takes bubblewrap where it holds, else `bare`, of which `warn` is told.

    Raises:
        SandboxError: submissions would run as root without isolation though nobody asked for it.
        UsageError: submissions could read the course secret.
    """
    if options.sandbox == "auto":
        options = replace(options, sandbox=_best(warn))
    if options.sandbox != "bare":
        return options
    secret = options.secret or os.environ.get(SEED_VARIABLE, "")
    os.environ.pop(SEED_VARIABLE, None)
    if secret:
        _overwrite(secret.encode())
        reader = _secret_is_readable(secret.encode())
        if reader is not None:
            raise UsageError(
                f"--sandbox: bare lets submissions read the course secret, which process {reader} "
                f"has in its environment or arguments; use bubblewrap, or start the "
                f"grader from a shell without {SEED_VARIABLE}"
            )
        options = replace(options, secret=secret)
    return options


def _best(warn: Callable[[str], None]) -> str:
    try:
        verify_sandbox(choose_launcher("bubblewrap"), choose_guards())
    except SandboxError as exc:
        reason = str(exc)
    else:
        return "bubblewrap"
    if os.geteuid() != 0:
        who = f"as {getpass.getuser()}, whose files it can read and change"
    elif (closed := closed_to_others()) is None:
        who = "as an unprivileged user"
    else:
        raise SandboxError(
            f"{reason}; without a sandbox submissions would run as root, because {closed} is "
            "closed to other users; install Python and the grader where others can read them, or "
            "run your own file with --sandbox bare"
        )
    warn(f"no isolation, the submission runs {who}: {reason}")
    return "bare"


def _secret_is_readable(secret: bytes) -> int | None:
    """A process above this one that has the secret where a submission could read it, if any."""
    for pid in _ancestors():
        # The arguments of every process are open to all users, its environment to its own.
        names = ("cmdline",) if os.geteuid() == 0 else ("cmdline", "environ")
        for name in names:
            try:
                raw = (PROC / str(pid) / name).read_bytes()
            except OSError:
                continue
            if any(True for _ in _places(raw, secret)):
                return pid
    return None


def _places(raw: bytes, secret: bytes) -> Iterator[int]:
    """Where the secret begins in arguments or variables that end with a NUL each."""
    at = 0
    for word in raw.split(b"\0"):
        # A short secret may be part of any word; it is meant where it is one, or a value.
        if word == secret or word.endswith((b"=" + secret, b" " + secret)):
            yield at + len(word) - len(secret)
        elif len(secret) >= _CERTAIN and (found := word.find(secret)) >= 0:
            yield at + found
        at += len(word) + 1


def _ancestors() -> Iterator[int]:
    pid = os.getpid()
    while pid > 1:
        yield pid
        try:
            text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
            pid = int(text[text.rindex(")") + 2 :].split()[1])
        except (OSError, ValueError, IndexError):
            return


def _overwrite(secret: bytes) -> None:
    """Overwrite the secret where the kernel shows this process's arguments and environment."""
    if sys.platform != "linux":
        return
    try:
        text = (PROC / "self" / "stat").read_text(encoding="utf-8", errors="replace")
        # The name, which may hold blanks, is the second field.
        fields = ["", "", *text[text.rindex(")") + 2 :].split()]
        first, last, begin, end = (int(word) for word in fields[_ARGUMENTS])
    except (OSError, ValueError):
        return
    for start, stop in ((first, last), (begin, end)):
        if 0 < start < stop:
            for at in _places(ctypes.string_at(start, stop - start), secret):
                ctypes.memset(start + at, 0, len(secret))
