"""(f) How much of the time the grader takes for itself, beside the student's functions."""

import time
from pathlib import Path

from benchmarks.clock import ROOT, Timing
from benchmarks.table import Row
from grader.grading import Grader, Options
from grader.sandbox.process import ItemProcess

WANTED = 0.15
"""Of the whole, at most."""


def measure(work: Path, *, runs: int) -> list[Row]:
    """One row: 15 % of grading the reference with its baseline cached, against what was taken."""
    del work
    shares = sorted(_once() for _ in range(runs))
    whole, own = shares[len(shares) // 2]
    return [
        Row("f", "the grader's own share", "15 % of the whole", Timing(WANTED * whole, 0, ""),
            Timing(own, 0, ""), 1.0)
    ]  # fmt: skip


def _once() -> tuple[float, float]:
    """Seconds in all, and those in which no function of the submission was waited for."""
    waited = 0.0
    closed = ItemProcess.close

    def close(process: ItemProcess) -> None:
        nonlocal waited
        waited += process.waited
        closed(process)

    setattr(ItemProcess, "close", close)  # noqa: B010 - for as long as it is measured
    try:
        with Grader(Options(device="cpu")) as grader:
            grader.baseline()
            began = time.perf_counter()
            grader.grade(ROOT / "reference" / "ps1.py")
            whole = time.perf_counter() - began
    finally:
        setattr(ItemProcess, "close", closed)  # noqa: B010
    return whole, whole - waited
