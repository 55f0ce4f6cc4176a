"""Records as JUnit XML, for CI systems: a suite for each submission, a test case for each check.

The form is the common part of what Ant, Jenkins and GitLab read. Points are properties, since the
format knows only passed and failed. GitLab keeps one test case of each (classname, name), whatever
its suite, and Jenkins shows what stands before the last dot of a classname as a package: the
classname is `ASSIGNMENT.STUDENT.ITEM`, without the student where one file alone is checked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from grader.model import CheckRecord, Record, Status
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
    students, classes = _Distinct(), _Distinct()
    for number, graded in enumerate(run):
        record = graded.record
        name = graded.student or graded.file
        suite = _suite(
            graded,
            number,
            name=students.add(name or (record.submission.name if record else "")),
            # Dots separate the parts of a classname.
            group=classes.add(name.replace(".", "_")) if name else "",
        )
        ET.indent(suite, level=1)
        yield b"  " + ET.tostring(suite, encoding="utf-8") + b"\n"
    yield _TAIL


class _Distinct:
    """Texts as single lines, none of them twice."""

    def __init__(self) -> None:
        self._uses = Counter[str]()

    def add(self, text: str) -> str:
        """`text` as one line, with a number where it has been added before."""
        line = name = one_line(text) or "submission"
        while name in self._uses:
            self._uses[line] += 1
            name = f"{line}~{self._uses[line]}"
        self._uses[name] = 1
        return name


def _suite(graded: Graded, number: int, *, name: str, group: str) -> ET.Element:
    """The suite of one submission.

    Args:
        graded: The submission.
        number: Of the suite.
        name: Of the suite.
        group: Stands for the student in classnames; empty where there is only one file.
    """
    record = graded.record
    cases = list(_cases(record, group)) if record else [_unreadable(graded, group)]
    suite = ET.Element(
        "testsuite",
        {
            "name": name,
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


def _cases(record: Record, group: str) -> Iterator[ET.Element]:
    for item in record.items:
        classname = ".".join(filter(None, (one_line(record.assignment), group, item.id)))
        names = _Distinct()
        for part in parts(item):
            name = names.add(part.name if isinstance(part, CheckRecord) else part.title)
            yield _case(part, classname, name)


def _case(part: Part, classname: str, name: str) -> ET.Element:
    case = ET.Element(
        "testcase", {"classname": classname, "name": name, "time": _seconds(part.seconds)}
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


def _unreadable(graded: Graded, group: str) -> ET.Element:
    classname = ".".join(filter(None, ("file", group)))
    name = one_line(graded.file) or "submission"
    case = ET.Element("testcase", classname=classname, name=name, time="0")
    error = graded.error or "nothing was graded"
    found = ET.SubElement(case, "error", type="UNREADABLE", message=one_line(error))
    found.text = visible(error)
    return case


def _count(cases: list[ET.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
