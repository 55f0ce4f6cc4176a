"""How to grade, and what follows from it before anything is graded."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.draws import fingerprint, practice_secret
from grader.environment import (
    grader_version,
    package_versions,
    python_version,
    usable_cores,
)
from grader.errors import UsageError
from grader.model import Environment
from grader.rubric import Item, Rubric

if TYPE_CHECKING:
    from grader.sandbox import GuardMaker

SEED_VARIABLE = "NLA_GRADER_SECRET"
MOST_THREADS = 4
"""More make the small arrays of the set no faster."""


@dataclass(frozen=True)
class Options:
    """How to grade. Every field has the default that the command has."""

    rubric: Path | None = None
    """The embedded rubric where None."""
    data: str = "synthetic"
    sandbox: str = "bubblewrap"
    device: str = "auto"
    threads: int = 0
    """Threads of the numeric libraries; 0: as many as the machine has cores, at most 4."""
    secret: str = field(default="", repr=False)
    """The course secret behind the hidden draws; empty: the environment's, else the public one."""
    practice: bool = False
    """A student's own check: public draws and the rubric's faster settings."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Asked name -> the submission's own name."""
    items: tuple[str, ...] = ()
    """Grade these items alone; all where empty."""
    cache: Path | None = None
    """Folder for baselines; the user's cache folder where None."""
    time_budget: float | None = None
    """Seconds that training the baseline may take."""


def thread_count(options: Options) -> int:
    """Threads of the numeric libraries."""
    return options.threads or min(usable_cores(), MOST_THREADS)


def chosen_items(rubric: Rubric, options: Options) -> tuple[Item, ...]:
    """The items that the options ask for.

    Raises:
        UsageError: the rubric has no such item.
    """
    known = [item.id for item in rubric.items]
    for wanted in options.items:
        if wanted not in known:
            raise UsageError(
                f"--item: must be one of {', '.join(known)}, got {wanted!r}; see the rubric"
            )
    return tuple(item for item in rubric.items if not options.items or item.id in options.items)


def asked_names(rubric: Rubric, options: Options) -> tuple[str, ...]:
    """The names that a submission must define for all items, as the submission calls them."""
    names = dict.fromkeys(name for item in rubric.items for name in item.requires)
    return tuple(options.aliases.get(name, name) for name in names)


def course_secret(options: Options) -> bytes:
    """What the hidden draws are made of: the options' secret, the environment's, or the public."""
    if options.practice:
        return practice_secret()
    secret = options.secret or os.environ.get(SEED_VARIABLE, "")
    return secret.encode() if secret else practice_secret()


def describe_environment(
    options: Options, device: str, guards: "GuardMaker", threads: int
) -> Environment:
    """The environment of a grading with these options, without its data."""
    from grader.sandbox import choose_launcher  # noqa: PLC0415 - options alone need no sandbox

    secret = course_secret(options)
    return Environment(
        grader_version=grader_version(),
        python=python_version(),
        packages=package_versions(),
        sandbox=options.sandbox,
        memory_limit=guards.name,
        not_enforced=(*choose_launcher(options.sandbox).not_enforced, *guards.not_enforced),
        device=device,
        threads=threads,
        dataset="",
        baseline="",
        seed="practice" if secret == practice_secret() else fingerprint(secret),
    )
