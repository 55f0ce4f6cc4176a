"""What `grader selftest --full` does: grade the families, print the confusion table."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from grader.commands import isolated
from grader.environment import usable_cores
from grader.errors import UsageError
from grader.exit_codes import ExitCode
from grader.grading import Grader
from grader.options import Options, thread_count
from grader.selftest import Case, Played, Setting, load_families, play_cases, tally
from grader.selftest.tally import differing
from grader.terminal import message_console, output_console

FAMILIES = Path(__file__).parent.parent / "tests" / "validity"
SEED = "self-test {}"


def full_self_test(
    options: Options,
    *,
    cases: Path | None,
    seeds: int,
    everywhere: bool,
    neurons: int,
    jobs: int,
) -> ExitCode:
    """Grade every case of the families; right ones must get all points, wrong ones lose some.

    Raises:
        GraderError: nothing can be graded, or a family is wrong.
    """
    if cases is None and not FAMILIES.is_dir():
        raise UsageError(
            "selftest --full: needs the families of solutions, which are no part of the installed "
            "package; run it in a checkout or give --cases"
        )
    options = isolated(options)
    with Grader(options) as grader:  # tries the sandbox, once for all
        names = {item.id for item in grader.items}
        if not neurons:
            grader.baseline()
    chosen = [case for case in load_families(cases or FAMILIES) if case.item in names]
    if not chosen:
        raise UsageError("--item: must be an item with a family, got none; see `tests/validity`")
    played = play_all(
        chosen, settings(options, seeds, everywhere=everywhere, neurons=neurons), jobs=jobs
    )
    return show(played, settings_compared=everywhere)


def settings(options: Options, seeds: int, *, everywhere: bool, neurons: int = 0) -> list[Setting]:
    """The settings to grade with: several seeds, and one of them in every other way too.

    The first alone grades mutants.
    """
    first = replace(options, secret=SEED.format(1))
    threads = thread_count(first)
    found = [Setting(f"{first.sandbox}, {threads} threads", first)]
    found += [
        Setting(f"seed {number}", replace(options, secret=SEED.format(number)))
        for number in range(2, seeds + 1)
    ]
    if everywhere:
        other = "bare" if first.sandbox != "bare" else "bubblewrap"
        found += [
            Setting(f"{other} sandbox", replace(first, sandbox=other)),
            Setting("1 thread", replace(first, threads=1)),
            Setting("x64", first, x64=True),
        ]
    return [replace(setting, neurons=neurons, mutants=setting is found[0]) for setting in found]


def play_all(cases: Sequence[Case], how: Sequence[Setting], *, jobs: int) -> list[Played]:
    """Grade the cases in every setting, one setting after the other."""
    played: list[Played] = []
    with Progress(console=message_console(), transient=True) as bars:
        for setting in how:
            total = sum(map(setting.takes, cases))
            bar = bars.add_task(Text(setting.name).markup, total=total)
            for one in play_cases(cases, setting, jobs=jobs or usable_cores()):
                played.append(one)
                bars.advance(bar)
    return played


def show(played: Sequence[Played], *, settings_compared: bool) -> ExitCode:
    """Print the table and all that is not as expected."""
    console = output_console(soft_wrap=True)
    rows = tally(played)
    table = Table(
        "item",
        "right",
        "lost",
        "wrong",
        "taken",
        caption="errors over what is allowed: mean and worst right, mean and nearest wrong answer",
    )
    for heading in ("mean", "worst", "mean", "nearest"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        margins = (row.right_margin, row.worst_right, row.wrong_margin, row.nearest_wrong)
        counts = (row.right, row.false_rejects, row.wrong, row.false_accepts)
        table.add_row(row.item, *map(str, counts), *map(_number, margins))
    console.print(table)
    odd = sorted(
        (one for one in played if one.surprise), key=lambda one: (one.case.item, one.case.name)
    )
    for one in odd:
        console.print(Text(f"{one.case.item}  {one.case.name}  [{one.setting}]: {one.surprise}"))
    distinct = {(one.case.item, one.case.name) for one in played}
    console.print(
        f"{len(distinct)} cases, graded {len(played)} times in "
        f"{len({one.setting for one in played})} settings: "
        f"{sum(row.false_rejects for row in rows)} false rejects, "
        f"{sum(row.false_accepts for row in rows)} false accepts"
    )
    unlike = differing(played)
    for (item, name), scores in unlike.items():
        told = ", ".join(f"{setting}: {score:g}" for setting, score in scores.items())
        console.print(Text(f"{item}  {name}: points differ: {told}"))
    if settings_compared and not unlike:
        console.print("every case got the same points in all settings")
    return ExitCode.GRADER_FAULT if odd or unlike else ExitCode.ALL_POINTS


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
