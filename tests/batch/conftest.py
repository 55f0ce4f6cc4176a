"""A class that is graded once, for all tests that only look at what came of it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.batch.run import RunSummary, grade_run
from grader.options import Options
from tests.batch.class_of import rubric, write_class

COUNT = 5


@dataclass(frozen=True)
class Graded:
    """A run and what it was made of."""

    hand_ins: Path
    run: Path
    options: Options
    summary: RunSummary


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Five students' hand-ins, graded by two processes in the real sandbox."""
    folder = tmp_path_factory.mktemp("class")
    hand_ins = write_class(folder / "hand-ins", COUNT)
    options = Options(rubric=rubric(folder), secret="a course", device="cpu", threads=1)
    summary = grade_run([hand_ins], folder / "run", options, jobs=2)
    return Graded(hand_ins, folder / "run", options, summary)
