"""A record as plain text, 100 columns wide, for a terminal, a mail or a student's folder."""

import textwrap
from collections.abc import Iterator

from grader.model import CheckRecord, ItemRecord, Record, Status
from grader.report.clean import one_line, visible
from grader.report.interface import Report

WIDTH = 100
MARKS = {
    Status.PASSED: "passed",
    Status.PARTIAL: "in part",
    Status.FAILED: "failed",
    Status.ERRORED: "error",
    Status.TIMED_OUT: "time out",
    Status.OUT_OF_MEMORY: "memory",
    Status.KILLED: "killed",
    Status.MISSING: "missing",
    Status.SKIPPED: "skipped",
    Status.NEEDS_HAND: "by hand",
    Status.GRADER_FAULT: "our fault",
}
"""A status in a word or two."""
FAULT_WORDS = "the grader itself failed here; this costs no points, tell the course staff"


def points_text(points: float) -> str:
    """Points without a needless fraction: `3`, `2.5`, `0.33`."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def render_text(record: Record) -> bytes:
    """`record` for a person: points by item, then what was lost and why."""
    return (visible("\n".join(_lines(record))) + "\n").encode()


TEXT = Report("text", ".txt", render_text)


def _lines(record: Record) -> Iterator[str]:
    yield one_line(f"{record.title}: {record.submission.name}")
    yield (
        f"{points_text(record.score)} of {points_text(record.auto_points)} points that are checked "
        f"automatically, {points_text(record.hand_points)} open for a person"
    )
    yield ""
    for item in record.items:
        worth = points_text(item.points)
        score = "open" if item.status is Status.NEEDS_HAND else points_text(item.score)
        yield f"{item.id:<5} {MARKS[item.status]:<9} {score:>5} / {worth:<4} {item.title}"
    for item in record.items:
        if item.status not in {Status.PASSED, Status.NEEDS_HAND} or item.notes or item.output:
            yield ""
            yield from _item_lines(item)
    if record.notes:
        yield ""
        for note in record.notes:
            yield from _wrapped("note: ", note)
    yield ""
    yield from _environment_lines(record)


def _item_lines(item: ItemRecord) -> Iterator[str]:
    yield f"{item.id} {item.title}: {points_text(item.score)} of {points_text(item.auto_points)}"
    if item.status is Status.GRADER_FAULT:
        yield from _wrapped("  ", FAULT_WORDS)
    yield from _told("  ", item.feedback, item.hint)
    for check in item.checks:
        if check.status is not Status.PASSED:
            yield from _check_lines(check)
    for note in item.notes:
        yield from _wrapped("  note: ", note)
    if item.output:
        yield "  printed:"
        yield from (f"    {line}" for line in item.output.splitlines())


def _check_lines(check: CheckRecord) -> Iterator[str]:
    score = f"{points_text(check.score)} of {points_text(check.points)}"
    yield f"  {check.name} ({MARKS[check.status]}, {score})"
    yield from _told("    ", check.feedback, check.hint)


def _told(margin: str, feedback: str, hint: str) -> Iterator[str]:
    if feedback:
        yield from _wrapped(margin, feedback)
    if hint:
        yield from _wrapped(f"{margin}hint: ", hint)


def _wrapped(start: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _environment_lines(record: Record) -> Iterator[str]:
    environment = record.environment
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    yield from _wrapped(
        "",
        f"graded {record.started} in {record.seconds:.1f} s by nla-grader "
        f"{environment.grader_version}, Python {environment.python}, {packages}",
    )
    yield from _wrapped(
        "",
        f"sandbox {environment.sandbox}, memory limit by {environment.memory_limit}, "
        f"{environment.device}, {environment.threads} threads, seed {environment.seed}, rubric "
        f"{record.rubric_sha256[:12]}, submission {record.submission.sha256[:12]}",
    )
    for sentence in environment.not_enforced:
        yield from _wrapped("", f"not enforced: {sentence}")
    if environment.dataset:
        yield from _wrapped("", f"data {environment.dataset}, baseline {environment.baseline[:12]}")
