"""grader/warm.py: a worker imports ahead what files name, and what judges networks."""

import grader.checks  # noqa: F401 - registers the checks
from grader.rubric import load_rubric
from grader.warm import modules_for

RUBRIC = load_rubric()


def test_modules_for_takes_what_some_file_names() -> None:
    """In their own order, each once."""
    files = [b"import jax", b"import numpy as np", b"from jax import grad"]
    assert modules_for([RUBRIC.item("2.1a")], files) == ("numpy", "jax")


def test_modules_for_takes_nothing_that_nobody_names() -> None:
    """A file of plain Python starts at once."""
    assert modules_for([RUBRIC.item("1.1a")], [b"def norm_constants(n): return 1, 1"]) == ()


def test_modules_for_binds_torch_before_networks_are_judged() -> None:
    """A file that hides the name still can't patch torch before the probes hold it."""
    assert "torch" in modules_for([RUBRIC.item("3.2")], [b"__import__('to' + 'rch')"])
