"""The checks, by room: theory, calculus, compression, reducio. A check = draw, call, compare."""

from grader.checks import (
    calculus,
    compression,
    compression_cost,
    compression_training,
    curve,
    fine_tuning,
    reducio,
    singular_values,
    theory,
)
from grader.checks.interface import CHECKS, CheckSpec

__all__ = [
    "CHECKS",
    "CheckSpec",
    "calculus",
    "compression",
    "compression_cost",
    "compression_training",
    "curve",
    "fine_tuning",
    "reducio",
    "singular_values",
    "theory",
]
