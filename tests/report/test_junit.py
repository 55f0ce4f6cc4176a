"""grader/report/junit.py: what CI systems read."""

from pathlib import Path

import pytest
from lxml import etree

from grader.model import Record, Status
from grader.report.interface import Graded
from grader.report.junit import render_junit, render_junit_run
from tests.records import check, item, record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty, nasty_unread

SCHEMA = etree.XMLSchema(file=str(Path(__file__).parent / "junit.xsd"))


def parsed(raw: bytes) -> etree._Element:
    root = etree.fromstring(raw)
    SCHEMA.assertValid(root)
    return root


def test_junit_is_as_it_was(golden: Golden) -> None:
    """The suites of a known class are the golden ones."""
    raw = b"".join(render_junit_run(samples.class_of(6)))
    parsed(raw)
    golden("run.xml", raw)


def test_junit_counts_what_it_holds() -> None:
    """The suite's numbers are those of its cases."""
    for suite in parsed(b"".join(render_junit_run(samples.class_of(12)))):
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == len(suite.findall(f"testcase/{tag}"))
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))


@pytest.mark.parametrize(
    ("status", "tag"),
    [
        (Status.PASSED, None),
        (Status.PARTIAL, "failure"),
        (Status.FAILED, "failure"),
        (Status.MISSING, "failure"),
        (Status.ERRORED, "error"),
        (Status.TIMED_OUT, "error"),
        (Status.OUT_OF_MEMORY, "error"),
        (Status.KILLED, "error"),
        (Status.GRADER_FAULT, "error"),
        (Status.NEEDS_HAND, "skipped"),
        (Status.SKIPPED, "skipped"),
    ],
)
def test_junit_says_how_a_case_ended(status: Status, tag: str | None) -> None:
    """Lost points are failures, broken runs are errors, what nobody judged is skipped."""
    made: Record = record(made=(item("2.1a", status, 0.0, (check(status, 0.0, "what came"),)),))
    (case,) = parsed(render_junit(made)).iter("testcase")
    assert [child.tag for child in case] == ([tag] if tag else [])


def test_junit_holds_nothing_for_staff_of_a_fault() -> None:
    """A fault of ours is told as such, without its notes."""
    fault = check(Status.GRADER_FAULT, 0.0, "Traceback")
    raw = render_junit(record(made=(item("2.1a", Status.GRADER_FAULT, 0.0, (fault,)),)))
    assert b"Traceback" not in raw
    assert b"draw 3" not in raw
    assert b"costs no points" in raw


def test_junit_is_not_harmed_by_a_text() -> None:
    """Texts come back as they are shown, in names, messages, output and errors."""
    root = parsed(b"".join(render_junit_run([nasty(), nasty_unread()])))
    assert "<script>alert(1)</script> & ünïcode \\u202e" in (
        root.findtext("testsuite/system-out") or ""
    )
    assert "<script>" in root[0].attrib["name"]
    (error,) = root.findall("testsuite[2]/testcase/error")
    assert "<script>" in error.attrib["message"]


def test_junit_of_a_class_has_no_case_twice() -> None:
    """Consumers keep one test case of each (classname, name), whosever it is."""
    twice = item("2.1a", Status.PASSED, 2.0, (check(Status.PASSED, 1.0),) * 2)
    made = record(made=(twice,))
    students = ["ada", "a.b", "a_b", "a_b~2", "a  b", "a b", "\x00", "\\x00", "x.2", "ps1", "", ""]
    run = [Graded(student=name, file="ps1.ipynb", record=made) for name in students]
    run += [Graded(student=name, file="ps1.pdf", error="no") for name in ("u1", "u.1", "u_1", "")]
    root = parsed(b"".join(render_junit_run(run)))
    cases = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    assert len(set(cases)) == len(cases) == 2 * len(students) + 4
    suites = [suite.attrib["name"] for suite in root]
    assert len(set(suites)) == len(suites)
    assert cases[0][0] == f"{made.assignment}.ada.2.1a"


def test_junit_of_one_file_names_no_student() -> None:
    """A student's own pipeline compares its cases from one push to the next."""
    (suite,) = parsed(render_junit(record(made=(item("2.1a", Status.PASSED, 2.0, ()),))))
    assert suite[1].attrib["classname"] == "ps1.2.1a"


def test_junit_of_an_unread_file_is_an_error() -> None:
    """A file that can't be graded fails the build."""
    (suite,) = parsed(b"".join(render_junit_run([nasty_unread()])))
    assert suite.attrib["errors"] == "1"
