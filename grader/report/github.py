"""A record for GitHub Actions: annotations at the lines of the file, and the step's summary.

Annotations are workflow commands on standard output. A line of a stranger's text must never start
one, so nothing but escaped commands is written there.
"""

from collections.abc import Iterator

from grader.model import ItemRecord, Record, Status
from grader.report.clean import markdown, markdown_code, one_line, visible
from grader.report.interface import Graded
from grader.report.markdown import table, told
from grader.report.places import line_in_file
from grader.report.standing import Part, part_worth, parts
from grader.report.text import FAULT_WORDS, MARKS, points_text
from grader.report.view import ItemView, PageView, page_view

LEVELS = {Status.PARTIAL: "warning", Status.GRADER_FAULT: "warning", Status.SKIPPED: "notice"}
"""Status -> level of its annotation; `error` where not listed."""
MOST_SUMMARY = 900_000
"""Bytes; GitHub takes a mebibyte for a step."""


def render_annotations(record: Record, *, path: str = "", source: bytes = b"") -> bytes:
    """A workflow command for each check that lost points, those with most points first.

    Args:
        record: What was graded.
        path: Of the file in the repository; its name where not given.
        source: The file's bytes, in which the cells of a notebook are looked up.
    """
    path = path or record.submission.name
    lost = [(item, part) for item in record.items for part in parts(item) if _is_told(item, part)]
    lost.sort(key=lambda pair: pair[1].score - part_worth(pair[1]))
    commands = [_command(item, part, record, path, source) for item, part in lost]
    commands.append(
        f"::notice title={_property(record.title)}::{points_text(record.score)} of "
        f"{points_text(record.auto_points)} points that are checked automatically"
    )
    return ("\n".join(commands) + "\n").encode()


def render_summary(record: Record) -> bytes:
    """The step's summary: a table of all items and what was lost, as Markdown."""
    graded = Graded(record=record)
    summary = ("\n".join(_summary(page_view(graded))).rstrip("\n") + "\n").encode()
    if len(summary) <= MOST_SUMMARY:
        return summary
    return summary[:MOST_SUMMARY].rpartition(b"\n")[0] + b"\n\n(cut: the record holds the rest)\n"


def _is_told(item: ItemRecord, part: Part) -> bool:
    return item.auto_points > 0 and part.status is not Status.PASSED


def _command(item: ItemRecord, part: Part, record: Record, path: str, source: bytes) -> str:
    fault = part.status is Status.GRADER_FAULT
    feedback = FAULT_WORDS if fault else part.feedback or MARKS[part.status]
    line = line_in_file(part.feedback, record.submission, source)
    properties = {"file": path}
    if line is not None:
        properties["line"] = str(line)
    properties["title"] = f"{item.id} {item.title} ({_of(part.score, part_worth(part))})"
    text = f"{feedback}\nHint: {part.hint}" if part.hint and not fault else feedback
    named = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{LEVELS.get(part.status, 'error')} {named}::{_data(text)}"


def _of(score: float, worth: float) -> str:
    return f"{points_text(score)} of {points_text(worth)}"


def _data(text: str) -> str:
    """`text` as the message of a workflow command."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """`text` as a property of a workflow command."""
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def _summary(page: PageView) -> Iterator[str]:
    standing = page.standing
    yield f"## {markdown(page.title)}: {_of(standing.auto, standing.auto_worth)} points"
    yield ""
    yield f"{markdown(page.heading)}; {points_text(standing.open)} points are open for a person."
    yield ""
    items = [item for problem in page.problems for item in problem.items]
    rows = [
        (markdown(item.id), markdown(item.title), MARKS[item.status], item.points) for item in items
    ]
    yield from table(("Item", "Task", "Result", "Points"), rows, numbers=1)
    for item in items:
        if item.command:
            yield from _lost(item)


def _lost(item: ItemView) -> Iterator[str]:
    yield f"### {markdown(item.id)} {markdown(item.title)}"
    yield ""
    for name, text, hint in (
        ("", item.told, item.hint),
        *((check.name, check.told, check.hint) for check in item.checks),
    ):
        if text:
            yield f"- {markdown(name)}: {told(text)}" if name else f"- {told(text)}"
        if hint:
            yield f"  - **Hint:** {told(hint)}"
    yield f"- Repeat: {markdown_code(item.command)}"
    yield ""
