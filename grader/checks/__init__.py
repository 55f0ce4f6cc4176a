"""The checks, by room: theory, calculus, compression, reducio. A check = draw, call, compare."""

from grader.checks import calculus, compression, reducio, theory
from grader.checks.interface import CHECKS, CheckSpec

__all__ = ["CHECKS", "CheckSpec", "calculus", "compression", "reducio", "theory"]
