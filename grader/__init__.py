"""Autograder for numerical linear algebra problem sets: sandboxed, reproducible, by a rubric.

    from grader import Options, grade
    record = grade(Path("ps1.ipynb"), Options(data="synthetic"))

    from grader import grade_run, open_store
    grade_run([Path("hand-ins")], Path("run"))
    scores = {held.entry.student: held.score for held in open_store(Path("run")).held()}

Everything public is named here; it is imported when it is first used, so that `import grader` costs
nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.batch.regrade import regrade_run
    from grader.batch.run import grade_run
    from grader.errors import (
        ConflictError,
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
    from grader.store import Store, open_store

__all__ = [
    "CheckRecord",
    "ConflictError",
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
    "Store",
    "StoreError",
    "SubmissionError",
    "UsageError",
    "from_json",
    "grade",
    "grade_run",
    "load_rubric",
    "open_store",
    "regrade",
    "regrade_run",
    "to_json",
]

_ROOMS = {
    "grader.batch.regrade": ("regrade_run",),
    "grader.batch.run": ("grade_run",),
    "grader.errors": (
        "ConflictError",
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
    "grader.store": ("Store", "open_store"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
