"""Records as JUnit XML, for CI systems: a suite for each hand-in, a test case for each check.

The form is the common part of what Ant, Jenkins and GitLab read. Points are properties, since the
format knows only passed and failed.
"""

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from grader.model import CheckRecord, ItemRecord, Record, Status
from grader.report.clean import one_line, visible
from grader.report.interface import Graded
from grader.report.standing import Part, part_worth, parts
from grader.report.text import FAULT_WORDS, MARKS, points_text

BROKEN = {
    Status.ERRORED,
    Status.TIMED_OUT,
    Status.OUT_OF_MEMORY,
    Status.KILLED,
    Status.GRADER_FAULT,
}
"""Statuses that are an `error` rather than a `failure`."""
LEFT_OUT = {Status.NEEDS_HAND, Status.SKIPPED}
_HEAD, _TAIL = b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n', b"</testsuites>\n"


def render_junit(record: Record) -> bytes:
    """One hand-in as a document of one suite."""
    return b"".join(render_junit_run([Graded(record=record)]))


def render_junit_run(run: Iterable[Graded]) -> Iterator[bytes]:
    """A whole run as one document, suite by suite."""
    yield _HEAD
    for number, graded in enumerate(run):
        suite = _suite(graded, number)
        ET.indent(suite, level=1)
        yield b"  " + ET.tostring(suite, encoding="utf-8") + b"\n"
    yield _TAIL


def _suite(graded: Graded, number: int) -> ET.Element:
    record = graded.record
    cases = _cases(record) if record else [_unreadable(graded)]
    name = graded.student or (record.submission.name if record else graded.file)
    suite = ET.Element(
        "testsuite",
        {
            "name": one_line(name) or "hand-in",
            "id": str(number),
            "package": one_line(record.assignment) if record else "",
            "timestamp": (record.started[:19] if record else "") or "1970-01-01T00:00:00",
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(_count(cases, "failure")),
            "errors": str(_count(cases, "error")),
            "skipped": str(_count(cases, "skipped")),
            "time": _seconds(record.seconds if record else 0.0),
        },
    )
    properties = ET.SubElement(suite, "properties")
    if graded.contested:
        ET.SubElement(
            properties, "property", name="in_conflict_over", value=one_line(graded.contested)
        )
    for key, value in _properties(record):
        ET.SubElement(properties, "property", name=key, value=value)
    suite.extend(cases)
    printed = [
        f"{item.id}:\n{item.output}" for item in (record.items if record else ()) if item.output
    ]
    ET.SubElement(suite, "system-out").text = visible("\n".join(printed))
    ET.SubElement(suite, "system-err")
    return suite


def _properties(record: Record | None) -> Iterator[tuple[str, str]]:
    if record is None:
        return
    yield "score", points_text(record.score)
    yield "auto_points", points_text(record.auto_points)
    yield "hand_points", points_text(record.hand_points)
    yield "submission", one_line(record.submission.name)
    yield "submission_sha256", record.submission.sha256
    yield "rubric_sha256", record.rubric_sha256
    yield "grader_version", one_line(record.environment.grader_version)


def _cases(record: Record) -> list[ET.Element]:
    return [_case(record, item, part) for item in record.items for part in parts(item)]


def _case(record: Record, item: ItemRecord, part: Part) -> ET.Element:
    name = part.name if isinstance(part, CheckRecord) else part.title
    case = ET.Element(
        "testcase",
        {
            "classname": one_line(f"{record.assignment}.{item.id}"),
            "name": one_line(name),
            "time": _seconds(part.seconds),
        },
    )
    if part.status is Status.PASSED:
        return case
    if part.status in LEFT_OUT:
        ET.SubElement(case, "skipped", message=MARKS[part.status])
        return case
    tag = "error" if part.status in BROKEN else "failure"
    told = FAULT_WORDS if part.status is Status.GRADER_FAULT else part.feedback
    score = f"{points_text(part.score)} of {points_text(part_worth(part))} points"
    message = one_line(told) or MARKS[part.status]
    found = ET.SubElement(case, tag, type=part.status.value, message=f"{message} ({score})")
    hint = f"\nHint: {part.hint}" if part.hint else ""
    found.text = visible(f"{told}{hint}")
    return case


def _unreadable(graded: Graded) -> ET.Element:
    case = ET.Element("testcase", classname="file", name=one_line(graded.file), time="0")
    error = graded.error or "nothing was graded"
    found = ET.SubElement(case, "error", type="UNREADABLE", message=one_line(error))
    found.text = visible(error)
    return case


def _count(cases: list[ET.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
