"""Submissions made for another machine: Colab, one with a GPU, one with other packages.

Each case of `tests/submissions/elsewhere/` names the `item`, the `source` of the submission, and
the outcome: the item's `status` and `score`, what the feedback `says`, and where given a part of
its `notes`, which otherwise mention no GPU. A line `RIGHT` stands for a correct solution.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.errors import SandboxError
from grader.grading import Grader, Options
from grader.model import ItemRecord
from grader.selftest import small_baseline
from grader.submission import submission_from_bytes

Case = Mapping[str, Any]
FOLDER = Path(__file__).parent / "submissions"
CASES: Sequence[Case] = yaml.safe_load(
    (FOLDER / "elsewhere" / "cases.yaml").read_text(encoding="utf-8")
)
QUICK = [case for case in CASES if not case.get("slow")]
SLOW = [case for case in CASES if case.get("slow")]
RIGHT: Mapping[str, str] = yaml.safe_load(
    (FOLDER / "hostile" / "right.yaml").read_text(encoding="utf-8")
)


def grade(cases: Sequence[Case], *, neurons: int = 0) -> Mapping[str, ItemRecord]:
    """Case -> its record; all in one sandbox, which takes seconds to start.

    The hidden layers of the network have `neurons` each; 0: as many as the assignment's.
    """
    options = Options(
        rubric=FOLDER / "elsewhere" / "rubric.yaml", secret="hidden", threads=1, device="cpu"
    )
    baseline = small_baseline(options, neurons) if neurons else None
    try:
        grader = Grader(options, modules=("numpy", "torch", "jax"), baseline=baseline)
    except SandboxError as exc:
        pytest.skip(f"no sandbox here: {exc}")
    items = {item.id: item for item in grader.items}
    with grader:
        found = grader.grade_trusted(
            (submission_from_bytes("ps1.py", source_of(case)), items[case["item"]])
            for case in cases
        )
        return {case["name"]: one.record for case, one in zip(cases, found, strict=True)}


def source_of(case: Case) -> bytes:
    right = RIGHT[case["item"].partition("-")[0]]
    lines = case["source"].splitlines()
    return "\n".join(right if line == "RIGHT" else line for line in lines).encode()


def assert_as_expected(case: Case, record: ItemRecord) -> None:
    told = " ".join(f"{check.feedback} {check.hint}" for check in record.checks)
    assert record.status.value == case["status"], told
    assert record.score == case["score"], told
    assert case.get("says", "") in told
    notes = " ".join(record.notes)
    assert case.get("notes", "") in notes
    assert ("GPU" in notes) == ("notes" in case)


@pytest.fixture(scope="module")
def graded() -> Mapping[str, ItemRecord]:
    """Case -> its record, of those that are not slow."""
    return grade(QUICK, neurons=200)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in QUICK])
def test_a_submission_from_elsewhere(case: Case, graded: Mapping[str, ItemRecord]) -> None:
    """Status, points, words and notes are those that the corpus names."""
    assert_as_expected(case, graded[case["name"]])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_network_on_a_gpu_is_graded_on_the_cpu() -> None:
    """Its operations are counted and it is trained as without the mapping."""
    for name, record in grade(SLOW).items():
        (case,) = (case for case in SLOW if case["name"] == name)
        assert_as_expected(case, record)
