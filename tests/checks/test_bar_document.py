"""The numbers of `docs/validity.md` about the bar of item 4 are those of the module."""

from pathlib import Path

import pytest

from grader.checks.bar import expected_rounds, needed, pass_probability
from grader.checks.reducio import AccuracyParams
from grader.checks.rounds import Rule
from grader.rubric import load_rubric

ROOT = Path(__file__).parents[2]
HEADING = "## The bar of item 4"


def section() -> str:
    text = (ROOT / "docs" / "validity.md").read_text(encoding="utf-8")
    return text.split(HEADING)[1].split("\n## ")[0]


def table() -> dict[float, list[str]]:
    """Share of right draws -> the other cells of its line."""
    rows = [line.strip("| ").split(" | ") for line in section().splitlines() if line[:3] == "| 0"]
    return {float(first): rest for first, *rest in rows}


def rules() -> list[Rule]:
    """The table's columns, the last being the rubric's own."""
    (row,) = load_rubric(ROOT / "rubrics" / "ps1.yaml").item("4").checks
    params = AccuracyParams(**row.parameters())
    bars = row.thresholds
    return [
        Rule(params.draws, bars),
        Rule(params.draws, bars, benefit_of_doubt=True),
        Rule(params.draws, bars, params.extend_to, params.benefit_of_doubt),
    ]


def test_the_table_is_complete() -> None:
    """It shows solvers on both sides of the bar."""
    assert list(table()) == [0.90, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99]


@pytest.mark.parametrize("p", table())
def test_the_table_shows_what_the_module_computes(p: float) -> None:
    """Rounded to a tenth of a percent, and to whole rounds."""
    found = [f"{pass_probability(rule, 0.95, p):.1%}".replace("%", " %") for rule in rules()]
    assert table()[p] == [*found, f"{expected_rounds(rules()[2], p):.0f}"]


def test_the_text_says_what_the_table_says() -> None:
    """One in six, three of four, 184 of 200."""
    point, doubt, _ = rules()
    text = section()
    assert "one in six solvers of 93 %" in text
    assert pass_probability(point, 0.95, 0.93) == pytest.approx(1 / 6, abs=0.01)
    assert "4 % of those of 97 %" in text
    assert 1 - pass_probability(point, 0.95, 0.97) == pytest.approx(0.04, abs=0.005)
    assert "three of four solvers of 93 %" in text
    assert pass_probability(doubt, 0.95, 0.93) == pytest.approx(3 / 4, abs=0.02)
    assert f"({needed(doubt, 0.95, 200)} of 200)" in text
