"""A submission that takes all processors costs those graded beside it nothing."""

import sys
from pathlib import Path

import pytest

from grader.batch.run import grade_run
from grader.model import Status
from grader.options import Options
from grader.store import open_store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux"),
]
RUBRIC = """\
assignment: neighbours
title: Neighbours
total: 4
defaults: {wall_seconds: 8, memory_gib: 1, threads: 1, processes: 256}
items:
  - id: "1.1a"
    title: Constants between norms
    points: 4
    requires: [norm_constants]
    checks:
      - {title: best constants, use: theory.norm_constants, with: {draws: 5}}
"""
HONEST = """
import time
import numpy as np

def norm_constants(n):
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
    return 1 / np.sqrt(n), 1.0
"""
GREEDY = """
import os

def norm_constants(n):
    go, start = os.pipe()
    for _ in range(150):
        if os.fork() == 0:
            # A session of its own is a scheduling group of its own.
            os.setsid()
            os.close(start)
            os.read(go, 1)
            while True:
                pass
    os.close(start)
    while True:
        pass
"""


@pytest.mark.parametrize("groups", ["1", "0"], ids=["control groups", "polling"])
def test_a_neighbours_processes_cost_nothing(
    groups: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 s of work ends within 8 s beside 150 processes that never end."""
    monkeypatch.setenv("NLA_GRADER_CGROUPS", groups)
    rubric = tmp_path / "rubric.yaml"
    rubric.write_text(RUBRIC, encoding="utf-8")
    sources = tmp_path / "class"
    sources.mkdir()
    # The honest one starts beside the second of the others.
    for name, source in (
        ("a", GREEDY),
        ("b", GREEDY + "# b"),
        ("c", HONEST),
        ("d", GREEDY + "# d"),
    ):
        (sources / f"{name}.py").write_text(source, encoding="utf-8")
    grade_run([sources], tmp_path / "run", Options(rubric=rubric, threads=1), jobs=2)
    with open_store(tmp_path / "run", read_only=True) as store:
        found = {held.entry.student: held.record for held in store.held()}
    honest = found.pop("c")
    assert honest is not None
    assert honest.items[0].status is Status.PASSED, honest.items[0]
    assert all(one is not None and one.score == 0 for one in found.values())
