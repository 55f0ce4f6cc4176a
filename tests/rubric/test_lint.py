"""Advice on rubrics that have no faults."""

from pathlib import Path

import pytest

from grader.errors import RubricError
from grader.rubric import lint_rubric
from grader.rubric.lint import template_names
from tests.rubric.conftest import Write


def advice_of(file: Path) -> list[str]:
    found = lint_rubric(file)
    assert all(line.startswith(f"{file}: item ") for line in found)
    return [line.removeprefix(f"{file}: item ") for line in found]


def test_lint_rubric_has_no_advice_on_a_good_one(write: Write) -> None:
    """A rubric without flaws gets no advice."""
    assert advice_of(write()) == []


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        pytest.param(
            "[grad_U]",
            "[grad_U, gradient_of_V]",
            "2: gradient_of_V is no name of the template; students will not know it",
            id="a name that the template lacks",
        ),
        pytest.param(
            "    requires: [grad_U]",
            "    requires: [grad_U]\n    optional: [hint]",
            "2: hint is no name of the template; students will not know it",
            id="an optional one",
        ),
        pytest.param(
            "    requires: [norm_constants]",
            "    requires: [norm_constants]\n    limits: {wall_seconds: 600}",
            "1: may take minutes in a student's own check; give a row `practice:` parameters",
            id="slow practice",
        ),
        pytest.param(
            "        practice: {draws: 1}",
            "        proportional: true\n        tiers: [{at_least: 0.9, points: 3.5}]",
            "2: 'right in every shape' has tiers, so `proportional` does nothing",
            id="proportional tiers",
        ),
        pytest.param(
            "        practice: {draws: 1}",
            "        weight: 2",
            "2: 'right in every shape' names its points, so `weight` does nothing",
            id="weight beside points",
        ),
        pytest.param(
            "      comments:\n        - {text: not for every x}\n",
            "",
            "3: has no comments; the two or three most frequent spare graders' time",
            id="no comments",
        ),
    ],
)
def test_lint_rubric_advises(write: Write, old: str, new: str, advice: str) -> None:
    """What could be better is told once, with the item's id."""
    assert advice_of(write((old, new))) == [advice]


def test_lint_rubric_refuses_a_rubric_with_faults(write: Write) -> None:
    """Faults come before advice, all at once."""
    with pytest.raises(RubricError, match="must be the sum"):
        lint_rubric(write(("total: 10", "total: 11")))


def test_lint_rubric_finds_nothing_to_say_on_the_embedded_one() -> None:
    """The rubric that comes with the grader follows its own advice."""
    assert lint_rubric() == []


def test_template_names_finds_functions_classes_and_methods(tmp_path: Path) -> None:
    """Names are read from the text; nothing of it is run, and helpers inside don't count."""
    template = tmp_path / "ps1.py"
    template.write_text(
        "raise SystemExit\n"
        "def grad_U(X, U, V):\n    def inner(): pass\n"
        "class Game:\n    r = 1\n    def harry_answers(self): pass\n"
    )
    assert template_names(template) == {"grad_U", "Game", "harry_answers"}
