"""From a file to the slice that an item needs: reads notebooks and modules, runs nothing."""

from grader.submission.file_names import gradable_name
from grader.submission.notebook import Cell, Notebook, read_notebook
from grader.submission.reader import (
    Submission,
    load_submission,
    slice_for,
    submission_from_bytes,
)
from grader.submission.slices import Chunk, Slice

__all__ = [
    "Cell",
    "Chunk",
    "Notebook",
    "Slice",
    "Submission",
    "gradable_name",
    "load_submission",
    "read_notebook",
    "slice_for",
    "submission_from_bytes",
]
