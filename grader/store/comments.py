"""The shared library of comments: a change of one changes every score that uses it, at once."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.sql import Select

from grader.errors import ConflictError, StoreError
from grader.store import schema
from grader.store.database import Database
from grader.store.interface import Comment
from grader.store.rows import now

TABLE = schema.comments


class CommentLibrary:
    """Comments by item, every version of each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def comments(self, item: str | None = None, *, retired: bool = False) -> list[Comment]:
        """The library, in the order in which comments were added.

        Args:
            item: Those of one item; all where None.
            retired: Those that are no longer offered too.
        """
        with self._database.reading() as connection:
            found = list(newest_comments(connection).values())
        return [
            comment
            for comment in found
            if (item is None or comment.item == item) and (retired or not comment.retired)
        ]

    def put_comment(self, comment: Comment, expected_version: int = 0) -> Comment:
        """Add a comment, or change one.

        Args:
            comment: With `id` 0 a new one. A change of its points changes every score that uses it.
            expected_version: The version that the writer has read; 0 for a new one.

        Returns:
            It as it is kept, with `id`, `version` and `changed`.

        Raises:
            ConflictError: someone else has changed it meanwhile.
            StoreError: there is none with this `id`, or it would change its item.
        """
        with self._database.writing() as connection:
            return put_in(connection, comment, expected_version)

    def comment_history(self, number: int) -> list[Comment]:
        """Every version of a comment, the newest last."""
        query = select(TABLE).where(TABLE.c.id == number).order_by(TABLE.c.version)
        with self._database.reading() as connection:
            return [_comment(row) for row in connection.execute(query)]


def put_in(connection: Connection, comment: Comment, expected_version: int) -> Comment:
    """As `put_comment`, in a transaction that goes on."""
    if not comment.text.strip():
        raise StoreError("comment: text must be some words, got none")
    if comment.id:
        known = newest_comments(connection, comment.id).get(comment.id)
        if known is None or known.item != comment.item:
            raise StoreError(f"comment {comment.id}: must be one of item {comment.item!r}, is not")
        if known.version != expected_version:
            raise ConflictError(
                f"comment {comment.id}: {known.grader or 'someone'} has changed it to version "
                f"{known.version} since it was read; look at it and change it again",
                known,
            )
        number = comment.id
    else:
        number = (connection.execute(select(func.max(TABLE.c.id))).scalar() or 0) + 1
    kept = msgspec.structs.replace(
        comment,
        id=number,
        version=expected_version + 1 if comment.id else 1,
        changed=now(),
    )
    connection.execute(insert(TABLE).values(msgspec.structs.asdict(kept)))
    return kept


def newest_comments(connection: Connection, number: int | None = None) -> dict[int, Comment]:
    """Every comment, retired or not, by number; or the one with this number."""
    newest = select(TABLE.c.id, func.max(TABLE.c.version).label("version")).group_by(TABLE.c.id)
    chosen = newest.subquery()
    query: Select[Any] = select(TABLE).join(
        chosen, (TABLE.c.id == chosen.c.id) & (TABLE.c.version == chosen.c.version)
    )
    if number is not None:
        query = query.where(TABLE.c.id == number)
    return {row.id: _comment(row) for row in connection.execute(query.order_by(TABLE.c.id))}


def _comment(row: Row[Any]) -> Comment:
    return Comment(
        id=row.id,
        version=row.version,
        item=row.item,
        text=row.text,
        points=row.points,
        retired=row.retired,
        grader=row.grader,
        changed=row.changed,
    )
