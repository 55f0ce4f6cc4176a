"""Grades one file as a user of its own, where no sandbox can be had and the caller is root.

Most containers let no sandbox be made in them. There the submission runs beside the grader with
limits alone, so the grader gives up root first: what is root's, the settings with the course's
secret and the results, stays out of reach, and the kernel is told not to let another process of
the same user look into the grader.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from grader.errors import GraderError, SubmissionError
from grader.grading import Options, grade
from grader.model import Record
from grader.package.settings import Settings

USER = 59_283
"""A number that no system gives to anybody."""
RUBRIC, CACHE = "rubric.yaml", "cache"
PR_SET_DUMPABLE = 4


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of grading a file."""

    record: Record | None = None
    error: str = ""
    """Why the file can't be read as a submission."""


class HarnessError(GraderError):
    """The grader did not answer; what it said is for the staff."""


def grade_here(path: Path, source: Path, settings: Settings) -> Answer:
    """Grade `path` in this process, by the rubric and with the cache in `source`.

    Raises:
        GraderError: nothing can be graded.
    """
    cache = source / CACHE
    options = Options(
        rubric=source / RUBRIC,
        data=settings.data,
        sandbox=settings.sandbox,
        threads=settings.threads,
        secret=settings.secret,
        cache=cache if cache.is_dir() else None,
    )
    try:
        return Answer(record=grade(path, options))
    except SubmissionError as exc:
        return Answer(error=str(exc))


def grade_alone(path: Path, source: Path, settings: Settings) -> Answer:
    """As `grade_here`, in a process without root's rights.

    Raises:
        HarnessError: that process failed.
    """
    with tempfile.TemporaryDirectory(prefix="nla-grader-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "submission").mkdir()
        own = folder / "submission" / path.name
        shutil.copyfile(path, own)
        shutil.copyfile(source / RUBRIC, folder / RUBRIC)
        if (source / CACHE).is_dir():
            shutil.copytree(source / CACHE, folder / CACHE)
        for place in (folder, *folder.rglob("*")):
            os.chown(place, USER, USER)
        ended = _run(
            [sys.executable, "-P", "-m", "grader.package.alone", str(own), str(folder)],
            settings,
            folder,
        )
    try:
        return msgspec.json.decode(ended.stdout, type=Answer)
    except msgspec.MsgspecError as exc:
        raise HarnessError(
            f"grader: must answer with a record, ended with {ended.returncode}:\n"
            f"{ended.stderr.decode(errors='replace')}"
        ) from exc


def _run(
    command: list[str], settings: Settings, folder: Path
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            input=msgspec.json.encode(settings),
            capture_output=True,
            user=USER,
            group=USER,
            extra_groups=[],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder)},
            check=False,
        )
    except PermissionError as exc:
        # Better no points than a stranger's code as root.
        raise HarnessError(
            f"grader: {sys.executable} must be open to other users, is not: {exc}; install it "
            "where they may come"
        ) from exc


def _answer() -> None:
    """Grade what the arguments name; settings come and the answer goes by the standard streams."""
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    path, folder = (Path(argument) for argument in sys.argv[1:])
    sys.stdout.buffer.write(msgspec.json.encode(grade_here(path, folder, settings)))


if __name__ == "__main__":
    _answer()
