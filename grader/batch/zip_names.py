"""Names in a zip: decoded by the UTF-8 flag, else by a guess, and never two made one."""

import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from grader.names import distinct_names

UTF8_FLAG = 0x800
Part = tuple[str, str]
"""A folder's or a file's name, and the old encoding it was in; that is empty for ASCII and UTF-8.
Two names are the same where both are."""


def decoded_paths(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[tuple[Part, ...]], str]:
    """The path of each member, and a note where the encoding of names had to be guessed.

    Without the flag a name is UTF-8 where it can be, since old tools write that without saying so.
    The others are GBK where most of them can be common Chinese, else code page 437, of which
    everything is valid.
    """
    names: list[tuple[str, str]] = [("", "")] * len(infos)
    old: dict[int, bytes] = {}
    for at, info in enumerate(infos):
        name = info.orig_filename
        names[at] = name, ""
        if name.isascii() or info.flag_bits & UTF8_FLAG:
            continue
        try:
            raw = name.encode("cp437")
        except UnicodeError:  # decoded by another field of the zip already
            continue
        text = _decoded(raw, "utf-8")
        if text is None:
            old[at] = raw
        else:
            names[at] = text, ""
    chinese = sum(_decoded(raw, "gb2312") is not None for raw in old.values())
    is_chinese = 2 * chinese > len(old)
    for at, raw in old.items():
        text = _decoded(raw, "gbk") if is_chinese else None
        names[at] = (raw.decode("cp437"), "cp437") if text is None else (text, "gbk")
    guess = "GBK" if is_chinese else "code page 437"
    note = f"{len(old)} names do not say their encoding, read as {guess}; check them" if old else ""
    return [_parts(*name) for name in names], note


def distinct_paths(paths: Sequence[tuple[Part, ...]]) -> list[PurePosixPath]:
    """The paths with clean names; two that differ before still differ, folder by folder."""
    held: dict[tuple[Part, ...], dict[Part, None]] = {}
    for path in paths:
        for depth, part in enumerate(path):
            held.setdefault(path[:depth], {})[part] = None
    folders = {folder: _distinct_parts(list(parts)) for folder, parts in held.items()}
    return [
        PurePosixPath(*(folders[path[:depth]][part] for depth, part in enumerate(path)))
        for path in paths
    ]


def _distinct_parts(parts: Sequence[Part]) -> dict[Part, str]:
    origins = [f"{encoding}:{name}" if encoding else name for name, encoding in parts]
    names = distinct_names([name for name, _ in parts], origins)
    return dict(zip(parts, names, strict=True))


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeError:
        return None


def _parts(name: str, encoding: str) -> tuple[Part, ...]:
    # Backslashes are Windows's; in GBK they may be half of a character, so not before decoding.
    path = PurePosixPath(name.replace("\\", "/"))
    return tuple((part, "" if part.isascii() else encoding) for part in path.parts)
