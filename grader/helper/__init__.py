"""Functions of ours that read untrusted text, called in a process with limits that can be ended."""

from grader.helper.pool import HelperError, call

__all__ = ["HelperError", "call"]
