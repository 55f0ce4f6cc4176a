"""Runs on Gradescope: grades the one submission that is there and writes `results.json`.

    python -m grader.package.harness /autograder

Source: the autograder specifications of Gradescope, "File hierarchy".
"""

import os
import sys
import traceback
from pathlib import Path

import msgspec

from grader.commands import sandbox_kind
from grader.errors import GraderError, SubmissionError
from grader.package.alone import Answer, grade_alone, grade_here
from grader.package.settings import SETTINGS, Settings
from grader.report.clean import visible
from grader.report.gradescope import render_gradescope

SUFFIXES = (".ipynb", ".py")
MOST_NAMED = 5


def main(root: Path) -> int:
    """Grade `root/submission` into `root/results/results.json`.

    Where the grader fails, no results are written: Gradescope then tells the student to ask the
    staff and gives no points, rather than none. What went wrong is printed, for the staff alone.
    """
    results = root / "results" / "results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    try:
        content = _results(root)
    except GraderError as exc:
        print(f"error: {exc}")  # noqa: T201 - Gradescope shows it to the staff
        return 2
    except Exception:  # noqa: BLE001 - whatever it is, the staff must read it
        traceback.print_exc(file=sys.stdout)
        return 3
    partial = results.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(results)
    return 0


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
        answer = _graded(find_submission(root / "submission"), source, settings)
    except SubmissionError as exc:
        answer = Answer(error=str(exc))
    if answer.record is None:
        return _unreadable(answer.error, settings)
    return render_gradescope(
        answer.record, visibility=settings.visibility, leaderboard=settings.leaderboard
    )


def _graded(path: Path, source: Path, settings: Settings) -> Answer:
    settings = msgspec.structs.replace(settings, sandbox=sandbox_kind(settings.sandbox))
    if settings.sandbox == "bare" and os.geteuid() == 0:
        return grade_alone(path, source, settings)
    return grade_here(path, source, settings)


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
    sys.exit(main(Path(sys.argv[1]).absolute()))
