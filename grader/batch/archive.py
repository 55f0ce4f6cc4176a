"""A zip of hand-ins, read member by member and never extracted.

Names that lead out of the archive, links and devices are passed over; a member that unpacks to far
more than it takes is refused; nothing else than notebooks and modules is unpacked at all.
"""

import contextlib
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from grader.batch.tree import GRADABLE, MAX_FILE_BYTES, METADATA, MIB, Member, Tree, capped, ignored
from grader.errors import SubmissionError, UsageError

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
    members: dict[PurePosixPath, Member] = {}
    notes = []
    for info in infos:
        path = PurePosixPath(_name(info))
        if not path.parts or info.is_dir() or (ignored(path) and ".." not in path.parts):
            continue
        fault = _fault(info, path)
        if fault:
            notes.append(f"{path}: {fault}, passed over")
            continue
        if path in members:
            notes.append(f"{path}: is there twice, the later one counts")
        members[path] = Member(path, info.file_size, _reader(archive, info, path))
    ordered = tuple(members[path] for path in sorted(members))
    return Tree(file.stem, ordered, tuple(notes))


def _fault(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    """Why the member is passed over; empty where nothing is wrong."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(str(path)):
        return "a name that leads out of the archive"
    if kind == stat.S_IFLNK:
        return "a link"
    if kind not in {0, stat.S_IFREG}:
        return "no ordinary file"
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
            raise SubmissionError(f"{path.name}: can't be unpacked: {exc}") from exc
        except (NotImplementedError, ValueError) as exc:
            raise SubmissionError(f"{path.name}: can't be unpacked here: {exc}") from exc
        return raw if most > MAX_FILE_BYTES else capped(raw, path)

    return read


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name; old tools write UTF-8 without saying so."""
    name = info.filename.replace("\\", "/")
    if not info.flag_bits & _UTF8_FLAG:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)
