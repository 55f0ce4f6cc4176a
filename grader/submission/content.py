"""What a file is by its bytes, whatever its name says."""

import codecs

from grader.errors import SubmissionError
from grader.submission.file_names import MODULE_SUFFIX, NOTEBOOK_SUFFIX
from grader.submission.text import decode_module

HEAD = 1024
"""Bytes at the beginning that say what a file is."""
ZIP, WEB_PAGE = "a zip archive", "a web page"
SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
    (b"{\\rtf", "a rich-text document"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG\r\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x7fELF", "a compiled program"),
    (b"From: <Saved by", WEB_PAGE),
    (b"<?xml", WEB_PAGE),
    (b"<!--", WEB_PAGE),
)
"""First bytes of files that are handed in by mistake."""
OFFICE_PARTS = (
    (b"word/", "a Word document"),
    (b"xl/", "an Excel workbook"),
    (b"ppt/", "a PowerPoint presentation"),
    (b"opendocument.text", "an OpenDocument text"),
)
"""Names within a zip archive that say whose document it is."""
PAGE_TAGS = (b"<!doctype html", b"<html", b"<head", b"<body")
NOTEBOOK_KEYS = (b'"cells"', b'"worksheets"')
MODULE_LINES = ("def ", "class ", "import ", "async def ")
NOT_GRADABLE = "submit the notebook (.ipynb) or the module (.py) itself"


def check_content(name: str, raw: bytes) -> None:
    """Refuse what can be neither a notebook nor a module, and say what it is.

    Raises:
        SubmissionError: it is empty, or a file of another program.
    """
    if not raw.removeprefix(codecs.BOM_UTF8).strip():
        raise SubmissionError(f"{name}: the file is empty; save your work and submit it again")
    if what := _foreign(raw):
        raise SubmissionError(f"{name}: this is {what}; {NOT_GRADABLE}")


def suffix_by_content(raw: bytes, suffix: str) -> str:
    """`.ipynb` or `.py`: what the file is, where its bytes say so clearly; else `suffix`.

    Args:
        raw: The file's bytes.
        suffix: What its name says.
    """
    first = _head(raw)[:1]
    if first == b"{" and any(key in raw for key in NOTEBOOK_KEYS):
        return NOTEBOOK_SUFFIX
    if suffix == NOTEBOOK_SUFFIX and first not in {b"{", b"["} and _is_module(raw):
        return MODULE_SUFFIX
    return suffix


def _foreign(raw: bytes) -> str:
    head = _head(raw)
    what = next((what for first, what in SIGNATURES if head.startswith(first)), "")
    if what == ZIP:
        return next((document for part, document in OFFICE_PARTS if part in raw), ZIP)
    head = head.lower()
    if head.startswith(b"<") and any(tag in head for tag in PAGE_TAGS):
        return WEB_PAGE
    return what


def _head(raw: bytes) -> bytes:
    return raw[:HEAD].removeprefix(codecs.BOM_UTF8).lstrip()


def _is_module(raw: bytes) -> bool:
    """Whether a line of it begins as one of Python does."""
    try:
        text, _ = decode_module("", raw)
    except SubmissionError:
        return False
    return any(line.startswith(MODULE_LINES) for line in text.split("\n"))
