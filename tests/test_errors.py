"""Errors that a person must act on."""

import inspect

import pytest

import grader.errors
from grader.errors import GraderError, RubricError
from grader.faults import SubmissionFault
from grader.model import Status

ERRORS = [
    kind
    for _, kind in inspect.getmembers(grader.errors, inspect.isclass)
    if kind.__module__ == "grader.errors"
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_is_caught_as_a_grader_error(kind: type[GraderError]) -> None:
    """One base to catch, one class for each way to react, each described."""
    assert issubclass(kind, GraderError)
    assert kind.__doc__
    assert kind is GraderError or (len(kind.__bases__) == 1 and kind.__bases__[0] in ERRORS)


def test_a_rubric_error_holds_every_fault() -> None:
    """The faults one by one for programs, one a line for people."""
    error = RubricError(["r.yaml:1: a: x", "r.yaml:2: b: y"])
    assert error.faults == ("r.yaml:1: a: x", "r.yaml:2: b: y")
    assert str(error) == "r.yaml:1: a: x\nr.yaml:2: b: y"


def test_a_submissions_fault_is_no_error_of_ours() -> None:
    """What a submission does wrong is never mistaken for what a person must mend."""
    fault = SubmissionFault(Status.TIMED_OUT, "`f` took too long", "look for a loop", "draw 3")
    assert not isinstance(fault, GraderError)
    assert (fault.status, fault.feedback, fault.hint, fault.staff_note) == (
        Status.TIMED_OUT,
        "`f` took too long",
        "look for a loop",
        "draw 3",
    )
