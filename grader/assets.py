"""Files that come with the grader: from the checkout, or from the installed package."""

from pathlib import Path

from grader.errors import UsageError

_PACKAGE = Path(__file__).parent


def asset(name: str) -> Path:
    """The path of a file such as `rubrics/ps1.yaml`.

    Raises:
        UsageError: this installation lacks it.
    """
    for root in (_PACKAGE / "_assets", _PACKAGE.parent):
        if (root / name).is_file():
            return root / name
    raise UsageError(f"{name}: is missing from this installation; install the grader again")
