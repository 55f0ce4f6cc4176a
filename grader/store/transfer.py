"""Hand scores and comments as plain dicts, to move them between stores or keep them in a file."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from grader.errors import ConflictError, StoreError
from grader.store.comments import newest_comments
from grader.store.comments import put_in as put_comment
from grader.store.database import Database
from grader.store.hand import put_in, read_scores
from grader.store.interface import Comment, HandScore


class _Told(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A comment as it is exported: by its words, since numbers differ from store to store."""

    text: str
    points: float = 0.0


class _Given(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A hand score as it is exported."""

    student: str
    item: str
    points: float
    worth: float
    criteria: dict[str, float] = {}
    comment: str = ""
    comments: list[_Told] = []
    sha256: str = ""
    slot: str = ""
    grader: str = ""
    changed: str = ""


class Transfer:
    """Exports and imports what persons gave."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def export_hand(self) -> list[dict[str, Any]]:
        """Every hand score of every slot as plain values, by student and item."""
        with self._database.reading() as connection:
            comments = newest_comments(connection)
            return [_exported(score, comments) for score in read_scores(connection, slot=None)]

    def import_hand(self, rows: Iterable[Mapping[str, Any]], *, overwrite: bool = False) -> int:
        """Take over exported hand scores, all of them or none.

        Comments are found by item and words, and added where missing. A score that is the same
        here already is left alone.

        Args:
            rows: As `export_hand` gives them; only student, item, points and worth are needed.
            overwrite: Whether another score that is here already is replaced.

        Returns:
            How many scores were written.

        Raises:
            ConflictError: other scores are here already; the text names them.
            StoreError: a row is no hand score.
        """
        given = [_read(number, row) for number, row in enumerate(rows, start=1)]
        written, conflicts = 0, []
        with self._database.writing() as connection:
            for row in given:
                score = _score(connection, row)
                found = read_scores(connection, student=row.student, item=row.item, slot=row.slot)
                if found and _same(found[0], score):
                    continue
                if found and not overwrite:
                    conflicts.append(
                        f"item {row.item} of {row.student}: {found[0].points:g} is here, "
                        f"{row.points:g} comes"
                    )
                    continue
                put_in(connection, score, found[0].version if found else 0)
                written += 1
            if conflicts:
                raise ConflictError(
                    "import: no other scores must be here already, got "
                    f"{'; '.join(conflicts[:20])}; ask to overwrite them if that is meant"
                )
        return written


def _exported(score: HandScore, comments: Mapping[int, Comment]) -> dict[str, Any]:
    used = [comments[number] for number in score.comments]
    row = _Given(
        student=score.student,
        item=score.item,
        points=score.points,
        worth=score.worth,
        criteria=dict(score.criteria),
        comment=score.comment,
        comments=[_Told(text=comment.text, points=comment.points) for comment in used],
        sha256=score.sha256,
        slot=score.slot,
        grader=score.grader,
        changed=score.changed,
    )
    plain: dict[str, Any] = msgspec.to_builtins(row)
    return plain


def _read(number: int, row: Mapping[str, Any]) -> _Given:
    try:
        return msgspec.convert(dict(row), _Given)
    except (msgspec.ValidationError, TypeError, ValueError) as exc:
        raise StoreError(f"import: row {number} must be a hand score: {exc}") from exc


def _score(connection: Connection, row: _Given) -> HandScore:
    return HandScore(
        student=row.student,
        item=row.item,
        points=row.points,
        criteria=row.criteria,
        comment=row.comment,
        comments=tuple(_number(connection, row.item, told) for told in row.comments),
        worth=row.worth,
        sha256=row.sha256,
        slot=row.slot,
        grader=row.grader,
    )


def _number(connection: Connection, item: str, told: _Told) -> int:
    for number, comment in newest_comments(connection).items():
        if comment.item == item and comment.text == told.text:
            return number
    made = Comment(item=item, text=told.text, points=told.points)
    return put_comment(connection, made, 0).id


def _same(here: HandScore, there: HandScore) -> bool:
    fields = ("points", "criteria", "comment", "comments", "worth", "grader")
    return all(getattr(here, name) == getattr(there, name) for name in fields)
