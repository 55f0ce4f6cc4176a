"""The command `grader`: reads options, calls the library, prints. No logic and no defaults here."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from grader.errors import GraderError, RubricError
from grader.exit_codes import ExitCode
from grader.terminal import (
    OutputClosedError,
    discard,
    escape_unencodable,
    flush_output,
    print_error,
    report_internal_error,
    write_output,
)


class _Commands(TyperGroup):
    """Ends every command that can't do what was asked with a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                flush_output()
        except RubricError as exc:
            for fault in exc.faults:
                print_error(fault)
            code = ExitCode.UNUSABLE
        except GraderError as exc:
            print_error(str(exc))
            code = ExitCode.UNUSABLE
        except KeyboardInterrupt:
            print_error("interrupted; finished results are saved")
            code = ExitCode.INTERRUPTED
        except OutputClosedError:
            discard(sys.stdout)
            code = ExitCode.OUTPUT_CLOSED
        except BrokenPipeError as exc:
            # Of another channel than standard output; typer would end with code 1.
            code = report_internal_error(exc)
        sys.exit(code)


app = typer.Typer(
    name="grader",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grade numerical linear algebra problem sets: sandboxed, reproducible, by a rubric.",
)

Submissions = Annotated[
    list[Path],
    typer.Argument(
        metavar="SUBMISSION...",
        help="Notebooks and modules; with --out also folders, zips and downloads of Canvas, "
        "Moodle, Gradescope, Blackboard, Brightspace or nbgrader.",
    ),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
Own = Annotated[Path, typer.Argument(metavar="SUBMISSION", help="Your notebook or module.")]
RubricFile = Annotated[
    Path | None, typer.Option("--rubric", help="Rubric to grade by; the embedded one if not given.")
]
Data = Annotated[str, typer.Option(help="synthetic, cifar10, imagefolder:DIR or npz:FILE.")]
SandboxKind = Annotated[
    str, typer.Option("--sandbox", help="bubblewrap; bare: no isolation; auto: the best there is.")
]
AllowBare = Annotated[
    bool, typer.Option("--allow-bare", help="Grade others' files with no isolation all the same.")
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Threads = Annotated[int, typer.Option(help="Threads of the numeric libraries; 0: by the machine.")]
Seed = Annotated[
    str,
    typer.Option(
        "--seed",
        help="Course secret behind the hidden draws; better set NLA_GRADER_SECRET.",
        show_default=False,
    ),
]
Aliases = Annotated[
    list[str] | None,
    typer.Option("--alias", metavar="NAME=OWN", help="Take the file's OWN for the asked NAME."),
]
Items = Annotated[list[str] | None, typer.Option("--item", metavar="ID", help="This item alone.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print records as JSON Lines.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Keep the run here; started again it goes on."),
]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", help="Files at once; 0: as cores and memory allow.")
]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Grade on a Dask scheduler's workers: tcp://HOST:PORT, or local:N.",
        show_default=False,
    ),
]
Counts = Annotated[
    list[str] | None,
    typer.Option(
        "--counts",
        metavar="ID",
        help="Where several places claim one student, the one that counts, as the run names it.",
    ),
]
LayoutName = Annotated[
    str,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="How submissions are laid out, where it is recognised wrongly: gradescope, canvas, "
        "canvas-anonymous, moodle, blackboard, brightspace, nbgrader; folders: one a student; "
        "sections: folders of student folders; files: one a student.",
        show_default=False,
    ),
]
Cache = Annotated[
    Path | None, typer.Option("--cache", metavar="DIR", help="Where trained baselines are kept.")
]
TimeBudget = Annotated[
    float | None,
    typer.Option("--time-budget", metavar="SECONDS", help="At most so long for the training."),
]


@app.command()
def grade(
    submissions: Submissions,
    *,
    rubric: RubricFile = None,
    data: Data = "synthetic",
    sandbox: SandboxKind = "bubblewrap",
    allow_bare: AllowBare = False,
    device: Device = "auto",
    threads: Threads = 0,
    seed: Seed = "",
    alias: Aliases = None,
    item: Items = None,
    as_json: AsJson = False,
    out: Out = None,
    jobs: Jobs = 0,
    cluster: Cluster = "",
    counts: Counts = None,
    layout: LayoutName = "",
    cache: Cache = None,
    time_budget: TimeBudget = None,
) -> None:
    """Grade submissions: every item that can be checked, in a sandbox, by the rubric."""
    from grader.commands import grade_sources  # noqa: PLC0415 - --help stays fast
    from grader.grading import Options  # noqa: PLC0415

    options = Options(
        rubric=rubric,
        data=data,
        sandbox=sandbox,
        device=device,
        threads=threads,
        secret=seed,
        aliases=_aliases(alias),
        items=tuple(item or ()),
        cache=cache,
        time_budget=time_budget,
    )
    code = grade_sources(
        submissions,
        options,
        out=out,
        allow_bare=allow_bare,
        as_json=as_json,
        jobs=jobs,
        cluster=cluster,
        counts=counts or (),
        layout=layout,
    )
    raise typer.Exit(code)


@app.command()
def regrade(
    run: Run,
    *,
    item: Items = None,
    student: Annotated[
        list[str] | None, typer.Option("--student", metavar="ID", help="Of this student alone.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, write nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    rubric: Annotated[
        Path | None, typer.Option("--rubric", help="Another rubric than the run's.")
    ] = None,
    seed: Seed = "",
    jobs: Jobs = 0,
    cluster: Cluster = "",
    cache: Cache = None,
) -> None:
    """Grade items of a run again; whose points change is shown before it is written."""
    from grader.commands_run import regrade_class  # noqa: PLC0415

    code = regrade_class(
        run,
        item or (),
        student or (),
        {"rubric": rubric, "secret": seed or None, "cache": cache},
        dry_run=dry_run,
        yes=yes,
        jobs=jobs,
        cluster=cluster,
    )
    raise typer.Exit(code)


@app.command()
def check(
    submission: Own,
    *,
    rubric: RubricFile = None,
    data: Data = "synthetic",
    sandbox: SandboxKind = "auto",
    device: Device = "auto",
    threads: Threads = 0,
    alias: Aliases = None,
    item: Items = None,
    as_json: AsJson = False,
    form: Annotated[
        str, typer.Option("--format", help="text, json, junit, or github: annotations, summary.")
    ] = "text",
    cache: Cache = None,
) -> None:
    """Check your own file: public draws, fast settings, feedback at once."""
    from grader.commands import check_file  # noqa: PLC0415
    from grader.grading import Options  # noqa: PLC0415

    options = Options(
        rubric=rubric,
        data=data,
        sandbox=sandbox,
        device=device,
        threads=threads,
        practice=True,
        aliases=_aliases(alias),
        items=tuple(item or ()),
        cache=cache,
    )
    code = check_file(submission, options, form="json" if as_json else form)
    raise typer.Exit(code)


@app.callback(invoke_without_command=True)
def _version(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from grader.environment import grader_version  # noqa: PLC0415

        write_output([f"nla-grader {grader_version()}\n".encode()])
        raise typer.Exit


def _aliases(pairs: Sequence[str] | None) -> dict[str, str]:
    aliases = {}
    for pair in pairs or ():
        name, _, own = pair.partition("=")
        if not name.isidentifier() or not all(part.isidentifier() for part in own.split(".")):
            raise typer.BadParameter(
                f"must be NAME=OWN, such as CompressedNet=SVDNet, got {pair!r}",
                param_hint="--alias",
            )
        aliases[name] = own
    return aliases


def main() -> None:
    """Run the command."""
    # Read when torch is imported. Threads that spin while they wait take the processor from those
    # that are waited for, once a machine has more to do than this.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    escape_unencodable()
    try:
        app(prog_name="grader")
    except Exception as exc:  # noqa: BLE001 - 1, Python's code, would say that points were lost
        code = report_internal_error(exc)
        # What could not be written, to a full disk perhaps, would fail at the exit again.
        discard(sys.stdout)
        sys.exit(code)


# They add their commands to `app`, whoever imports it.
import grader.cli_report  # noqa: E402 - see above
import grader.cli_review  # noqa: E402 - see above
import grader.cli_staff  # noqa: E402, F401 - see above
