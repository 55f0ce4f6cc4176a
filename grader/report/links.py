"""File names of the students' pages."""

import hashlib
import re

from grader.report.clean import file_stem
from grader.report.interface import Graded

FOLDER = "students"
"""Beside the overview."""
_PLAIN = re.compile(r"(?!.*-[0-9a-f]{16}$)[a-z0-9][a-z0-9-]{0,39}")
"""Nobody's own name ends as one with a hash does."""
_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{name}{n}" for name in ("com", "lpt") for n in range(10)),
}


def page_stem(graded: Graded) -> str:
    """Name of the student's files without a suffix: safe on every system, one for each student.

    A plain identifier is taken as it is; of any other its letters and a hash, since two of them may
    differ in capitals or signs alone.
    """
    name = graded.student or graded.file
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    stem = file_stem(name)
    return f"{stem}-{digest}" if stem else f"student-{digest}"


def page_link(graded: Graded) -> str:
    """The student's page, as seen from the overview."""
    return f"{FOLDER}/{page_stem(graded)}.html"
