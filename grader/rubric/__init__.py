"""The rubric: items, points, checks with parameters, limits, criteria for a person."""

from grader.rubric.lint import lint_rubric
from grader.rubric.load import load_rubric
from grader.rubric.model import Criterion, Hand, Item, ItemLimits, Row, Rubric, Tier
from grader.rubric.schema import rubric_schema

__all__ = [
    "Criterion",
    "Hand",
    "Item",
    "ItemLimits",
    "Row",
    "Rubric",
    "Tier",
    "lint_rubric",
    "load_rubric",
    "rubric_schema",
]
