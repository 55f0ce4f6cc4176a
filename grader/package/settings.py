"""What the packed autograder is told, in a file beside it."""

import msgspec

from grader.report.gradescope import Visibility

SETTINGS = "settings.json"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to grade on the other system."""

    data: str = "synthetic"
    sandbox: str = "auto"
    """`auto`: isolated where the system lets it, else by limits alone."""
    threads: int = 0
    secret: str = ""
    """Of the course, for hidden draws; empty: the public ones."""
    visibility: Visibility = "visible"
    """When students see the tests."""
    leaderboard: bool = False
