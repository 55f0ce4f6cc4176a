"""Runs on Gradescope: grades the one submission that is there and writes `results.json`.

    python -m grader.package.harness /autograder

Most containers let no sandbox be made in them. There a submission runs with limits alone, as an
unprivileged user of its own; this process stays root and does not start a submission before it has
closed its folder to others.

Source: the autograder specifications of Gradescope, "File hierarchy".
"""

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.batch.candidates import submitted
from grader.batch.choice import choose
from grader.batch.claims import Claim
from grader.batch.instead import describe_instead
from grader.batch.tree import read_folder
from grader.errors import GraderError, SandboxError, SubmissionError
from grader.exit_codes import ExitCode
from grader.grading import Grader
from grader.isolation import isolate
from grader.model import Record
from grader.names import printable
from grader.options import Options, asked_names
from grader.package.settings import SETTINGS, Settings
from grader.report.clean import visible
from grader.report.gradescope import render_gradescope
from grader.rubric import load_rubric
from grader.sandbox import closed_to_others
from grader.submission import submission_from_bytes
from grader.terminal import escape_unencodable

RUBRIC, CACHE = "rubric.yaml", "cache"


def main(root: Path) -> ExitCode:
    """Grade `root/submission` into `root/results/results.json`.

    Where the grader fails, no results are written: Gradescope then tells the student to ask the
    staff and gives no points, rather than none. What went wrong is printed, for the staff alone.
    """
    results = root / "results" / "results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    partial = results.with_suffix(".partial")
    for old in (results, partial):
        old.unlink(missing_ok=True)
    _close(root)
    try:
        content = _results(root)
    except GraderError as exc:
        print(f"error: {exc}")  # noqa: T201 - Gradescope shows it to the staff
        return ExitCode.UNUSABLE
    except Exception:  # noqa: BLE001 - whatever it is, the staff must read it
        traceback.print_exc(file=sys.stdout)
        return ExitCode.GRADER_FAULT
    partial.write_bytes(content)
    partial.replace(results)
    return ExitCode.ALL_POINTS


@dataclass(frozen=True)
class Found:
    """The file that is graded."""

    name: str
    content: bytes
    notes: tuple[str, ...]
    """Why this one."""
    unread: tuple[str, ...] = ()
    """Why other files can't be read, for the staff too."""


def find_submission(folder: Path, names: Sequence[str]) -> Found:
    """The notebook or module that is graded of what was submitted, chosen as in a class.

    Args:
        folder: Where Gradescope puts it.
        names: That the rubric asks for.

    Raises:
        SubmissionError: there is none, or it can't be read.
    """
    members = read_folder(folder).members
    files = submitted([Claim("", member, file=member.path.name) for member in members])
    if not files.candidates:
        raise SubmissionError("; ".join((describe_instead(files.others), *files.notes)))
    choice = choose(files.candidates, names)
    chosen = choice.candidate
    unread = (*choice.unread, *files.unopened)
    return Found(chosen.name, chosen.member.read(), (*choice.notes, *files.notes), unread)


def _results(root: Path) -> bytes:
    source = root / "source"
    settings = msgspec.json.decode((source / SETTINGS).read_bytes(), type=Settings)
    try:
        record = _grade(root / "submission", source, settings)
    except SubmissionError as exc:
        return _unreadable(str(exc), settings)
    return render_gradescope(
        record, visibility=settings.visibility, leaderboard=settings.leaderboard
    )


def _grade(folder: Path, source: Path, settings: Settings) -> Record:
    """Grade what lies in `folder` in this process, which keeps what is in `source` to itself.

    Raises:
        GraderError: nothing can be graded, or a submission would run as the user who grades.
    """
    cache = source / CACHE
    options = isolate(
        Options(
            rubric=source / RUBRIC,
            data=settings.data,
            sandbox=settings.sandbox,
            threads=settings.threads,
            secret=settings.secret,
            cache=cache if cache.is_dir() else None,
        ),
        _warn,
    )
    closed = closed_to_others()
    if options.sandbox == "bare" and os.geteuid() == 0 and closed is not None:
        # Better no points than a stranger's code as root.
        raise SandboxError(
            f"sandbox: {closed} must be open to other users, so that submissions need not run as "
            "root; install Python where they can read it"
        )
    found = find_submission(folder, asked_names(load_rubric(options.rubric), options))
    for text in found.unread:
        _warn(f"{found.name} was chosen beside a file that can't be read: {text}")
    submission = submission_from_bytes(found.name, found.content)
    with Grader(options) as grader:
        record = grader.grade_submission(submission)
    return msgspec.structs.replace(record, notes=(*found.notes, *record.notes))


def _warn(text: str) -> None:
    print(f"warning: {printable(text)}")  # noqa: T201 - Gradescope shows it to the staff


def _close(root: Path) -> None:
    """Keep other users out of the rubric, the secret and the labels, and off the results."""
    if os.geteuid() == 0:
        (root / "source").chmod(0o700)
        (root / "results").chmod(0o755)


def _unreadable(reason: str, settings: Settings) -> bytes:
    results = {
        "score": 0.0,
        "output": visible(reason),
        "output_format": "text",
        "visibility": settings.visibility,
        "stdout_visibility": "hidden",
    }
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


if __name__ == "__main__":
    escape_unencodable()
    sys.exit(main(Path(sys.argv[1]).absolute()))
