"""Workflows that check a student's repository at every push."""

from pathlib import Path

from grader.errors import UsageError

SYSTEMS = {"github": "github.yml", "gitlab": "gitlab.yml"}
"""System -> file beside this module."""
_FILES = Path(__file__).parent / "files"


def ci_file(system: str) -> bytes:
    """The workflow for `github` or `gitlab`.

    Raises:
        UsageError: there is none for this system.
    """
    if system not in SYSTEMS:
        raise UsageError(f"package: must be one of {', '.join(SYSTEMS)}, got {system!r}")
    return (_FILES / SYSTEMS[system]).read_bytes()
