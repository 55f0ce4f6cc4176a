"""Which feedback is given most: the same words with other numbers are one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from grader.model import CheckRecord, ItemRecord, Status
from grader.report.clean import one_line, shortened
from grader.report.standing import Part

MOST_KINDS = 20_000
"""Kinds kept while counting, so that a class of strange texts fills no memory."""
MOST_EXAMPLES = 6
_NUMBER = re.compile(r"[-+]?\d+(?:[_,]\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SHAPE = re.compile(r"\(#(?:, ?#)*,?\)")
_QUOTED = re.compile(r"'[^']{1,80}'")


@dataclass
class Kind:
    """Feedback that differs in numbers alone."""

    item: str
    check: str
    status: Status
    text: str
    """As the first student got it."""
    hint: str
    students: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)
    """(name, link) of a few students who got it."""


class Feedbacks:
    """Counts, student by student."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str, str], Kind] = {}

    def add(self, items: tuple[ItemRecord, ...], name: str, link: str) -> None:
        """Count the feedback of one student, each kind once."""
        seen: set[tuple[str, str, str]] = set()
        for item, part in _told(items):
            check = part.name if isinstance(part, CheckRecord) else ""
            key = (item.id, check, normalised(part.feedback))
            if key in seen or (key not in self._kinds and len(self._kinds) >= MOST_KINDS):
                continue
            seen.add(key)
            text, hint = (
                shortened(one_line(part.feedback), 300),
                shortened(one_line(part.hint), 300),
            )
            kind = self._kinds.setdefault(key, Kind(item.id, check, part.status, text, hint))
            kind.students += 1
            if len(kind.examples) < MOST_EXAMPLES:
                kind.examples.append((name, link))

    def most_frequent(self, most: int) -> list[Kind]:
        """The kinds that most students got, the most frequent first."""
        kinds = self._kinds.values()
        return sorted(kinds, key=lambda kind: (-kind.students, kind.item, kind.text))[:most]


def normalised(text: str) -> str:
    """`text` with each number, each shape and each quoted value replaced by a sign."""
    line = shortened(one_line(text), 300)
    return _SHAPE.sub("(#)", _NUMBER.sub("#", _QUOTED.sub("'…'", line)))


def _told(items: tuple[ItemRecord, ...]) -> Iterator[tuple[ItemRecord, Part]]:
    for item in items:
        parts: tuple[Part, ...] = (item, *item.checks)
        for part in parts:
            if part.feedback and part.status is not Status.GRADER_FAULT:
                yield item, part
