"""What the commands for packages do."""

import os
from pathlib import Path

from grader.options import SEED_VARIABLE
from grader.package.gradescope import Asked, build_autograder, check_visibility
from grader.package.settings import Settings
from grader.package.wheel import build_wheel
from grader.report_run import make_folder, write_pieces
from grader.terminal import print_message

MIB = 1 << 20


def package_gradescope(
    out: Path,
    *,
    rubric: Path | None,
    cache: Path | None,
    data: str,
    secret: str,
    visibility: str,
    leaderboard: bool,
) -> None:
    """Write the zip of an autograder.

    Raises:
        GraderError: it can't be built or written.
    """
    known = check_visibility(visibility)
    secret = secret or os.environ.get(SEED_VARIABLE, "")
    settings = Settings(data=data, secret=secret, visibility=known, leaderboard=leaderboard)
    _write(out, build_autograder(Asked(rubric=rubric, cache=cache, settings=settings)))
    if not secret:
        print_message(
            "no course secret: the draws are public; give --seed, or set NLA_GRADER_SECRET"
        )


def package_wheel(out: Path) -> None:
    """Write the grader's wheel.

    Raises:
        GraderError: it can't be built or written.
    """
    _write(out, build_wheel())


def _write(out: Path, content: bytes) -> None:
    make_folder(out.absolute().parent)
    write_pieces(out, [content])
    print_message(f"{out}, {len(content) / MIB:.1f} MiB")
