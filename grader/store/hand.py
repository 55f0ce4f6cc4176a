"""What persons give: every version kept, no update lost, nothing overwritten by a regrade."""

import math
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.sql import Select

from grader.errors import ConflictError, StoreError
from grader.store import schema
from grader.store.comments import newest_comments
from grader.store.database import Database
from grader.store.interface import Comment, HandScore
from grader.store.rows import now

TABLE = schema.hand_scores


class HandScores:
    """Hand scores by student and item; a slot with a name holds a second judgement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hand_scores(
        self, student: str | None = None, item: str | None = None, slot: str | None = ""
    ) -> list[HandScore]:
        """The scores given, as they are now, by student and item.

        Args:
            student: Of one student; of all where None.
            item: For one item; for all where None.
            slot: Empty: those that count. A name: that grader's second judgements. None: all.
        """
        with self._database.reading() as connection:
            return read_scores(connection, student=student, item=item, slot=slot)

    def put_hand_score(self, score: HandScore, expected_version: int) -> HandScore:
        """Give a score, or change one.

        Args:
            score: Its `version`, `changed`, `effect` and `remarks` are not looked at.
            expected_version: The version that the writer has read; 0 where there was no score.

        Returns:
            It as it is kept, with its new version and the effect of its comments.

        Raises:
            ConflictError: someone else has changed it meanwhile; nothing was written.
            StoreError: the points don't fit, or a comment is none of this item.
        """
        with self._database.writing() as connection:
            return put_in(connection, score, expected_version)

    def take_back(
        self, student: str, item: str, expected_version: int, *, slot: str = "", grader: str = ""
    ) -> HandScore | None:
        """Undo the last change of a score; doing it again goes further back.

        Returns:
            The score that counts now; None where there is none any more.

        Raises:
            ConflictError: someone else has changed it meanwhile; nothing was written.
            StoreError: there is nothing to take back.
        """
        with self._database.writing() as connection:
            last = _last(connection, student, item, slot)
            if last is None or last.points is None:
                raise StoreError(f"item {item} of {student}: no score is there to take back")
            _expect(connection, last, expected_version, student, item)
            back: dict[str, Any] = {"points": None, "parent": 0}
            if last.parent:
                query = _of(student, item, slot).where(TABLE.c.version == last.parent)
                back = dict(connection.execute(query).one()._mapping)  # noqa: SLF001 - its public name
            changes = {"version": last.version + 1, "grader": grader, "changed": now()}
            row = dict(last._mapping) | back | changes  # noqa: SLF001 - likewise
            del row["id"]
            connection.execute(insert(TABLE).values(row))
            found = read_scores(connection, student=student, item=item, slot=slot)
            return found[0] if found else None

    def hand_history(self, student: str, item: str, slot: str = "") -> list[HandScore | None]:
        """Every version of a score, the newest last; None where it was taken back."""
        with self._database.reading() as connection:
            comments = newest_comments(connection)
            rows = connection.execute(_of(student, item, slot).order_by(TABLE.c.version))
            return [None if row.points is None else _score(row, comments) for row in rows]


def read_scores(
    connection: Connection,
    *,
    student: str | None = None,
    item: str | None = None,
    slot: str | None = "",
    among: tuple[str, str] | None = None,
) -> list[HandScore]:
    """As `HandScores.hand_scores`, on a connection; `among`: of the students from, to."""
    newest = select(func.max(TABLE.c.id)).group_by(TABLE.c.student, TABLE.c.item, TABLE.c.slot)
    query = select(TABLE).where(TABLE.c.points.is_not(None))
    for column, wanted in ((TABLE.c.student, student), (TABLE.c.item, item), (TABLE.c.slot, slot)):
        if wanted is not None:
            query = query.where(column == wanted)
            newest = newest.where(column == wanted)
    if among is not None:
        query = query.where(TABLE.c.student.between(*among))
        newest = newest.where(TABLE.c.student.between(*among))
    query = query.where(TABLE.c.id.in_(newest))
    rows = connection.execute(query.order_by(TABLE.c.student, TABLE.c.item, TABLE.c.slot)).all()
    comments = newest_comments(connection) if rows else {}
    return [_score(row, comments) for row in rows]


def put_in(connection: Connection, score: HandScore, expected_version: int) -> HandScore:
    """As `HandScores.put_hand_score`, in a transaction that goes on."""
    where = f"item {score.item} of {score.student}"
    if not (math.isfinite(score.points) and 0 <= score.points <= score.worth):
        raise StoreError(
            f"{where}: points must be a number from 0 to {score.worth:g}, got {score.points!r}"
        )
    comments = newest_comments(connection)
    for number in score.comments:
        if number not in comments or comments[number].item != score.item:
            raise StoreError(f"{where}: comment {number} must be one of this item, is not")
    last = _last(connection, score.student, score.item, score.slot)
    _expect(connection, last, expected_version, score.student, score.item)
    row = {
        "student": score.student,
        "item": score.item,
        "slot": score.slot,
        "version": (last.version if last is not None else 0) + 1,
        "parent": last.version if last is not None and last.points is not None else 0,
        "points": score.points,
        "criteria": msgspec.json.encode(score.criteria, order="deterministic").decode(),
        "comment": score.comment,
        "comments": msgspec.json.encode(score.comments).decode(),
        "worth": score.worth,
        "sha256": score.sha256,
        "grader": score.grader,
        "changed": now(),
    }
    connection.execute(insert(TABLE).values(row))
    last = _last(connection, score.student, score.item, score.slot)
    assert last is not None  # noqa: S101 - it was just written
    return _score(last, comments)


def _expect(
    connection: Connection, last: Row[Any] | None, expected: int, student: str, item: str
) -> None:
    """Refuse to write over what the writer has not seen."""
    current = last if last is not None and last.points is not None else None
    if (current.version if current is not None else 0) == expected:
        return
    if current is not None:
        happened = f"{current.grader or 'someone'} has given {current.points:g} points"
    else:
        happened = f"{(last.grader if last is not None else '') or 'someone'} has taken it back"
    raise ConflictError(
        f"item {item} of {student}: {happened} since it was read; look at it and decide again",
        None if current is None else _score(current, newest_comments(connection)),
    )


def _of(student: str, item: str, slot: str) -> Select[Any]:
    return select(TABLE).where(
        TABLE.c.student == student, TABLE.c.item == item, TABLE.c.slot == slot
    )


def _last(connection: Connection, student: str, item: str, slot: str) -> Row[Any] | None:
    query = _of(student, item, slot).order_by(TABLE.c.version.desc()).limit(1)
    return connection.execute(query).one_or_none()


def _score(row: Row[Any], comments: dict[int, Comment]) -> HandScore:
    used = msgspec.json.decode(row.comments, type=tuple[int, ...])
    return HandScore(
        student=row.student,
        item=row.item,
        points=row.points,
        criteria=msgspec.json.decode(row.criteria, type=dict[str, float]),
        comment=row.comment,
        comments=used,
        worth=row.worth,
        sha256=row.sha256,
        slot=row.slot,
        grader=row.grader,
        version=row.version,
        changed=row.changed,
        effect=round(sum(comments[number].points for number in used), 2),
        remarks=tuple(comments[number].text for number in used),
    )
