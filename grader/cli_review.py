"""Commands for the points that a person gives: the review page, and the same from the terminal."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli import Run, app

Person = Annotated[
    str,
    typer.Option(
        "--grader",
        metavar="NAME",
        help="Who judges; your user name if not given.",
        show_default=False,
    ),
]


@app.command()
def review(
    run: Run,
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: one that is free.")] = 0,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="By which people reach it, with another --host."),
    ] = None,
    grader: Person = "",
    second: Annotated[
        float, typer.Option(metavar="SHARE", help="Of the answers that two people judge.")
    ] = 0.1,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write all hand scores as YAML instead."),
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Take over hand scores from YAML instead."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --import: replace scores that are here.")
    ] = False,
) -> None:
    """Open the page on which people grade proofs and explanations."""
    from grader.review import commands  # noqa: PLC0415 - --help stays fast

    if export is not None:
        commands.export_hand(run, export)
    if import_ is not None:
        commands.import_hand(run, import_, overwrite=overwrite)
    if export is None and import_ is None:
        options = commands.ReviewOptions(host, port, tuple(name or ()), grader, second)
        commands.review(run, options)


@app.command()
def hand(
    run: Run,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Such as 1.1b.")],
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="As the run names them.")],
    points: Annotated[float, typer.Argument(metavar="POINTS", min=0)],
    *,
    comment: Annotated[str, typer.Option(help="For the student.")] = "",
    grader: Person = "",
) -> None:
    """Give a person's points for one item of one student."""
    from grader.review import commands  # noqa: PLC0415

    commands.give_hand(run, item, student, points, comment=comment, person=grader)
