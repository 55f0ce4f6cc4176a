"""What the commands for a class do: grade it, grade it again, show what came of it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.prompt import Confirm

from grader.batch.overview import item_lines, student_lines
from grader.batch.regrade import Change, regrade_run
from grader.batch.run import grade_run
from grader.commands import isolated, print_record
from grader.console_run import LiveRun, show_changes, show_run
from grader.exit_codes import ExitCode
from grader.options import Options
from grader.store import open_store
from grader.terminal import output_console


def grade_class(
    sources: Sequence[Path],
    out: Path,
    options: Options,
    *,
    allow_bare: bool,
    as_json: bool,
    jobs: int,
    cluster: str,
    counts: Sequence[str] = (),
    layout: str = "",
) -> ExitCode:
    """Grade what was handed in into a run's folder, and show what came of it.

    Raises:
        GraderError: nothing can be graded.
    """
    options = isolated(options)
    with LiveRun() as progress:
        summary = grade_run(
            sources,
            out,
            options,
            jobs=jobs,
            cluster=cluster,
            allow_bare=allow_bare,
            counts=counts,
            layout=layout,
            progress=progress,
        )
    with open_store(out, read_only=True) as store:
        students = frozenset(summary.students)
        if len(students) == 1 or as_json:
            for held in store.held():
                if held.entry.student in students and held.record is not None:
                    print_record(held.record, as_json=as_json)
        if not as_json:
            lines = student_lines(store, students)
            show_run(summary, lines, item_lines(store, students), short=len(students) == 1)
        codes = (line.worst for line in student_lines(store, students))
        return max(codes, default=ExitCode.ALL_POINTS)


def regrade_class(
    out: Path,
    items: Sequence[str],
    students: Sequence[str],
    options: Mapping[str, Any],
    *,
    dry_run: bool,
    yes: bool,
    jobs: int,
    cluster: str,
) -> ExitCode:
    """Grade items of a run again; whose points change is shown before it is written.

    Args:
        out: The run's folder.
        items: All where empty.
        students: All where empty.
        options: Fields of `Options` to use in place of the run's; None leaves one as it is.
        dry_run: Write nothing.
        yes: Ask nothing.
        jobs: As `grade_run` takes it.
        cluster: Likewise.

    Raises:
        GraderError: nothing can be graded.
    """
    changed = {name: value for name, value in options.items() if value is not None}
    with LiveRun() as progress:

        def approve(changes: Sequence[Change], graded: int) -> bool:
            progress.stop()
            show_changes(changes, graded)
            if dry_run or not changes:
                return not dry_run
            return yes or not sys.stdin.isatty() or Confirm.ask("write these changes?")

        found = regrade_run(
            out,
            items,
            students=students,
            change=lambda known: replace(known, **changed),
            approve=approve,
            jobs=jobs,
            cluster=cluster,
            progress=progress,
        )
    output_console().print("written" if found.written else "nothing was written")
    return ExitCode.GRADER_FAULT if found.faults else ExitCode.ALL_POINTS
