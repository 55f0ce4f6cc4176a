"""Every format that a run can be written in, by name."""

from collections.abc import Callable, Mapping

from grader.model import Record, to_json
from grader.report.github import render_annotations, render_summary
from grader.report.gradescope import render_gradescope
from grader.report.html import render_html
from grader.report.interface import Graded, RunReport, StudentReport
from grader.report.jsonl import render_jsonl
from grader.report.junit import render_junit_run
from grader.report.markdown import render_markdown
from grader.report.spreadsheet import render_csv
from grader.report.text import render_text


def _of_record(render: Callable[[Record], bytes]) -> Callable[[Graded], bytes]:
    """A report of the record alone; empty where nothing was graded."""
    return lambda graded: render(graded.record) if graded.record is not None else b""


def _gradescope(graded: Graded) -> bytes:
    if graded.record is None:
        return b""
    return render_gradescope(graded.record, hand=graded.hand)


PER_STUDENT: Mapping[str, StudentReport] = {
    report.name: report
    for report in (
        StudentReport("html", ".html", render_html),
        StudentReport("markdown", ".md", render_markdown),
        StudentReport("gradescope", ".json", _gradescope),
        StudentReport("json", ".json", _of_record(to_json)),
        StudentReport("text", ".txt", _of_record(render_text)),
        StudentReport("github-annotations", ".txt", _of_record(render_annotations)),
        StudentReport("github-summary", ".md", _of_record(render_summary)),
    )
}
"""A file for each student."""
PER_RUN: Mapping[str, RunReport] = {
    report.name: report
    for report in (
        RunReport("csv", ".csv", render_csv),
        RunReport("jsonl", ".jsonl", render_jsonl),
        RunReport("junit", ".xml", render_junit_run),
    )
}
"""One file for all."""
GRADEBOOKS = ("canvas", "moodle")
"""One file for all, made of the one that the learning management system exported."""
FORMATS = (*GRADEBOOKS, *PER_RUN, *PER_STUDENT)
