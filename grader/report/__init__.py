"""Records as people and programs read them. Pure: the same record always gives the same bytes."""

from collections.abc import Mapping

from grader.report.interface import Report
from grader.report.json import JSON
from grader.report.text import TEXT

__all__ = ["PER_SUBMISSION", "Report"]

PER_SUBMISSION: Mapping[str, Report] = {report.name: report for report in (JSON, TEXT)}
"""Reports of one submission by name, as `grade --out` writes them."""
