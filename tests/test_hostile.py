"""Hostile and broken submissions, each graded in the real sandbox: no attack wins a point.

`tests/submissions/hostile/cases/` holds the cases, a file for each kind of attack. Each case names
the `item` that it attacks, the `source` of the submission, and the outcome: the item's `status` and
`score`, and where given what the feedback `says` and what the code `prints`. A line `RIGHT` in a
source stands for the item's correct solution, so that an attack is told from a wrong answer. Text
`above`, repeated `times` times, stands before the source. The network of problem 3 is a small
one, except for cases that are `slow` or ask for `full_size`.
"""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.data.baseline import Baseline
from grader.errors import SandboxError
from grader.grading import Grader, Options
from grader.model import ItemRecord, Status
from grader.selftest import small_baseline
from grader.submission import submission_from_bytes
from tests.leftovers import Leftovers

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "submissions" / "hostile"
CASES: list[dict[str, Any]] = [
    case
    for path in sorted((FOLDER / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
RIGHT: Mapping[str, str] = yaml.safe_load((FOLDER / "right.yaml").read_text(encoding="utf-8"))
"""Item -> the right solution that an attack wraps: what it scores is told from a wrong answer."""


SLOW_ITEMS = {"3.2-storage", "3.2-operations", "3.2-unchanged", "3.3", "3.4"}
"""Items of networks of full size whose right solution other tests grade as well."""
NEURONS = 200
"""Hidden ones of the network, where a case does not need the assignment's size."""
MODULES = {"3.2": ("numpy", "torch"), "4": ("numpy", "jax")}
"""Item -> what is imported ahead; each of these three takes a second or so."""


@functools.cache
def small_network() -> Baseline:
    return small_baseline(Options(secret="hidden", threads=1, device="cpu"), NEURONS)


@functools.cache
def grader_for(item: str, *, full_size: bool) -> Grader:
    """One grader an item: its self-test of the sandbox is made once."""
    options = Options(
        rubric=FOLDER / "rubric.yaml", items=(item,), secret="hidden", threads=1, device="cpu"
    )
    baseline = small_network() if item.startswith("3") and not full_size else None
    try:
        return Grader(options, modules=MODULES.get(item[:3], ("numpy",)), baseline=baseline)
    except SandboxError as exc:
        pytest.skip(f"no sandbox here: {exc}")


def graded(item: str, source: str, *, full_size: bool = False) -> ItemRecord:
    text = "\n".join(
        RIGHT[item].rstrip() if line == "RIGHT" else line for line in source.splitlines()
    )
    grader = grader_for(item, full_size=full_size)
    return grader.grade_submission(submission_from_bytes("hostile.py", text.encode())).items[0]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module", autouse=True)
def _nothing_left() -> Iterator[None]:
    """After all of them no process, file, mount or control group is left."""
    before = Leftovers.now()
    yield
    assert Leftovers.now() == before


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case["name"], marks=[pytest.mark.slow] if case.get("slow") else [])
        for case in CASES
    ],
)
def test_an_attack_ends_as_expected(case: dict[str, Any]) -> None:
    """Status, points and words are those that the corpus names."""
    above = case.get("above", "") * case.get("times", 1)
    found = graded(
        case["item"],
        above + case["source"],
        full_size=case.get("full_size", case.get("slow", False)),
    )
    told = " ".join([found.feedback, *(check.feedback for check in found.checks)])
    assert found.status.value in listed(case["status"]), told
    assert found.score in listed(case["score"]), told
    assert case.get("says", "") in told
    assert case.get("prints", "") in found.output
    assert "Traceback" not in told
    assert str(ROOT) not in told


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(item, marks=[pytest.mark.slow] if item in SLOW_ITEMS else [])
        for item in sorted(RIGHT)
    ],
)
def test_the_right_solution_gets_all_points(item: str) -> None:
    """The rubric of this corpus is not what makes attacks fail."""
    found = graded(item, "RIGHT", full_size=item in SLOW_ITEMS)
    assert found.status is Status.PASSED, found
    assert found.score == found.auto_points


def test_the_corpus_is_large_and_its_names_are_distinct() -> None:
    """At least sixty different attacks and accidents."""
    assert len({case["name"] for case in CASES}) == len(CASES) >= 60
