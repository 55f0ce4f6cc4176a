"""Pictures that a notebook holds: which are shown, and as what. Nothing is ever fetched."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_PICTURE = 8 << 20
"""Bytes of one picture, decoded."""
SIGNATURES: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
"""Kinds of picture that are shown, and how such a file begins."""
SVG = "image/svg+xml"
KINDS = (*SIGNATURES, SVG)
PASTED = re.compile(r"data:image/[a-z+.]{1,20};base64,[A-Za-z0-9+/=]{60,}")


@dataclass(frozen=True)
class Picture:
    """A picture that the notebook itself holds."""

    address: str
    """A data address for the source of an image: a browser runs and fetches nothing for one."""


def lift_pictures(source: str) -> tuple[str, dict[str, Picture]]:
    """A text with the pictures that are written into it as base64 taken out, each named instead.

    Some editors paste pictures so; a text that is mostly picture would be too long to be read.
    """
    lifted: dict[str, Picture] = {}

    def named(found: re.Match[str]) -> str:
        picture = picture_from_address(found.group())
        if picture is None:
            return "data:unreadable"
        name = f"pasted-{len(lifted) + 1}"
        lifted[name] = picture
        return f"attachment:{name}"

    return PASTED.sub(named, source), lifted


def picture_from(mime: str, encoded: str) -> Picture | None:
    """A picture of an allowed kind, None where it is none or too large.

    Args:
        mime: What it claims to be.
        encoded: Base64; the text itself for SVG.
    """
    if mime == SVG:
        raw = encoded.encode("utf-8", errors="replace")
        if "<svg" not in encoded[:4000] or len(raw) > MAX_PICTURE:
            return None
    else:
        if len(encoded) > MAX_PICTURE * 3 // 2:
            return None
        try:
            raw = base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) > MAX_PICTURE or not raw.startswith(SIGNATURES.get(mime, ())):
            return None
    return Picture(f"data:{mime};base64,{base64.b64encode(raw).decode()}")


def picture_from_address(address: str) -> Picture | None:
    """The picture that a `data:` address holds, None where it holds none that is shown."""
    head, comma, encoded = address.partition(",")
    mime, _, coding = head.removeprefix("data:").partition(";")
    mime = mime.strip().lower()
    if not head.startswith("data:") or not comma or coding.strip().lower() != "base64":
        return None
    if mime == SVG:
        try:
            encoded = base64.b64decode("".join(encoded.split()), validate=True).decode()
        except (ValueError, UnicodeDecodeError):
            return None
    return picture_from(mime, encoded)
