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
from pathlib import Path

import msgspec

from grader.errors import GraderError, SandboxError, SubmissionError
from grader.exit_codes import ExitCode
from grader.grading import Options, grade
from grader.isolation import isolate
from grader.model import Record
from grader.package.settings import SETTINGS, Settings
from grader.report.clean import visible
from grader.report.gradescope import render_gradescope
from grader.sandbox import closed_to_others
from grader.terminal import escape_unencodable

SUFFIXES = (".ipynb", ".py")
MOST_NAMED = 5
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


def find_submission(folder: Path) -> Path:
    """The one notebook or module that was handed in; a notebook counts before modules.

    Raises:
        SubmissionError: there is none, or one can't tell which.
    """
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.casefold() in SUFFIXES
        and path.is_file()
        and not path.is_symlink()
        and not any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
    )
    notebooks = [path for path in found if path.suffix.casefold() == SUFFIXES[0]]
    among = notebooks or found
    if len(among) != 1:
        names = ", ".join(path.name for path in among[:MOST_NAMED]) or "none"
        raise SubmissionError(
            f"hand-in: must be one notebook (.ipynb) or one module (.py), got {names}; hand in "
            "that file alone"
        )
    return among[0]


def _results(root: Path) -> bytes:
    source = root / "source"
    settings = msgspec.json.decode((source / SETTINGS).read_bytes(), type=Settings)
    try:
        record = _grade(find_submission(root / "submission"), source, settings)
    except SubmissionError as exc:
        return _unreadable(str(exc), settings)
    return render_gradescope(
        record, visibility=settings.visibility, leaderboard=settings.leaderboard
    )


def _grade(path: Path, source: Path, settings: Settings) -> Record:
    """Grade in this process, which keeps what is in `source` to itself.

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
        lambda text: print(f"warning: {text}"),  # noqa: T201 - for the staff
    )
    closed = closed_to_others()
    if options.sandbox == "bare" and os.geteuid() == 0 and closed is not None:
        # Better no points than a stranger's code as root.
        raise SandboxError(
            f"sandbox: {closed} must be open to other users, so that submissions need not run as "
            "root; install Python where they can read it"
        )
    return grade(path, options)


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
