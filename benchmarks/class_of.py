"""(d), (e) and (g): a class at one job and at two, unchanged once more, and growing."""

import shutil
from itertools import pairwise
from pathlib import Path

from benchmarks.clock import GRADER, ROOT, Timing, time_command
from benchmarks.table import Row

CLASS = 40
WHOLE = 6
"""Hand-ins of which every item is graded; half a minute each."""
SIZES = (10, 40, 160)
WANTED_JOBS = 1.7
WANTED_AGAIN = 2.0
"""Seconds for a second run of an unchanged class."""
RUBRIC = """\
assignment: class
title: A class
total: 12
defaults: {wall_seconds: 60, memory_gib: 2, threads: 1}
items:
  - {id: "1.1a", title: Constants, points: 1, requires: [norm_constants],
     checks: [{title: constants, use: theory.norm_constants}]}
  - {id: "1.2b", title: Extremal, points: 3, requires: [extremal_matrix],
     checks: [{title: matrix, use: theory.extremal_matrix}]}
  - {id: "1.3a", title: Projector, points: 2, requires: [projector_pinv],
     checks: [{title: pseudoinverse, use: theory.projector_pinv}]}
  - {id: "2.1a", title: Gradient by U, points: 2, requires: [grad_U],
     checks: [{title: gradient, use: calculus.gradient, with: {of: U}}]}
  - {id: "2.1b", title: Gradient by V, points: 2, requires: [grad_V],
     checks: [{title: gradient, use: calculus.gradient, with: {of: V}}]}
  - {id: "2.2", title: Rayleigh, points: 2, requires: [rayleigh_gradient],
     checks: [{title: gradient, use: calculus.rayleigh}]}
"""
HAND_IN = """\
import numpy as np


def norm_constants(n):
    return 1 / np.sqrt(n), 1.0


def extremal_matrix(m, n, k):
    return np.eye(m, n) * (np.arange(n) < k)


def projector_pinv(U):
    return U @ U.conj().T


def grad_U(X, U, V):
    return (U @ V - X) @ V.T


def grad_V(X, U, V):
    return U.T @ (U @ V - X)


def rayleigh_gradient(A, x):
    return 2 * (A @ x - (x @ A @ x) / (x @ x) * x) / (x @ x)


STUDENT = {number}
"""
"""Another file for each number, so that nothing of one serves the other."""


def measure(work: Path, *, runs: int) -> list[Row]:
    """Rows (d), (e) and (g); each run starts in an empty folder, but for (e)."""
    rubric = work / "class.yaml"
    rubric.write_text(RUBRIC, encoding="utf-8")
    timings = {size: _graded(work, rubric, size, jobs=1, runs=runs) for size in SIZES}
    one, two = timings[CLASS], _graded(work, rubric, CLASS, jobs=2, runs=runs)
    run = str(work / f"run-{CLASS}")
    again = time_command([*_command(work, rubric, CLASS, jobs=1), "--out", run], runs=runs)
    slow = Timing(WANTED_AGAIN, 0.0, "")
    rows = [
        Row("d", f"{CLASS} submissions at 2 jobs", "1 job", one, two, WANTED_JOBS),
        _whole(work, runs=runs),
        Row("e", f"{CLASS} unchanged submissions again", "2 seconds", slow, again, 1.0),
    ]
    for small, large in pairwise(SIZES):
        scaled = Timing(timings[small].seconds * large / small, timings[small].memory_mib, "")
        what = f"{large} submissions"
        # A ratio of 1 is linear growth; start-up makes it larger.
        rows.append(Row("g", what, f"{large // small} times {small}", scaled, timings[large], 0.9))
    return rows


def _whole(work: Path, *, runs: int) -> Row:
    """The reference, graded several times over: each job computes with one thread."""
    folder = work / "whole"
    folder.mkdir()
    source = (ROOT / "reference" / "ps1.py").read_text(encoding="utf-8")
    for number in range(WHOLE):
        (folder / f"student{number}.py").write_text(f"{source}\nSTUDENT = {number}\n", "utf-8")
    options = ["--threads", "1", "--device", "cpu"]
    one, two = (
        _afresh(
            [*GRADER, "grade", str(folder), "--jobs", str(jobs), *options],
            work / f"run-whole-{jobs}",
            runs=runs,
        )
        for jobs in (1, 2)
    )
    return Row("d", f"{WHOLE} whole hand-ins at 2 jobs", "1 job", one, two, WANTED_JOBS)


def _graded(work: Path, rubric: Path, size: int, *, jobs: int, runs: int) -> Timing:
    folder = work / f"class-{size}"
    folder.mkdir(exist_ok=True)
    for number in range(size):
        file = folder / f"student{number}.py"
        file.write_text(HAND_IN.format(number=number), encoding="utf-8")
    return _afresh(_command(work, rubric, size, jobs=jobs), work / f"run-{size}", runs=runs)


def _afresh(command: list[str], run: Path, *, runs: int) -> Timing:
    """The median of runs, each of which finds no folder to go on with."""
    timings = []
    for _ in range(runs):
        shutil.rmtree(run, ignore_errors=True)
        timings.append(time_command([*command, "--out", str(run)], runs=1))
    return sorted(timings, key=lambda timing: timing.seconds)[len(timings) // 2]


def _command(work: Path, rubric: Path, size: int, *, jobs: int) -> list[str]:
    options = ["--rubric", str(rubric), "--jobs", str(jobs), "--device", "cpu"]
    return [*GRADER, "grade", str(work / f"class-{size}"), *options]
