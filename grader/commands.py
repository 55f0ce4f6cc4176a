"""What the commands do: grade files or a class, show what came of it, choose the exit code."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from rich.text import Text

from grader import helper
from grader.assets import asset
from grader.batch.run import demand_isolation
from grader.console import LiveProgress, show_record
from grader.errors import SubmissionError, UsageError
from grader.exit_codes import ExitCode
from grader.grading import Grader, Options
from grader.isolation import isolate
from grader.model import Record, Status
from grader.options import chosen_items
from grader.report.text import points_text
from grader.rubric import load_rubric
from grader.submission import load_submission
from grader.submission.notebook import MAX_BYTES
from grader.terminal import output_console, print_error, print_warning, write_output
from grader.warm import modules_for


def grade_sources(
    sources: Sequence[Path],
    options: Options,
    *,
    out: Path | None,
    allow_bare: bool,
    as_json: bool,
    jobs: int,
    cluster: str,
    counts: Sequence[str] = (),
    layout: str = "",
) -> ExitCode:
    """Grade a class into the folder `out`, or a few files without one.

    Raises:
        GraderError: nothing can be graded: a wrong rubric or option, no sandbox, no data.
    """
    if out is not None:
        from grader.commands_run import grade_class  # noqa: PLC0415 - it builds on this module

        return grade_class(
            sources,
            out,
            options,
            allow_bare=allow_bare,
            as_json=as_json,
            jobs=jobs,
            cluster=cluster,
            counts=counts,
            layout=layout,
        )
    if jobs or cluster or counts or layout:
        raise UsageError(
            "--out: required with --jobs, --cluster, --counts and --layout; name a folder"
        )
    return grade_files(sources, options, allow_bare=allow_bare, as_json=as_json)


def grade_files(
    paths: Sequence[Path],
    options: Options,
    *,
    allow_bare: bool,
    as_json: bool,
) -> ExitCode:
    """Grade each file; one that can't be read is reported and the others are still graded.

    Raises:
        GraderError: nothing can be graded: a wrong rubric or option, no sandbox, no data.
    """
    # First: the helper must not inherit a secret that is taken out of the environment.
    options = isolated(options)
    helper.prepare()
    many = [path for path in paths if path.is_dir() or path.suffix.casefold() == ".zip"]
    if many:
        raise UsageError(f"--out: must be given for a folder or a zip such as {many[0]}; name one")
    demand_isolation(options, len(paths), allow_bare=allow_bare)
    code = ExitCode.ALL_POINTS
    modules = _modules(paths, options)
    with LiveProgress() as progress, Grader(options, progress, modules=modules) as grader:
        for path in paths:
            try:
                submission = load_submission(path)
            except SubmissionError as exc:
                print_error(str(exc))
                code = max(code, ExitCode.UNUSABLE)
                continue
            record = grader.grade_submission(submission)
            print_record(record, as_json=as_json)
            code = max(code, exit_code(record))
    return code


def _modules(paths: Sequence[Path], options: Options) -> tuple[str, ...]:
    """What a worker imports ahead of these files."""
    items = chosen_items(load_rubric(options.rubric), options)
    return modules_for(items, _contents(paths))


def _contents(paths: Sequence[Path]) -> Iterator[bytes]:
    """The files' bytes as far as the loader would read them; the unreadable are told of there."""
    for path in paths:
        with contextlib.suppress(OSError):
            if path.is_file():
                with path.open("rb") as file:
                    yield file.read(MAX_BYTES)


def check_file(path: Path, options: Options, *, form: str = "text") -> ExitCode:
    """Grade a student's own file by public draws.

    Args:
        path: The file.
        options: How to grade it.
        form: How to show what came of it, a key of `grader.report_commands.SHOWN`.

    Raises:
        GraderError: the file can't be read, or nothing can be graded.
    """
    from grader.report_commands import showing  # noqa: PLC0415 - it brings the reports

    show = showing(form)
    # First: the helper must not inherit a secret that is taken out of the environment.
    options = isolated(options)
    helper.prepare()
    modules = _modules([path], options)
    submission = load_submission(path)
    with LiveProgress() as progress, Grader(options, progress, modules=modules) as grader:
        record = grader.grade_submission(submission)
    show(record, path)
    return exit_code(record)


def exit_code(record: Record) -> ExitCode:
    """0 all points that can be given, 1 points lost, 3 a fault of the grader."""
    if record.status is Status.GRADER_FAULT:
        return ExitCode.GRADER_FAULT
    return ExitCode.ALL_POINTS if record.status is Status.PASSED else ExitCode.POINTS_LOST


def train_baseline(options: Options) -> ExitCode:
    """Train the baseline where it is not cached, and say what it is.

    Raises:
        DataError: the dataset can't be had.
    """
    with LiveProgress() as progress:
        made = Grader(replace(options, sandbox="bare"), progress).baseline()
    output_console().print(
        f"baseline {made.key[:12]} on {made.dataset.name}: right on {made.accuracy:.1%} of "
        f"{len(made.dataset.hidden)} hidden images, trained in {made.seconds:.1f} s"
    )
    return ExitCode.ALL_POINTS


def self_test(options: Options, reference: Path | None) -> ExitCode:
    """Grade the reference and the template; the first must get all points, the second none.

    Raises:
        GraderError: nothing can be graded.
    """
    reference = reference or Path(__file__).parent.parent / "reference" / "ps1.ipynb"
    if not reference.is_file():
        raise UsageError(
            "selftest: needs the reference hand-in, which is no part of the installed package; run "
            "it in a checkout or give --reference"
        )
    options = isolated(options)
    wrong = []
    with LiveProgress() as progress, Grader(options, progress) as grader:
        for path, expected in ((reference, "all"), (asset("student_template/ps1.ipynb"), "none")):
            record = grader.grade(path)
            show_record(record)
            wrong += [
                f"{path.name} of {path.parent.name}: {text}"
                for text in _surprises(record, expected)
            ]
    for text in wrong:
        print_error(text)
    return ExitCode.GRADER_FAULT if wrong else ExitCode.ALL_POINTS


def _surprises(record: Record, expected: str) -> Iterator[str]:
    for item in record.items:
        if item.status is Status.GRADER_FAULT:
            yield f"item {item.id} met a fault of the grader"
        elif expected == "all" and item.score < item.auto_points:
            yield f"item {item.id} got {points_text(item.score)} of {points_text(item.auto_points)}"
        elif expected == "none" and item.score > 0:
            yield f"item {item.id} got {points_text(item.score)}, nothing is done there"


def lint(path: Path | None) -> ExitCode:
    """Print the faults of a rubric, and advice.

    Raises:
        RubricError: it has faults.
    """
    from grader.rubric import lint_rubric  # noqa: PLC0415 - imports every check

    advice = lint_rubric(path)
    console = output_console(soft_wrap=True)
    for line in advice:
        console.print(Text(line))
    console.print("no faults" if not advice else f"no faults, {len(advice)} pieces of advice")
    return ExitCode.ALL_POINTS


def isolated(options: Options) -> Options:
    """As `isolate`, with its warnings on the screen."""
    return isolate(options, print_warning)


def print_record(record: Record, *, as_json: bool) -> None:
    """Print a record as a table, or as a line of JSON."""
    if as_json:
        write_output([msgspec.json.encode(record, order="deterministic"), b"\n"])
    else:
        show_record(record)
