"""A class of students, a small rubric for them, and ways to look at what came of a run."""

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from grader.model import to_json
from grader.store import open_store

if TYPE_CHECKING:
    from tests.batch.conftest import Graded

ROOT = Path(__file__).parents[2]
RUBRIC = """\
assignment: small
title: A small set
total: {total}
defaults: {{wall_seconds: 10, memory_gib: 1, threads: 1}}
items:
  - id: "1.1a"
    title: Constants between norms
    points: {points}
    requires: [norm_constants]
    checks:
      - title: best constants
        use: theory.norm_constants
        with: {{draws: {draws}, rtol: 1.0e-9}}
  - id: "1.1b"
    title: A proof
    points: 5
    hand:
      answer: {{heading: "1.1b"}}
      criteria:
        - {{text: "a reason", points: 5}}
  - id: "2.2"
    title: Gradient of the Rayleigh quotient
    points: 2
    requires: [rayleigh_gradient]
    checks:
      - title: right for every x
        use: calculus.rayleigh
        with: {{draws: 4, rtol_float32: 1.0e-4, rtol_float64: 1.0e-8}}
"""
NORMS = """
def norm_constants(n):
    return 1 / np.sqrt(n), {second}
"""
RAYLEIGH = """
def rayleigh_gradient(A, x):
    q = x @ x
    return {factor} * (A @ x * q - x * (x @ A @ x)) / q**2
"""
IMPORT = "import numpy as np\n"


def rubric(folder: Path, *, points: int = 1, draws: int = 4) -> Path:
    file = folder / "small.yaml"
    file.write_text(RUBRIC.format(points=points, total=points + 7, draws=draws))
    return file


def solution(number: int) -> str:
    """The module of student `number`: right, half right, wrong, with a name missing, broken."""
    mark = f"# student {number}\n"
    match number % 5:
        case 0:
            return mark + IMPORT + NORMS.format(second=1.0) + RAYLEIGH.format(factor=2)
        case 1:
            return mark + IMPORT + NORMS.format(second=2.0) + RAYLEIGH.format(factor=2)
        case 2:
            return mark + IMPORT + NORMS.format(second=1.0) + RAYLEIGH.format(factor=-2)
        case 3:
            return mark + IMPORT + NORMS.format(second=1.0)
        case _:
            return mark + IMPORT + NORMS.format(second="1 / 0") + RAYLEIGH.format(factor=2)


EXPECTED = ((1.0, 2.0), (0.0, 2.0), (1.0, 0.0), (1.0, 0.0), (0.0, 2.0))
"""Points of items 1.1a and 2.2 by `number % 5`."""


def write_class(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"s{number:02}.py").write_text(solution(number))
    return folder


def points(run: Path) -> dict[str, tuple[float, ...]]:
    """Student to the points of the automatic items."""
    with open_store(run, read_only=True) as store:
        return {
            held.entry.student: tuple(item.score for item in held.record.items if item.auto_points)
            for held in store.held()
            if held.record is not None
        }


def expected_points(count: int) -> dict[str, tuple[float, ...]]:
    return {f"s{number:02}": EXPECTED[number % 5] for number in range(count)}


def timeless(run: Path) -> dict[str, Any]:
    """Every record as JSON without what differs from one grading to the next: times, memory."""
    with open_store(run, read_only=True) as store:
        return {
            held.entry.student: _without_times(to_json(held.record).decode())
            for held in store.held()
            if held.record is not None
        }


def starts(run: Path) -> dict[str, str]:
    """Student to when the file was graded."""
    with open_store(run, read_only=True) as store:
        return {held.entry.student: held.record.started for held in store.held() if held.record}


def record_counts(run: Path) -> list[int]:
    """How many records each file has."""
    with open_store(run, read_only=True) as store:
        return [len(store.history(e.sha256, e.kind)) for e in store.entries() if e.sha256]


def _without_times(text: str) -> str:
    return re.sub(r'"(seconds|started|peak_memory_bytes)": [^,\n]+', r'"\1": 0', text)


def command(graded: "Graded", sources: Sequence[Path], run: Path, *more: str) -> list[str]:
    """The command line that grades as `graded` was."""
    options = ["--rubric", str(graded.options.rubric), "--device", "cpu", "--threads", "1"]
    arguments = [*map(str, sources), "--out", str(run), "--seed", "a course", *options, *more]
    return [sys.executable, "-m", "grader", "grade", *arguments]


def start(line: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        line,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_records(run: Path, count: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        if (run / "run.sqlite").is_file() and len(starts(run)) >= count:
            return
        time.sleep(0.02)


def family(pid: int | None = None) -> list[psutil.Process]:
    """Every process that `pid`, or this one, has started and that still runs.

    Helpers of Python and of the grader are left out: they serve later calls and end with this
    process.
    """
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = " ".join(child.cmdline())
            helper = "resource_tracker" in words or "grader.helper.process" in words
            if child.status() != psutil.STATUS_ZOMBIE and not helper:
                found.append(child)
    return found


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of these have ended, within the seconds that ending may take."""
    _, alive = psutil.wait_procs(processes, timeout=15)
    return not alive
