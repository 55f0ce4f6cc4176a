"""Files that were handed in, wherever they lie: found without following links, read with a cap."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError, UsageError
from grader.names import clean_name, distinct_names, short_name
from grader.submission import gradable_name

MIB = 1 << 20
MAX_FILE_BYTES = 100 * MIB
"""A hand-in with a hundred plots has a tenth of that; the loader takes no more either."""
MAX_DEPTH = 40
"""Folders within folders; nobody's work is deeper."""
METADATA = "submission_metadata.yml"
_LITTER = ("__pycache__", "__macosx", "node_modules", "site-packages")


@dataclass(frozen=True)
class Member:
    """A file, and how to read it."""

    path: PurePosixPath
    """Relative to the folder or archive that it was found in."""
    size: int
    """Bytes, as the folder or archive says."""
    read: Callable[[], bytes]
    """Its content; raises `SubmissionError` where it can't be had or is too large."""

    @property
    def gradable(self) -> bool:
        """Whether it is a notebook or a module by its name, or a zip that may hold one."""
        return bool(gradable_name(self.path.name)) or is_zip(self.path.name)


@dataclass(frozen=True)
class Tree:
    """All files of one place."""

    name: str
    """Of the folder or archive."""
    members: tuple[Member, ...]
    """By path."""
    notes: tuple[str, ...] = ()
    """What was passed over, and why."""


def read_folder(folder: Path) -> Tree:
    """Every file below `folder`.

    Raises:
        UsageError: it can't be listed.
    """
    notes: list[str] = []
    try:
        members = sorted(_walk(folder, PurePosixPath(), notes), key=lambda member: member.path)
    except OSError as exc:
        raise UsageError(f"{folder}: the folder can't be read: {exc}") from exc
    return Tree(clean_name(folder.resolve().name), tuple(members), tuple(notes))


def file_member(file: Path) -> Member:
    """A single file that a person named; there, a link is followed."""
    path = PurePosixPath(clean_name(file.name))
    size = file.stat().st_size
    return Member(path, size, lambda: _read_file(file, follow=True))


def is_zip(name: str) -> bool:
    """Whether a file is a zip by its name."""
    return PurePosixPath(name).suffix.casefold() == ".zip"


def file_stem(name: str) -> str:
    """A file's name without suffix and what a browser appends: `ps1` of `ps1.ipynb.txt`."""
    stem = PurePosixPath(name).stem
    return PurePosixPath(stem).stem if gradable_name(stem) else stem


def shown_path(path: PurePosixPath) -> str:
    """`path` for a note: clean and cut."""
    return short_name(clean_name(str(path)))


def ignored(path: PurePosixPath) -> bool:
    """Whether it is litter of an editor, a system or an interpreter."""
    return any(part.startswith(".") or part.casefold() in _LITTER for part in path.parts)


def too_large(path: PurePosixPath) -> SubmissionError:
    """The error for a file with more than `MAX_FILE_BYTES`, as its student reads it."""
    return SubmissionError(
        f"{short_name(clean_name(path.name))}: larger than {MAX_FILE_BYTES // MIB} MiB; clear the "
        "outputs and submit it again"
    )


def capped(raw: bytes, path: PurePosixPath) -> bytes:
    """`raw`, which was read up to one byte past the cap.

    Raises:
        SubmissionError: it goes past it.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise too_large(path)
    return raw


def _walk(folder: Path, prefix: PurePosixPath, notes: list[str]) -> Iterator[Member]:
    with os.scandir(folder) as found:
        entries = list(found)
    names = distinct_names([entry.name for entry in entries])
    for entry, name in zip(entries, names, strict=True):
        path = prefix / name
        if ignored(path):
            continue
        if entry.is_symlink():
            # It could lead anywhere on this machine.
            notes.append(f"{shown_path(path)}: a link, not followed")
        elif entry.is_dir() and len(path.parts) >= MAX_DEPTH:
            notes.append(f"{shown_path(path)}: more than {MAX_DEPTH} folders deep, not read")
        elif entry.is_dir():
            yield from _walk(folder / entry.name, path, notes)
        elif entry.is_file():
            yield Member(path, entry.stat().st_size, _reader(folder / entry.name))
        else:
            notes.append(f"{shown_path(path)}: not a regular file, not read")


def _reader(file: Path) -> Callable[[], bytes]:
    return lambda: _read_file(file, follow=False)


def _read_file(file: Path, *, follow: bool) -> bytes:
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        with os.fdopen(os.open(file, flags), "rb") as opened:
            found = os.fstat(opened.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise SubmissionError(f"{short_name(clean_name(file.name))}: not a regular file")
            if found.st_size > MAX_FILE_BYTES:
                raise too_large(PurePosixPath(file.name))
            raw = opened.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        name = short_name(clean_name(file.name))
        raise SubmissionError(f"{name}: the file can't be read: {exc.strerror}") from exc
    return capped(raw, PurePosixPath(file.name))
