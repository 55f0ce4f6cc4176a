"""What rows of problem 3 find about a source, on the small network."""

from collections.abc import Mapping

from grader.checks.interface import CHECKS, Outcome, SubmissionFault
from tests.checks.inprocess import bench_for
from tests.checks.small_baseline import small_baseline

Found = Outcome | SubmissionFault

ROWS = ("truncation", "flops", "unchanged", "edge_ranks", "trainable", "storage")
"""In the rubric's order."""


def graded(source: str, rows: tuple[str, ...] = ROWS) -> Mapping[str, Found]:
    """What each row finds, in one item."""
    bench = bench_for(source, baseline=small_baseline)
    found: dict[str, Found] = {}
    for row in rows:
        spec = CHECKS[f"compression.{row}"]
        try:
            found[row] = spec.run(spec.params(), bench)
        except SubmissionFault as fault:
            found[row] = fault
    return found


def words(found: Found) -> str:
    return f"{found.feedback} {found.hint}"


def lost(found: Mapping[str, Found]) -> dict[str, str]:
    return {
        row: words(one)
        for row, one in found.items()
        if isinstance(one, SubmissionFault) or one.value < 1
    }


def found(source: str, row: str, **params: object) -> Found:
    """What one check finds with these parameters."""
    spec = CHECKS[f"compression.{row}"]
    try:
        return spec.run(spec.params(**params), bench_for(source, baseline=small_baseline))
    except SubmissionFault as fault:
        return fault
