"""What `grader review` and `grader hand` do."""

import getpass
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from grader.errors import UsageError
from grader.review.assignment import Assignment, Item, UnknownError, read_assignment
from grader.review.transfer import export_scores, import_scores
from grader.store import HandScore, Store, open_store
from grader.terminal import output_console, plain_text

DEFAULT_SHARE = 0.1
"""Of the answers to an item that two people judge."""


@dataclass(frozen=True)
class ReviewOptions:
    """How the page is served."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: one that is free."""
    names: tuple[str, ...] = ()
    """By which people reach it, where it is not for this machine alone."""
    person: str = ""
    """Who judges; the system's name for the user where empty."""
    share: float = DEFAULT_SHARE
    """Of the answers to an item that two people judge."""


def review(run: Path, options: ReviewOptions) -> None:
    """Serve the page for a run until it is interrupted.

    Raises:
        GraderError: there is no such run, or the address can't be had.
    """
    # The web's packages are an extra, and need a second to be imported.
    try:
        from grader.review.desk import Desk  # noqa: PLC0415
        from grader.review.serve import Where, serve  # noqa: PLC0415
    except ImportError as exc:
        raise UsageError(
            f"review: needs the package {exc.name!r}; install it with `pip install "
            "'nla-grader[review]'`"
        ) from exc
    console = output_console(soft_wrap=True)

    def started(address: str) -> None:
        console.print("The review page is open for whoever has this address, until Ctrl-C:")
        console.print(Text(address, "bold"))

    with open_store(run) as store:
        desk = Desk(store, share=options.share)
        where = Where(options.host, options.port, options.names)
        serve(desk, where, person=person_name(options.person), started=started)


def export_hand(run: Path, file: Path) -> None:
    """Write every hand score of a run into a YAML file.

    Raises:
        StoreError: there is no such run, or the file can't be written.
    """
    with open_store(run, read_only=True) as store:
        count = export_scores(store, file)
    output_console(soft_wrap=True).print(plain_text(f"{count} hand scores written to {file}"))


def import_hand(run: Path, file: Path, *, overwrite: bool) -> None:
    """Take over hand scores from a YAML file, all of them or none.

    Raises:
        StoreError: there is no such run, or the file is none of ours.
        ConflictError: other scores are here already, and `overwrite` is not asked for.
    """
    with open_store(run) as store:
        count = import_scores(store, file, overwrite=overwrite)
    told = f"{count} hand scores taken over from {file}"
    output_console(soft_wrap=True).print(plain_text(told))


def give_hand(
    run: Path, item: str, student: str, points: float, *, comment: str, person: str
) -> None:
    """Give points by hand from the terminal; an earlier score is replaced and stays in the history.

    Raises:
        UsageError: no such item is judged by hand, or the points don't fit it.
        StoreError: there is no such run or student.
    """
    with open_store(run) as store:
        known = _item(store, item)
        if not 0 <= points <= known.worth:
            raise UsageError(
                f"hand: points for item {item} must be from 0 to {known.worth:g}, got {points:g}"
            )
        entry = store.entry(student)
        before = next(iter(store.hand_scores(student, item)), None)
        given = store.put_hand_score(
            HandScore(
                student=student,
                item=item,
                points=points,
                comment=comment.strip(),
                worth=known.worth,
                sha256=entry.sha256,
                grader=person_name(person),
            ),
            before.version if before is not None else 0,
        )
    told = f"{student}: item {item}: {given.total:g} of {known.worth:g}"
    if before is not None:
        told += f", was {before.total:g} by {before.grader or 'someone'}"
    output_console(soft_wrap=True).print(plain_text(told))


def person_name(asked: str) -> str:
    """Who judges: as asked for, or the system's name for the user."""
    if asked.strip():
        return asked.strip()
    try:
        return getpass.getuser()
    # Raised where the system has no name for the user, by a class that differs between versions.
    except (OSError, KeyError, ImportError):
        return "grader"


def _item(store: Store, name: str) -> Item:
    info = store.info()
    if info is None:
        raise UsageError(f"{store.path}: nothing is graded in this run yet; grade it first")
    assignment: Assignment = read_assignment(info.rubric)
    try:
        return assignment.item(name)
    except UnknownError as exc:
        known = ", ".join(item.id for item in assignment.by_hand)
        raise UsageError(f"hand: item must be one of {known}, got {name!r}") from exc
