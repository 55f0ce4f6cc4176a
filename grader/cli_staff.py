"""Commands for those who set a course up: baseline, selftest, doctor, rubrics."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli import (
    Cache,
    Data,
    Device,
    Items,
    RubricFile,
    SandboxKind,
    Threads,
    TimeBudget,
    app,
)
from grader.terminal import output_console, write_output

rubric_app = typer.Typer(no_args_is_help=True, help="Look after rubrics.")
app.add_typer(rubric_app, name="rubric")


@app.command()
def baseline(
    *,
    data: Data = "synthetic",
    device: Device = "auto",
    threads: Threads = 0,
    cache: Cache = None,
    time_budget: TimeBudget = None,
) -> None:
    """Train the network that submissions compress, ahead of grading."""
    from grader.commands import train_baseline  # noqa: PLC0415
    from grader.grading import Options  # noqa: PLC0415

    options = Options(
        data=data, device=device, threads=threads, cache=cache, time_budget=time_budget
    )
    code = train_baseline(options)
    raise typer.Exit(code)


@app.command()
def selftest(
    *,
    full: Annotated[
        bool,
        typer.Option("--full", help="Grade every family of right and wrong solutions; minutes."),
    ] = False,
    reference: Annotated[
        Path | None, typer.Option(help="The reference hand-in; a checkout's own if not given.")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(help="Folder of families for --full; a checkout's own if none.")
    ] = None,
    item: Items = None,
    seeds: Annotated[int, typer.Option(min=1, help="Course secrets to grade --full with.")] = 1,
    everywhere: Annotated[
        bool,
        typer.Option(
            "--everywhere", help="Grade --full bare, on one thread and with x64 on as well."
        ),
    ] = False,
    neurons: Annotated[
        int,
        typer.Option(
            min=0,
            help="Hidden neurons of the network in --full; 200 is quick, 0: the assignment's.",
        ),
    ] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="Processes of --full; 0: one a core.")] = 0,
    rubric: RubricFile = None,
    data: Data = "synthetic",
    sandbox: SandboxKind = "bubblewrap",
    device: Device = "auto",
    threads: Threads = 0,
    cache: Cache = None,
) -> None:
    """Grade the reference and the template: one must get all points, the other none."""
    from grader.grading import Options  # noqa: PLC0415

    options = Options(
        rubric=rubric,
        data=data,
        sandbox=sandbox,
        device=device,
        threads=threads,
        items=tuple(item or ()),
        cache=cache,
    )
    if full:
        from grader.commands_selftest import full_self_test  # noqa: PLC0415

        code = full_self_test(
            options,
            cases=cases,
            seeds=seeds,
            everywhere=everywhere,
            neurons=neurons,
            jobs=jobs,
        )
    else:
        from grader.commands import self_test  # noqa: PLC0415

        code = self_test(options, reference)
    raise typer.Exit(code)


@app.command()
def doctor(data: Data = "synthetic", device: Device = "auto", cache: Cache = None) -> None:
    """Say what this machine can do, and what to do about what is missing."""
    from grader.doctor import examine  # noqa: PLC0415

    code = examine(output_console(), data=data, device=device, cache=cache)
    raise typer.Exit(code)


@rubric_app.command("schema")
def rubric_schema() -> None:
    """Print the JSON Schema of a rubric, for an editor."""
    import msgspec  # noqa: PLC0415

    from grader.rubric import rubric_schema as schema  # noqa: PLC0415

    write_output([msgspec.json.format(msgspec.json.encode(schema()), indent=2), b"\n"])


@rubric_app.command("lint")
def rubric_lint(
    file: Annotated[
        Path | None, typer.Argument(metavar="RUBRIC", help="The embedded rubric if not given.")
    ] = None,
) -> None:
    """Find every fault of a rubric, and what could be better."""
    from grader.commands import lint  # noqa: PLC0415

    code = lint(file)
    raise typer.Exit(code)
