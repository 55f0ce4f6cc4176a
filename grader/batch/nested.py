"""A zip that a student has submitted: opened one level deep, and all in it is that student's."""

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.batch.archive import list_members, members_of, reason
from grader.batch.tree import Member, is_zip, shown_path
from grader.errors import SubmissionError
from grader.names import short_name
from grader.submission import gradable_name

MAX_ENTRIES = 5_000
"""Of all zips of a student, folders and data included."""
MAX_GRADABLE = 200
"""Notebooks and modules. Names of these alone are cleaned, which takes long where it is needed."""
MAX_NAME = 400
"""Characters of a path; longer ones are nobody's work and take long to clean."""
MAX_NOTES = 3
_ENTRY = b"PK\x01\x02"
"""What begins each entry of a zip's directory."""


@dataclass(frozen=True)
class Nested:
    """What a student's zip holds. Members are read from memory: keep `lasting` ones instead."""

    members: tuple[Member, ...]
    """Those that may be graded."""
    others: tuple[str, ...]
    """Names of those that can't, as they are in the zip."""
    notes: tuple[str, ...]
    entries: int
    """What its directory lists."""


def open_nested(outer: Member, name: str = "", most: int = MAX_ENTRIES) -> Nested:
    """The files in the zip `outer`; zips within it are not opened.

    Args:
        outer: The zip.
        name: What the student calls it.
        most: Entries that its directory may list.

    Raises:
        SubmissionError: it is no zip, is damaged, or has too many members.
    """
    name = short_name(name or outer.path.name)
    raw = outer.read()
    # Counted before it is parsed: each entry takes half a kilobyte of memory then.
    entries = raw.count(_ENTRY)
    if entries > most:
        raise SubmissionError(
            f"{name}: more files in it than the {MAX_ENTRIES} that one student's zips may hold; "
            "submit the notebook or module alone"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (OSError, EOFError, zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise SubmissionError(
            f"{name}: not a zip that can be opened: {reason(exc)}; submit the notebook or module "
            "itself"
        ) from exc
    infos = [info for info in archive.infolist() if len(info.orig_filename) <= MAX_NAME]
    listing = list_members(infos)
    gradable = {parts: info for parts, info in listing.infos.items() if gradable_name(parts[-1][0])}
    nearest = dict(sorted(gradable.items(), key=lambda item: len(item[0]))[:MAX_GRADABLE])
    members = tuple(members_of(archive, nearest))
    others = tuple(parts[-1][0] for parts in listing.infos if parts not in gradable)
    notes = listing.notes(MAX_NOTES)
    if len(nearest) < len(gradable):
        notes.insert(
            0,
            f"{len(gradable)} notebooks and modules, of which the {MAX_GRADABLE} in the fewest "
            "folders count; submit the one that is to be graded alone",
        )
    if len(infos) < len(archive.infolist()):
        notes.insert(
            0, f"names of more than {MAX_NAME} characters, passed over; submit shorter ones"
        )
    if inner := next(filter(is_zip, others), ""):
        notes.insert(
            0,
            f"{shown_path(PurePosixPath(inner))}: a zip within a zip is not opened; submit the "
            "notebook or module itself",
        )
    return Nested(members, others, tuple(f"{name}: {note}" for note in notes[:MAX_NOTES]), entries)


def lasting(outer: Member, inner: Member) -> Member:
    """`inner` of the zip `outer` as a member that does not hold the zip in memory."""
    path = inner.path

    def read() -> bytes:
        found = {one.path: one for one in open_nested(outer).members}
        return found[path].read()

    return replace(inner, read=read)
