"""Zips as students and old tools make them."""

import io
import struct
import zipfile
from collections.abc import Mapping


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """A zip with these members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def zipped_raw(members: Mapping[bytes, bytes]) -> bytes:
    """A zip whose names are these bytes, with no word on their encoding."""
    # A letter, as often as the name is long, stands for it until the directory is written.
    stand_ins = {bytes([65 + at]) * len(name): name for at, name in enumerate(members)}
    raw = zipped({key.decode(): members[name] for key, name in stand_ins.items()})
    for key, name in stand_ins.items():
        raw = raw.replace(key, name)
    return raw


def with_flag(raw: bytes, flag: int) -> bytes:
    """The zip with a flag set for each member."""
    changed = bytearray(raw)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", changed, at + offset)
            struct.pack_into("<H", changed, at + offset, flags | flag)
            at = changed.find(mark, at + 4)
    return bytes(changed)
