"""Read a hand-in: a file's bytes become cells, cells become statements. Nothing is run."""

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from grader.errors import SubmissionError
from grader.submission.collect import Collector
from grader.submission.content import check_content, suffix_by_content
from grader.submission.file_names import MODULE_SUFFIX, NOTEBOOK_SUFFIX, gradable_name
from grader.submission.notebook import check_size, read_notebook
from grader.submission.program import Program
from grader.submission.text import decode_module, shown

KINDS = {NOTEBOOK_SUFFIX: "notebook", MODULE_SUFFIX: "module"}
MAX_NOTES = 12


@dataclass(frozen=True)
class Parsed:
    """One submission, read and analysed."""

    name: str
    """The file's name, fit to be shown."""
    sha256: str
    """Of the file's bytes, in hexadecimal digits."""
    kind: str
    """`notebook` or `module`."""
    notes: tuple[str, ...] = ()
    """What a person should know: cells that are left out, and why."""
    program: Program = field(default_factory=lambda: Program((), ()), repr=False, compare=False)
    """Its statements, for `slice_of`."""


def parse_submission(name: str, raw: bytes) -> Parsed:
    """Read a submission in this process; `reader` does it in one that can be ended.

    Args:
        name: Its file name, as `gradable_name` understands it.
        raw: Its bytes.

    Raises:
        SubmissionError: it can't be read at all. A syntax error is no such case: what is broken is
            left out with a note, and the other cells count.
    """
    named, is_renamed = gradable_name(name), PurePath(name).suffix.lower() not in KINDS
    name = shown(name)
    check_size(name, len(raw))
    check_content(name, raw)
    if not named:
        raise SubmissionError(
            f"{name}: the submission must be a notebook (.ipynb) or a module (.py), got the suffix "
            f"{PurePath(name).suffix!r}"
        )
    suffix = suffix_by_content(raw, named)
    kind = KINDS[suffix]
    collector = Collector(name)
    if suffix != named:
        collector.notes.append(
            f"the file is a {kind}, though its name ends in {named}; it is read as one"
        )
    elif is_renamed:
        collector.notes.append(
            f"the file is read as a {kind}, without the suffix that a browser appended"
        )
    with warnings.catch_warnings():
        # Those of the submission's own source, such as an invalid escape, are no news to staff.
        warnings.simplefilter("ignore")
        if suffix == NOTEBOOK_SUFFIX:
            collector.add_notebook(read_notebook(raw, name))
        else:
            text, note = decode_module(name, raw)
            collector.notes.extend([note] if note else [])
            collector.add_module(text)
    return Parsed(
        name=name,
        sha256=hashlib.sha256(raw).hexdigest(),
        kind=kind,
        notes=tuple(_cut(collector.notes)),
        program=Program(collector.statements, collector.unused, collector.disabled),
    )


def _cut(notes: list[str]) -> Iterator[str]:
    yield from notes[:MAX_NOTES]
    if len(notes) > MAX_NOTES:
        yield f"and {len(notes) - MAX_NOTES} more notes like these"
