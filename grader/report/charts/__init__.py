"""Pictures of what checks measured: found by keys, drawn as SVG, or told in words and tables."""

from grader.report.charts.interface import Axis, Chart, Series
from grader.report.charts.read import charts

__all__ = ["Axis", "Chart", "Series", "charts"]
