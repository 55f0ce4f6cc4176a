"""A zip that a student has submitted: opened one level deep, and all in it is that student's."""

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.batch.archive import members_of, reason
from grader.batch.tree import Member, is_zip, shown_path
from grader.errors import SubmissionError
from grader.names import short_name
from grader.submission import gradable_name

MAX_MEMBERS = 10_000
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
    """Names of those that can't."""
    notes: tuple[str, ...]


def open_nested(outer: Member, name: str = "") -> Nested:
    """The files in the zip `outer`; zips within it are not opened.

    Args:
        outer: The zip.
        name: What the student calls it.

    Raises:
        SubmissionError: it is no zip, is damaged, or has far too many members.
    """
    name = short_name(name or outer.path.name)
    raw = outer.read()
    # Counted before it is parsed: each entry takes half a kilobyte of memory then.
    if raw.count(_ENTRY) > MAX_MEMBERS:
        raise SubmissionError(
            f"{name}: more than {MAX_MEMBERS} files in the zip; submit the notebook or module alone"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (OSError, EOFError, zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise SubmissionError(
            f"{name}: not a zip that can be opened: {reason(exc)}; submit the notebook or module "
            "itself"
        ) from exc
    infos = [info for info in archive.infolist() if len(info.orig_filename) <= MAX_NAME]
    found, notes = members_of(archive, infos)
    if len(infos) < len(archive.infolist()):
        notes.insert(
            0, f"names of more than {MAX_NAME} characters, passed over; submit shorter ones"
        )
    members = tuple(one for one in found if gradable_name(one.path.name))
    others = tuple(one.path.name for one in found if not gradable_name(one.path.name))
    if inner := next(filter(is_zip, others), ""):
        notes.insert(
            0,
            f"{shown_path(PurePosixPath(inner))}: a zip within a zip is not opened; submit the "
            "notebook or module itself",
        )
    return Nested(members, others, tuple(f"{name}: {note}" for note in notes[:MAX_NOTES]))


def lasting(outer: Member, inner: Member) -> Member:
    """`inner` of the zip `outer` as a member that does not hold the zip in memory."""
    path = inner.path

    def read() -> bytes:
        found = {one.path: one for one in open_nested(outer).members}
        return found[path].read()

    return replace(inner, read=read)
