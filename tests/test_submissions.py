"""Whole hand-ins made like real ones: flaws cost what they should, and nothing else is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.errors import SandboxError
from grader.grading import Grader, Options
from grader.model import Record, Status
from grader.selftest import small_baseline

FOLDER = Path(__file__).parent / "submissions" / "real"
CASES = sorted(path.parent for path in FOLDER.glob("*/expect.yaml"))
SLOW = {"frequent_flaws", "plain_tensors", "square_layers_alone"}
"""A minute each, with a network of the assignment's size."""
NEURONS = 200
"""Hidden ones, for the quick submissions."""
OPTIONS = Options(secret="a course", device="cpu")


@pytest.fixture(scope="module")
def grader(request: pytest.FixtureRequest) -> Iterator[Grader]:
    """One grader for all with a network of so many neurons; 0: of the assignment's size."""
    baseline = small_baseline(OPTIONS, request.param) if request.param else None
    try:
        with Grader(OPTIONS, baseline=baseline) as made:
            yield made
    except SandboxError as exc:
        pytest.skip(f"no sandbox here: {exc}")


def submission_in(folder: Path) -> Path:
    (found,) = (path for path in folder.iterdir() if path.stem == "ps1")
    return found


def words(record: Record, item: str) -> str:
    """Everything that a student reads about an item."""
    (found,) = (one for one in record.items if one.id == item)
    parts = [found.feedback, found.hint, *found.notes]
    for check in found.checks:
        parts += [check.feedback, check.hint]
    return " ".join(parts)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("folder", "grader"),
    [
        pytest.param(
            folder,
            0 if folder.name in SLOW else NEURONS,
            id=folder.name,
            marks=[pytest.mark.slow] if folder.name in SLOW else [],
        )
        for folder in CASES
    ],
    indirect=["grader"],
)
def test_a_real_hand_in_gets_what_it_deserves(folder: Path, grader: Grader) -> None:
    """Every item's status and points, and the words that explain a loss."""
    expected: dict[str, Any] = yaml.safe_load((folder / "expect.yaml").read_text(encoding="utf-8"))
    record = grader.grade(submission_in(folder))
    found = {item.id: [item.status.value, item.score] for item in record.items if item.auto_points}
    assert found == {item: list(row) for item, row in expected["items"].items()}
    assert record.score == expected["score"]
    assert Status.GRADER_FAULT not in {item.status for item in record.items}
    for item, told in expected.get("says", {}).items():
        assert told in words(record, item)
    for item in record.items:
        assert "Traceback" not in words(record, item.id)


def test_the_corpus_is_there() -> None:
    """A wrong folder would make the test above pass with nothing in it."""
    assert len(CASES) >= 5
