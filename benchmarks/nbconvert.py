"""(c) nbconvert executing a notebook of small settings whole, which grades nothing yet."""

import sys
from pathlib import Path

from benchmarks.clock import GRADER, time_command
from benchmarks.hand_in import write_notebook, write_rubric
from benchmarks.table import Row

ROUNDS = 20
"""Of the student's own; real notebooks play hundreds and train for an hour."""


def measure(work: Path, *, runs: int) -> list[Row]:
    """One row: only running it, against grading it."""
    notebook = write_notebook(work / "whole.ipynb", rounds=ROUNDS)
    execute = ["-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]
    whole = [sys.executable, *execute, "--output-dir", str(work / "executed"), str(notebook)]
    theirs = time_command(whole, runs=runs)
    rubric = write_rubric(work / "rubric.yaml")
    own = [*GRADER, "grade", str(notebook), "--rubric", str(rubric)]
    ours = time_command(own, runs=runs, codes=(0, 1))
    what = f"one notebook, {ROUNDS} rounds of its own in it"
    return [Row("c", what, "nbconvert --execute, without grading", theirs, ours, 1.0)]
