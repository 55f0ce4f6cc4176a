"""Functions of ours that read untrusted text, called in a process with limits that can be ended."""

from grader.helper.pool import HelperError, HelperFaultError, call, prepare

__all__ = ["HelperError", "HelperFaultError", "call", "prepare"]
