"""The record itself, for programs."""

from grader.model import to_json
from grader.report.interface import Report

JSON = Report("json", ".json", to_json)
