"""A zip of submissions, read member by member and never extracted.

Names that lead out of the archive, links and devices are passed over. What can be read is decided
by what it unpacks to, not by how well it is packed: notebooks with many equal outputs shrink to a
four-hundredth. A member that is too large or encrypted costs its own student alone.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.batch.tree import (
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
from grader.batch.zip_names import Part, decoded_paths, distinct_paths
from grader.errors import SubmissionError, UsageError
from grader.names import clean_name, one_line, short_name, shortened

MAX_MEMBERS = 100_000
MAX_METADATA_BYTES = 512 * MIB
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}
"""How members may be packed; LZMA takes as much memory as the file asks for."""
MAX_REASON = 200
"""Characters."""
_DRIVE = re.compile("[A-Za-z]:")
_ENCRYPTED_FLAG = 0x1


@dataclass(frozen=True)
class Listing:
    """What a zip's directory holds, as it is written there: cleaning names takes long."""

    infos: Mapping[tuple[Part, ...], zipfile.ZipInfo]
    """Members that are safe to name, by path."""
    skipped: tuple[tuple[PurePosixPath, str], ...]
    """Paths, and what is wrong with them."""
    guess: str
    """A note where the encoding of names had to be guessed."""

    def notes(self, most: int | None = None) -> list[str]:
        """The guess, and what was skipped, the first `most` of it."""
        skipped = [f"{shown_path(path)}: {why}" for path, why in self.skipped[:most]]
        return [self.guess, *skipped] if self.guess else skipped


def read_archive(file: Path) -> Tree:
    """Every member of the zip `file` that is safe to name.

    Raises:
        UsageError: it is no zip, is damaged, or has far too many members.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise UsageError(
            f"{file}: not a zip of submissions: {exc}; download it again, or unpack it and give "
            "the folder"
        ) from exc
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        archive.close()
        raise UsageError(
            f"{file}: more than {MAX_MEMBERS} members; unpack it and give the folder with the "
            "submissions"
        )
    listing = list_members(infos)
    members = members_of(archive, listing.infos)
    return Tree(clean_name(file.stem), tuple(members), tuple(listing.notes()))


def list_members(infos: Sequence[zipfile.ZipInfo]) -> Listing:
    """The members that are safe to name, and what was skipped."""
    paths, guess = decoded_paths(infos)
    skipped: list[tuple[PurePosixPath, str]] = []
    wanted: dict[tuple[Part, ...], zipfile.ZipInfo] = {}
    for info, parts in zip(infos, paths, strict=True):
        path = PurePosixPath(*(name for name, _ in parts))
        if not parts or info.is_dir() or (ignored(path) and ".." not in path.parts):
            continue
        if fault := _unsafe(info, path):
            skipped.append((path, f"{fault}, passed over"))
            continue
        if parts in wanted:
            skipped.append((path, "is there twice, the later one counts"))
        wanted[parts] = info
    return Listing(wanted, tuple(skipped), guess)


def members_of(
    archive: zipfile.ZipFile, infos: Mapping[tuple[Part, ...], zipfile.ZipInfo]
) -> list[Member]:
    """Members of `archive` with clean names, by path."""
    members = [
        Member(path, info.file_size, _reader(archive, info, path))
        for path, info in zip(distinct_paths(list(infos)), infos.values(), strict=True)
    ]
    return sorted(members, key=lambda member: member.path)


def reason(exc: Exception) -> str:
    """What is wrong with a zip; the names in it that the text may repeat are cut."""
    return shortened(one_line(str(exc)), MAX_REASON)


def _unsafe(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    """Why the member is nobody's; empty where nothing is wrong."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(str(path)):
        return "a name that leads out of the archive"
    if len(path.parts) > MAX_DEPTH:
        return f"more than {MAX_DEPTH} folders deep"
    if kind not in {0, stat.S_IFREG}:
        return "a link" if kind == stat.S_IFLNK else "not a regular file"
    return ""


def _unreadable(info: zipfile.ZipInfo, most: int) -> str:
    """Why the member can't be read, as its own student is told; empty where it can."""
    if info.flag_bits & _ENCRYPTED_FLAG:
        return "encrypted; submit it without a password"
    if info.compress_type not in METHODS:
        return "packed by a method that is not supported; make a plain zip, or submit the file"
    if info.file_size > most:
        size = -(-info.file_size // MIB)
        return (
            f"unpacks to {size} MiB, at most {most // MIB} MiB are read; clear the outputs and "
            "submit it again"
        )
    return ""


def _reader(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: PurePosixPath
) -> Callable[[], bytes]:
    most = MAX_METADATA_BYTES if path.name == METADATA else MAX_FILE_BYTES
    name = short_name(path.name)

    def read() -> bytes:
        if fault := _unreadable(info, most):
            raise SubmissionError(f"{name}: {fault}")
        try:
            with archive.open(info) as member:
                # What the archive says of its size need not be true.
                raw = member.read(most + 1)
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as exc:
            raise SubmissionError(
                f"{name}: can't be unpacked: {reason(exc)}; submit it again without the zip"
            ) from exc
        except (NotImplementedError, ValueError) as exc:
            raise SubmissionError(
                f"{name}: can't be unpacked here: {reason(exc)}; submit it again without the zip"
            ) from exc
        return raw if most > MAX_FILE_BYTES else capped(raw, path)

    return read
