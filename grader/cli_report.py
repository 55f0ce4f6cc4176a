"""Commands for reports and for packages that other systems grade with."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli import Data, Run, Seed, app
from grader.terminal import write_output

To = Annotated[
    Path | None, typer.Option("--to", metavar="PATH", help="Where to; within the run if not given.")
]
OutFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")]

package_app = typer.Typer(no_args_is_help=True, help="Pack the grader for other systems.")
app.add_typer(package_app, name="package")


@app.command()
def report(
    run: Run,
    *,
    to: To = None,
    jobs: Annotated[int, typer.Option(metavar="N", help="Processes; 0: one a core.")] = 0,
) -> None:
    """Write a page for each student of a run, and the overview for the instructor."""
    from grader.report_commands import report_run  # noqa: PLC0415 - --help stays fast

    report_run(run, to, jobs=jobs)


@app.command()
def export(
    run: Run,
    *,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="canvas, moodle, csv, jsonl, junit; a file each: html, markdown, gradescope, "
            "json, text, github-annotations, github-summary.",
        ),
    ],
    to: To = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The CSV file that Canvas or Moodle exported; with csv, a list of all students.",
        ),
    ] = None,
    assignment: Annotated[
        str, typer.Option(metavar="NAME", help="The assignment's name in Canvas.")
    ] = "",
    group_column: Annotated[
        str,
        typer.Option(
            metavar="HEAD",
            help="Column of the roster that names each student's group; its members get the points "
            "of the one submission of the group.",
        ),
    ] = "",
) -> None:
    """Write the points of a run as another system imports them."""
    from grader.report_commands import export_run  # noqa: PLC0415

    export_run(run, format_, to, roster=roster, assignment=assignment, group_column=group_column)


@package_app.command()
def gradescope(
    out: OutFile,
    *,
    rubric: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The embedded one if not given.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Holds the trained baseline, made by `baseline`."),
    ] = None,
    data: Data = "synthetic",
    seed: Seed = "",
    visibility: Annotated[str, typer.Option(help="When students see the tests.")] = "visible",
    leaderboard: Annotated[
        bool, typer.Option("--leaderboard", help="Enter points and seconds in one.")
    ] = False,
) -> None:
    """Build the zip of an autograder for Gradescope."""
    from grader.package_commands import package_gradescope  # noqa: PLC0415

    package_gradescope(
        out,
        rubric=rubric,
        cache=cache,
        data=data,
        secret=seed,
        visibility=visibility,
        leaderboard=leaderboard,
    )


@package_app.command()
def github() -> None:
    """Print a workflow for GitHub Actions, for a student's repository."""
    from grader.package.ci import ci_file  # noqa: PLC0415

    write_output([ci_file("github")])


@package_app.command()
def gitlab() -> None:
    """Print a job for GitLab, for a student's repository."""
    from grader.package.ci import ci_file  # noqa: PLC0415

    write_output([ci_file("gitlab")])


@package_app.command()
def wheel(out: OutFile) -> None:
    """Build the grader's wheel."""
    from grader.package_commands import package_wheel  # noqa: PLC0415

    package_wheel(out)
