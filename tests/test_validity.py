"""Every family of right and wrong solutions, graded in the real sandbox: no surprise."""

from pathlib import Path

import pytest

from grader.options import Options
from grader.selftest import Setting, load_families, play_cases

CASES = load_families(Path(__file__).parent / "validity")
QUICK = ("1.1a",)
"""Items whose family runs with every change; the others take minutes."""
SMALL = 200
"""Hidden neurons: full size is `grader selftest --full`."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "item",
    [
        pytest.param(item, marks=() if item in QUICK else pytest.mark.slow)
        for item in sorted({case.item for case in CASES})
    ],
)
def test_right_solutions_get_all_points_and_wrong_ones_lose_some(item: str) -> None:
    """However right ones are written, and whatever small thing is wrong."""
    setting = Setting("tests", Options(secret="validity", device="cpu"), neurons=SMALL)
    cases = [case for case in CASES if case.item == item]
    found = [one.surprise for one in play_cases(cases, setting, jobs=1) if one.surprise]
    assert not found


def test_the_families_are_as_large_as_they_must_be() -> None:
    """At least 200 wrong and 60 right solutions, both kinds for every item with a check."""
    right = [case for case in CASES if case.expected.right]
    assert len(right) >= 60
    assert len(CASES) - len(right) >= 200
    assert {case.item for case in right} == {case.item for case in CASES}
