"""Autograder for numerical linear algebra problem sets: sandboxed, reproducible, by a rubric.

    from grader import Options, grade
    record = grade(Path("ps1.ipynb"), Options(data="synthetic"))

Everything public is named here; it is imported when it is first used, so that `import grader` costs
nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.errors import (
        DataError,
        GraderError,
        RubricError,
        SandboxError,
        StoreError,
        SubmissionError,
        UsageError,
    )
    from grader.grading import Grader, Options, grade, regrade
    from grader.model import CheckRecord, ItemRecord, Record, Status, from_json, to_json
    from grader.rubric import Rubric, load_rubric

__all__ = [
    "CheckRecord",
    "DataError",
    "Grader",
    "GraderError",
    "ItemRecord",
    "Options",
    "Record",
    "Rubric",
    "RubricError",
    "SandboxError",
    "Status",
    "StoreError",
    "SubmissionError",
    "UsageError",
    "from_json",
    "grade",
    "load_rubric",
    "regrade",
    "to_json",
]

_ROOMS = {
    "grader.errors": (
        "DataError",
        "GraderError",
        "RubricError",
        "SandboxError",
        "StoreError",
        "SubmissionError",
        "UsageError",
    ),
    "grader.grading": ("Grader", "Options", "grade", "regrade"),
    "grader.model": ("CheckRecord", "ItemRecord", "Record", "Status", "from_json", "to_json"),
    "grader.rubric": ("Rubric", "load_rubric"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
