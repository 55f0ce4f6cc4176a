"""Which files can be graded, by their names."""

import re
from pathlib import PurePosixPath

NOTEBOOK_SUFFIX, MODULE_SUFFIX = ".ipynb", ".py"
SUFFIXES = (NOTEBOOK_SUFFIX, MODULE_SUFFIX)
APPENDED = {".txt": SUFFIXES, ".json": (NOTEBOOK_SUFFIX,)}
"""What browsers append to a download, and to which suffixes."""
COPY = re.compile(r"( ?\(\d{1,4}\)|-\d{1,4})\Z")
"""The counter of a second download or attempt, which goes before the appended suffix."""


def gradable_name(name: str) -> str:
    """`.ipynb` or `.py` for the name of a file that can be graded, else an empty string.

    `ps1.ipynb.txt`, `ps1.ipynb (1).txt`, `ps1.ipynb.json` and `ps1.py.txt` count as what they were
    before a browser renamed them.
    """
    path = PurePosixPath(name)
    suffix = path.suffix.casefold()
    if suffix in SUFFIXES:
        return suffix
    inner = PurePosixPath(COPY.sub("", path.stem)).suffix.casefold()
    return inner if inner in APPENDED.get(suffix, ()) else ""
