"""grader/checks/probe_answers.py: what a probe answered is read with care."""

import numpy as np
import pytest

from grader.checks.factors import describe
from grader.checks.interface import SubmissionFault
from grader.checks.probe_answers import LONGEST_PATH, read_arrays
from grader.names import LONGEST_NAME


def test_a_path_of_megabytes_is_a_finding_without_it() -> None:
    """Feedback says how long it is and does not repeat it."""
    read_arrays({"x" * LONGEST_PATH: np.zeros(1)})
    with pytest.raises(SubmissionFault, match="1001 characters") as caught:
        read_arrays({"x" * (LONGEST_PATH + 1): np.zeros(1)})
    assert len(caught.value.feedback) < 200


def test_a_path_in_feedback_is_printable_and_short() -> None:
    """Whatever the attribute is called."""
    shown = describe("\x1b[2J" + "x" * 900, frozenset())
    assert shown.startswith("`\\x1b[2J")
    assert len(shown) <= LONGEST_NAME + 2
