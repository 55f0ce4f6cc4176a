"""A record as one self-contained page for a student: no network, no script, light, dark, paper."""

from html import escape

from grader.report.clean import visible
from grader.report.interface import Graded
from grader.report.pages import picture, template
from grader.report.view import ItemView, page_view

MOST_OUTPUT = 30_000
"""Bytes of a page that the output of one item may take; all of it is in the record."""


def render_html(graded: Graded) -> bytes:
    """The page of one hand-in: points, what was asked and what came, pictures, what was printed."""
    page = page_view(graded)
    pictures = {
        item.anchor: [
            picture(chart, f"{item.anchor}-chart-{number}")
            for number, chart in enumerate(item.charts, start=1)
        ]
        for problem in page.problems
        for item in problem.items
    }
    html = template("student.html").render(page=page, pictures=pictures, output=_output)
    return html.encode()


def _output(item: ItemView) -> str:
    """What was printed, cut in its middle where it would take more than `MOST_OUTPUT`."""
    shown = visible(item.output)
    if len(shown) <= MOST_OUTPUT and _size(shown) <= MOST_OUTPUT:
        return shown
    half = min(len(shown), MOST_OUTPUT) // 2
    while _size(shown[:half]) + _size(shown[-half:]) > MOST_OUTPUT:
        half = half * 3 // 4
    left_out = len(shown) - 2 * half
    return f"{shown[:half]}\n[... {left_out} characters left out ...]\n{shown[-half:]}"


def _size(text: str) -> int:
    return len(escape(text).encode())
