"""The rows of a learning management system's own CSV file, matched with the hand-ins of a run."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from grader.model import Status
from grader.names import same_name_key
from grader.report.interface import Graded
from grader.report.standing import Standing, record_standing

_WORDS = re.compile(r"\w+")
NUMBERED = {"canvas", "moodle", "blackboard", "brightspace"}
"""Layouts whose numbers the system writes; their names may be a group's, or hide the student."""
SHORT_WORD = 2
"""Letters."""


@dataclass(frozen=True)
class Gradebook:
    """A file to import, and what its reader should know before."""

    content: bytes
    unmatched: tuple[str, ...] = ()
    """Students of the run whom the roster lacks."""
    ungraded: tuple[str, ...] = ()
    """Rows of the roster that got no points: nothing was handed in, or it could not be graded."""
    unfinished: tuple[str, ...] = ()
    """Students whose points will still change: some are open, or the grader failed."""
    contested: tuple[str, ...] = ()
    """Students whose points were left out, since several hand-ins or rows claim them."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matched:
    """Which hand-in belongs into which row of a roster."""

    rows: tuple[Graded | None, ...]
    """For each row its hand-in, None where there is none."""
    contested: tuple[str, ...] = ()
    """Students and identifiers that get no points before staff decide."""
    by_name: tuple[str, ...] = ()
    """Students who were found by their name alone, which they choose themselves."""
    ids: tuple[str, ...] = ()
    """The identifier in each row, of the column that was used."""
    blocked: frozenset[int] = frozenset()
    """Rows that get no points before staff decide."""
    group_notes: tuple[str, ...] = ()
    """What groups share."""

    @property
    def notes(self) -> list[str]:
        """What the reader should know of how rows were found."""
        by_name = [f"{student}: found in the roster by the name alone" for student in self.by_name]
        return [*by_name, *self.group_notes]


def match_rows(
    run: Sequence[Graded], columns: Iterable[Sequence[str]], names: Sequence[str]
) -> Matched:
    """The hand-in of each row of a roster.

    One column of identifiers is used for all rows, the one that finds most hand-ins: the number of
    one student in one column may be that of another in the next. Where it finds nothing, a name
    counts that only one row and one hand-in have. An identifier that several hand-ins claim, or
    several rows have, finds nothing, and so does one whose hand-in has quite another name than the
    row: a student may have typed another's number into a profile.

    Args:
        run: The hand-ins.
        columns: Columns that may hold the run's identifiers, each with a cell for each row.
        names: The students' names, one for each row.
    """
    claimed: dict[str, list[Graded]] = {}
    for graded in run:
        if key := same_name_key(graded.contested or graded.student):
            claimed.setdefault(key, []).append(graded)
    ids = max(
        columns,
        key=lambda column: sum(same_name_key(cell) in claimed for cell in column),
        default=[""] * len(names),
    )
    best = [same_name_key(cell) for cell in ids]
    uses = Counter(best)
    disputed = {
        key
        for key, graded in claimed.items()
        if len(graded) > 1 or graded[0].contested or uses[key] > 1
    }
    certain = {key: graded[0] for key, graded in claimed.items() if key not in disputed}
    found = [certain.get(cell) for cell in best]
    strangers = {
        place
        for place, (graded, name) in enumerate(zip(found, names, strict=True))
        if graded and graded.layout not in NUMBERED and not may_be_same_person(graded.name, name)
    }
    disputed |= {best[place] for place in strangers}
    found = [None if place in strangers else graded for place, graded in enumerate(found)]
    by_name = _by_name(
        run,
        certain.keys() - set(best),
        [
            "" if cell in disputed or cell in certain else name_key(name)
            for cell, name in zip(best, names, strict=True)
        ],
        names,
    )
    rows = tuple(graded or by_name.get(place) for place, graded in enumerate(found))
    return Matched(
        rows=rows,
        contested=tuple(
            graded.student
            for key, claims in claimed.items()
            if key in disputed
            for graded in claims
        ),
        by_name=tuple(graded.student or graded.file for graded in by_name.values()),
        ids=tuple(cell.strip() for cell in ids),
        blocked=frozenset(place for place, key in enumerate(best) if key in disputed),
    )


def _by_name(
    run: Sequence[Graded], free: Collection[str], keys: Sequence[str], names: Sequence[str]
) -> dict[int, Graded]:
    """Row -> the hand-in that has its name, where no other row and no other hand-in has it.

    Args:
        run: The hand-ins.
        free: Keys of those that no identifier has found and nobody else claims.
        keys: For each row the key of its name, empty where its identifier has decided.
        names: Of all rows.
    """
    graded_names = Counter(name_key(graded.name) for graded in run)
    row_names = Counter(map(name_key, names))
    left = {
        key: graded
        for graded in run
        if (key := name_key(graded.name))
        and graded_names[key] == row_names[key] == 1
        and (same_name_key(graded.student) in free or not graded.student)
    }
    return {place: left[key] for place, key in enumerate(keys) if key in left}


def unmatched(run: Iterable[Graded], matched: Matched) -> tuple[str, ...]:
    """Students of the run whom no row names."""
    taken = {id(graded) for graded in matched.rows}
    return tuple(
        graded.student or graded.file
        for graded in run
        if id(graded) not in taken and graded.student not in matched.contested
    )


def name_key(name: str) -> str:
    """Same for "Lovelace, Ada" and "Ada Lovelace"; empty for an empty name."""
    return " ".join(sorted(_WORDS.findall(name.casefold())))


def may_be_same_person(one: str, other: str) -> bool:
    """Whether two names share a word, or one of them is missing.

    Accents, capitals and order don't count. A name may be written as Canvas does, `doejane`.
    """
    words, others = _plain_words(one), _plain_words(other)
    if not words or not others or set(words) & set(others):
        return True
    return _is_written_in("".join(others), words) or _is_written_in("".join(words), others)


def _is_written_in(text: str, words: Iterable[str]) -> bool:
    for word in words:
        # Chinese names are as short as one sign; of Latin ones a few letters prove nothing.
        ends = len(word) >= SHORT_WORD or not word.isascii()
        if ends and (text.startswith(word) or text.endswith(word)):
            return True
        if len(word) > SHORT_WORD and word in text:
            return True
    return False


def _plain_words(name: str) -> list[str]:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return _WORDS.findall("".join(char for char in text if not unicodedata.combining(char)))


def standing_of(graded: Graded | None) -> Standing | None:
    """The points of a hand-in; None where nothing was graded."""
    if graded is None or graded.record is None:
        return None
    return record_standing(graded.record, graded.hand)


def is_unfinished(graded: Graded) -> bool:
    """Whether points will still change: some are open, or the grader failed."""
    standing = standing_of(graded)
    if graded.record is None or standing is None:
        return True
    return standing.open > 0 or graded.record.status is Status.GRADER_FAULT
