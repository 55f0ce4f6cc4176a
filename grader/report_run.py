"""Writes the reports of a run: pages, the overview, and what other systems import."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

from grader.errors import StoreError, UsageError
from grader.report.canvas import canvas_gradebook
from grader.report.formats import FORMATS, PER_RUN, PER_STUDENT
from grader.report.groups import with_members
from grader.report.interface import Graded, HandGiven
from grader.report.links import FOLDER, page_stem
from grader.report.moodle import moodle_worksheet
from grader.report.overview import render_overview
from grader.report.roster import Gradebook
from grader.report.spreadsheet import render_csv
from grader.store import HandScore, Held
from grader.store.private import make_private_folder, write_private

OVERVIEW = "overview.html"
PAGES = ("html", "markdown")
FEW = 12
"""Students whose pages one process writes sooner than others could be started."""
MOST_WAITING = 8
"""Pages that wait for each process, so that a run of any size takes little memory."""
Tell = Callable[[Graded], None]
"""Is told of each student that has been read."""


def graded_of(held: Held) -> Graded:
    """What the store holds of a student, as reports read it."""
    return Graded(
        student=held.entry.student,
        name=held.entry.name,
        file=held.entry.file,
        attempt=held.entry.attempt,
        late=held.entry.late,
        record=held.record,
        error=held.error,
        contested=held.entry.contested,
        layout=held.entry.layout,
        hand={score.item: _given(score) for score in held.hand},
    )


def write_report(run: Iterable[Graded], folder: Path, *, jobs: int = 0, many: bool = True) -> Path:
    """Write a page for each student, as HTML and as Markdown, and the overview that links them.

    Args:
        run: Every hand-in; read once, none is kept.
        folder: Where to; made if it is not there.
        jobs: Processes that draw; 0: as many as the machine has cores.
        many: Whether the run is worth more than one process.

    Returns:
        The overview's path.

    Raises:
        StoreError: a file can't be written.
    """
    make_folder(folder / FOLDER)
    overview = folder / OVERVIEW
    write_pieces(overview, render_overview(_with_pages(run, folder, jobs, many=many)))
    return overview


def export_each(run: Iterable[Graded], name: str, folder: Path) -> int:
    """Write the report `name` of each student that was graded; gives their number.

    Raises:
        StoreError: a file can't be written.
    """
    report = PER_STUDENT[name]
    make_folder(folder)
    written = 0
    for graded in run:
        content = report.render(graded)
        if content:
            write_pieces(folder / f"{page_stem(graded)}{report.suffix}", [content])
            written += 1
    return written


def export_gradebook(
    run: Iterable[Graded],
    name: str,
    roster: Path | None,
    assignment: str,
    group_column: str = "",
) -> Gradebook:
    """The gradebook of `canvas` or `moodle`, filled in.

    Args:
        run: Every hand-in.
        name: `canvas` or `moodle`.
        roster: The file that the system exported.
        assignment: Its name in Canvas; the run's title where empty.
        group_column: The head of the roster's column of groups, whose members share points.

    Raises:
        UsageError: the roster is missing or is no such file.
    """
    if roster is None:
        raise UsageError(
            f"--roster: must be given with --format {name}, so that rows match; export the "
            "gradebook as CSV there"
        )
    raw = _read_roster(roster)
    if name == "canvas":
        return canvas_gradebook(run, raw, assignment, group_column)
    return moodle_worksheet(run, raw, group_column)


def export_members(run: Iterable[Graded], roster: Path, group_column: str) -> Gradebook:
    """The run as CSV, with a row for each member of a group.

    Args:
        run: Every submission.
        roster: A CSV file of all students.
        group_column: The head of its column of groups.

    Raises:
        UsageError: the roster is no such file.
    """
    students, matched = with_members(list(run), _read_roster(roster), group_column)
    return Gradebook(b"".join(render_csv(students)), notes=tuple(matched.notes))


def _read_roster(roster: Path) -> bytes:
    try:
        return roster.read_bytes()
    except OSError as exc:
        raise UsageError(f"--roster: {roster} must be a file that can be read: {exc}") from exc


def check_format(name: str) -> str:
    """`name`, if there is such a format.

    Raises:
        UsageError: there is none.
    """
    if name not in FORMATS:
        raise UsageError(f"--format: must be one of {', '.join(FORMATS)}, got {name!r}")
    return name


def run_pieces(run: Iterable[Graded], name: str) -> Iterator[bytes]:
    """The report `name` of the whole run."""
    return PER_RUN[name].render(run)


def make_folder(folder: Path) -> None:
    """Make a folder, where it is not there.

    Raises:
        StoreError: it can't be made.
    """
    try:
        make_private_folder(folder)
    except OSError as exc:
        raise StoreError(f"{folder}: must be a folder that can be written to: {exc}") from exc


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file whole or not at all.

    Raises:
        StoreError: it can't be written.
    """
    try:
        write_private(path, pieces)
    except OSError as exc:
        raise StoreError(f"{path}: can't be written: {exc}; free some space") from exc


def write_pages(raw: bytes, folder: str) -> None:
    """Write the pages of one student; runs in processes of their own.

    Args:
        raw: The hand-in as JSON.
        folder: Where the pages of all students lie.

    Raises:
        StoreError: a file can't be written.
    """
    graded = msgspec.json.decode(raw, type=Graded)
    for name in PAGES:
        report = PER_STUDENT[name]
        path = Path(folder) / f"{page_stem(graded)}{report.suffix}"
        write_pieces(path, [report.render(graded)])


def _with_pages(run: Iterable[Graded], folder: Path, jobs: int, *, many: bool) -> Iterator[Graded]:
    """The run as it is read, each student's pages written on the way."""
    jobs = jobs or os.cpu_count() or 1
    students = str(folder / FOLDER)
    if jobs == 1 or not many:
        for graded in run:
            write_pages(msgspec.json.encode(graded), students)
            yield graded
        return
    waiting: deque[Future[None]] = deque()
    # A fresh interpreter for each: threads and open files of this one are none of its business.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for graded in run:
            waiting.append(pool.submit(write_pages, msgspec.json.encode(graded), students))
            if len(waiting) >= jobs * MOST_WAITING:
                waiting.popleft().result()
            yield graded
        for page in waiting:
            page.result()


def _given(score: HandScore) -> HandGiven:
    places: Mapping[int, float] = {int(place): points for place, points in score.criteria.items()}
    length = max(places, default=-1) + 1
    return HandGiven(
        points=score.total,
        criteria=tuple(places.get(place) for place in range(length)),
        comment=" ".join(filter(None, (*score.remarks, score.comment))),
    )
