"""Hand-ins made from source text, and what a slice of one computes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grader.submission import Slice, Submission, slice_for, submission_from_bytes
from grader.submission.load import parse_submission
from grader.submission.program import Program


def code(source: str, **more: Any) -> dict[str, Any]:
    """A code cell as nbformat 4 has it."""
    empty: dict[str, Any] = {"metadata": {}, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "source": source, **empty, **more}


def markdown(source: str, **more: Any) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "source": source, "metadata": {}, **more}


def notebook_bytes(*cells: str | Mapping[str, Any], **more: Any) -> bytes:
    """A notebook file; text stands for a code cell."""
    found = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": found, **more}
    ).encode()


def notebook(*cells: str | Mapping[str, Any]) -> Submission:
    """A notebook that has been read."""
    return submission_from_bytes("ps1.ipynb", notebook_bytes(*cells))


def module(source: str) -> Submission:
    """A module that has been read."""
    return submission_from_bytes("ps1.py", source.encode())


def program_of(submission: Submission) -> Program:
    """Its statements, parsed in this process."""
    return parse_submission(submission.file.name, submission.file.raw).program


def sources(part: Slice) -> list[str]:
    """The statements of a slice."""
    return [chunk.source for chunk in part.chunks]


def execute(part: Slice) -> dict[str, Any]:
    """The namespace after the chunks of a slice, in the way of the worker."""
    space: dict[str, Any] = {}
    for chunk in part.chunks:
        padded = "\n" * (chunk.first_line - 1) + chunk.source
        exec(compile(padded, f"<{chunk.label}>", "exec", dont_inherit=True), space)
    return space


def value(submission: Submission, name: str, *args: Any, others: Sequence[str] = ()) -> Any:
    """What the asked function `name` returns, alone with what its slice took."""
    part = slice_for(submission, [name, *others])
    assert not part.missing
    found: Any = execute(part)
    for step in part.bound[name].split("."):
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    return found(*args)
