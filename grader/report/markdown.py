"""A record as GitHub-flavoured Markdown: the student's page in words and tables."""

from collections.abc import Iterator, Sequence

from grader.report.charts import Chart
from grader.report.clean import markdown, markdown_block, markdown_code
from grader.report.interface import Graded
from grader.report.text import MARKS, points_text
from grader.report.view import CheckView, ItemView, PageView, page_view

MOST_OUTPUT = 20_000
"""Characters shown of what one item printed; all of it is in the record."""


def render_markdown(graded: Graded) -> bytes:
    """The page of one hand-in: points, what was asked and what came, measurements as tables."""
    return ("\n".join(_lines(page_view(graded))).rstrip("\n") + "\n").encode()


def told(text: str) -> str:
    """A sentence of feedback: what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return markdown(text)
    return "".join(
        markdown_code(part) if number % 2 and part.strip() else _spaced(part)
        for number, part in enumerate(parts)
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> Iterator[str]:
    """A table of cells that are Markdown already; the last `numbers` columns go to the right."""
    words = len(heads) - numbers
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join([' --- '] * words + [' ---: '] * numbers)}|"
    for row in rows:
        cells = (cell.replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _spaced(part: str) -> str:
    """`markdown(part)` with the spaces at its ends, which separate it from code."""
    before = " " if part[:1].isspace() else ""
    after = " " if part[-1:].isspace() and part.strip() else ""
    return f"{before}{markdown(part)}{after}"


def _lines(page: PageView) -> Iterator[str]:
    yield f"# {markdown(page.title)}: {markdown(page.heading)}"
    yield ""
    if page.subtitle:
        yield from (markdown(page.subtitle), "")
    if page.error:
        yield from (f"**This file could not be graded:** {told(page.error)}", "")
        return
    yield from _points(page)
    for problem in page.problems:
        yield f"## {markdown(problem.title)}"
        yield ""
        for item in problem.items:
            yield from _item(item)
    if page.notes:
        yield from ("## Notes on the file", "")
        yield from (f"- {told(note)}" for note in page.notes)
        yield ""
    yield from ("## How this was graded", "")
    yield from (f"- {markdown(name)}: {markdown(value)}" for name, value in page.facts)


def _points(page: PageView) -> Iterator[str]:
    all_points = page.standing
    yield (
        f"**{points_text(all_points.auto)} of {points_text(all_points.auto_worth)}** points that "
        f"are checked automatically, **{points_text(all_points.hand)} of "
        f"{points_text(all_points.hand_worth)}** by hand, {points_text(all_points.open)} open."
    )
    yield ""
    if page.faults:
        yield (
            f"**The grader failed** in {markdown(page.faults)}. It is not your fault and costs you "
            "no points: the staff see it too and will grade it again."
        )
        yield ""
    rows = []
    for problem in page.problems:
        worth = f"{points_text(problem.standing.given)} / {points_text(problem.standing.worth)}"
        rows.append(("", f"**{markdown(problem.title)}**", "", f"**{worth}**"))
        rows += [
            (markdown(item.id), markdown(item.title), MARKS[item.status], item.points)
            for item in problem.items
        ]
    yield from table(("Item", "Task", "Result", "Points"), rows, numbers=1)


def _item(item: ItemView) -> Iterator[str]:
    yield f"### {markdown(item.id)} {markdown(item.title)}: {item.points}"
    yield ""
    if item.told:
        yield from (told(item.told), "")
    if item.hint:
        yield from (f"**Hint:** {told(item.hint)}", "")
    for check in item.checks:
        yield from _check(check)
    if item.checks:
        yield ""
    if item.command:
        yield from (f"Repeat at home: {markdown_code(item.command)}", "")
    yield from _judged(item)
    for chart in item.charts:
        yield from _chart(chart)
    if item.notes:
        yield from (f"- {told(note)}" for note in item.notes)
        yield ""
    if item.output:
        yield from ("<details><summary>What your code printed</summary>", "")
        yield from (markdown_block(_ends(item.output)), "", "</details>", "")


def _judged(item: ItemView) -> Iterator[str]:
    if item.criteria:
        rows = [(told(row.text), row.points) for row in item.criteria]
        yield from table(("Judged by a person", "Points"), rows, numbers=1)
    if item.comment:
        yield from (f"**Comment:** {told(item.comment)}", "")


def _check(check: CheckView) -> Iterator[str]:
    yield f"- {markdown(check.name)}: {MARKS[check.status]}, {check.points}"
    if check.told:
        yield f"  - {told(check.told)}"
    if check.hint:
        yield f"  - **Hint:** {told(check.hint)}"


def _chart(chart: Chart) -> Iterator[str]:
    yield f"**{markdown(chart.title)}.** {markdown(chart.text)}"
    yield ""
    if chart.rows:
        heads = [markdown(head) for head in chart.columns]
        rows = [[markdown(cell) for cell in row] for row in chart.rows]
        yield from table(heads, rows, numbers=len(heads) - 1)


def _ends(output: str) -> str:
    if len(output) <= MOST_OUTPUT:
        return output
    half = MOST_OUTPUT // 2
    left_out = len(output) - MOST_OUTPUT
    return f"{output[:half]}\n[... {left_out} characters left out ...]\n{output[-half:]}"
