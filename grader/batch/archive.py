"""A zip of hand-ins, read member by member and never extracted.

Names that lead out of the archive, links and devices are passed over; a member that unpacks to far
more than it takes is refused; nothing else than notebooks and modules is unpacked at all.
"""

import contextlib
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from grader.batch.tree import (
    GRADABLE,
    MAX_DEPTH,
    MAX_FILE_BYTES,
    METADATA,
    MIB,
    Member,
    Tree,
    capped,
    ignored,
    shown_path,
)
from grader.errors import SubmissionError, UsageError
from grader.names import clean_name, distinct_names, short_name

MAX_MEMBERS = 100_000
MAX_RATIO = 200
"""Bytes out for a byte in; a notebook full of logs reaches 50."""
SMALL_BYTES = MIB
"""Below, the ratio does not matter."""
MAX_METADATA_BYTES = 512 * MIB
_DRIVE = re.compile("[A-Za-z]:")
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1


def read_archive(file: Path) -> Tree:
    """Every member of the zip `file` that is safe to name.

    Raises:
        UsageError: it is no zip, is damaged, or has far too many members.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise UsageError(
            f"{file}: must be a zip of hand-ins: {exc}; download it again, or unpack it and give "
            "the folder"
        ) from exc
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        archive.close()
        raise UsageError(f"{file}: must have at most {MAX_MEMBERS} members, has {len(infos)}")
    wanted: dict[PurePosixPath, zipfile.ZipInfo] = {}
    notes = []
    for info in infos:
        path = PurePosixPath(_name(info))
        if not path.parts or info.is_dir() or (ignored(path) and ".." not in path.parts):
            continue
        fault = _fault(info, path)
        if fault:
            notes.append(f"{shown_path(path)}: {fault}, passed over")
            continue
        if path in wanted:
            notes.append(f"{shown_path(path)}: is there twice, the later one counts")
        wanted[path] = info
    members = [
        Member(path, info.file_size, _reader(archive, info, path))
        for path, info in zip(_distinct(list(wanted)), wanted.values(), strict=True)
    ]
    members.sort(key=lambda member: member.path)
    return Tree(clean_name(file.stem), tuple(members), tuple(notes))


def _distinct(paths: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """The paths with clean names; two that differ before still differ, folder by folder."""
    held: dict[tuple[str, ...], dict[str, None]] = {}
    for path in paths:
        for depth, name in enumerate(path.parts):
            held.setdefault(path.parts[:depth], {})[name] = None
    folders = {
        folder: dict(zip(names, distinct_names(list(names)), strict=True))
        for folder, names in held.items()
    }
    return [
        PurePosixPath(*(folders[path.parts[:depth]][name] for depth, name in enumerate(path.parts)))
        for path in paths
    ]


def _fault(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    """Why the member is passed over; empty where nothing is wrong."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(str(path)):
        return "a name that leads out of the archive"
    if len(path.parts) > MAX_DEPTH:
        return f"more than {MAX_DEPTH} folders deep"
    if kind not in {0, stat.S_IFREG}:
        return "a link" if kind == stat.S_IFLNK else "not a regular file"
    if info.flag_bits & _ENCRYPTED_FLAG:
        return "encrypted"
    wanted = path.suffix.casefold() in GRADABLE or path.name == METADATA
    ratio = info.file_size / max(info.compress_size, 1)
    if wanted and info.file_size > SMALL_BYTES and ratio > MAX_RATIO:
        return f"unpacks to {ratio:.0f} times its size"
    return ""


def _reader(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: PurePosixPath
) -> Callable[[], bytes]:
    most = MAX_METADATA_BYTES if path.name == METADATA else MAX_FILE_BYTES

    def read() -> bytes:
        try:
            with archive.open(info) as member:
                # What the archive says of its size need not be true.
                raw = member.read(most + 1)
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as exc:
            raise SubmissionError(
                f"{short_name(clean_name(path.name))}: can't be unpacked: {exc}"
            ) from exc
        except (NotImplementedError, ValueError) as exc:
            raise SubmissionError(
                f"{short_name(clean_name(path.name))}: can't be unpacked here: {exc}"
            ) from exc
        return raw if most > MAX_FILE_BYTES else capped(raw, path)

    return read


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name; old tools write UTF-8 without saying so."""
    name = info.filename.replace("\\", "/")
    if not info.flag_bits & _UTF8_FLAG:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name
