"""What a submission can do wrong while it runs: a finding with points, never an error of ours."""

from grader.model import Status


class SubmissionFault(Exception):  # noqa: N818 - a finding about the submission, not our error
    """The submission raised, overran a limit, died or broke the protocol during a check."""

    def __init__(self, status: Status, feedback: str, hint: str = "", staff_note: str = "") -> None:
        super().__init__(feedback)
        self.status = status
        self.feedback = feedback
        self.hint = hint
        self.staff_note = staff_note


class Tampering(SubmissionFault):
    """Something in the worker answered in the place of the grader's own code.

    It voids the whole item, because no answer of that process can be trusted.
    """
