"""The shared library of comments, as the page uses it."""

from collections import Counter

from grader.review.assignment import Assignment
from grader.review.views import Remark
from grader.store import Comment, Store

RUBRIC = "rubric"
"""Who wrote the comments that the rubric brings along."""


class Library:
    """Comments of a run. A change of one changes every score that uses it, at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def stock(self, assignment: Assignment) -> None:
        """Add the rubric's comments where they are missing; one that was retired stays so."""
        known = {(comment.item, comment.text) for comment in self._store.comments(retired=True)}
        for item in assignment.by_hand:
            for remark in item.hand.comments if item.hand is not None else ():
                if (item.id, remark.text) not in known:
                    self._store.put_comment(
                        Comment(item=item.id, text=remark.text, points=remark.points, grader=RUBRIC)
                    )

    def remarks(self, item: str) -> list[Remark]:
        """The comments for an item, retired ones too, and how often each is used."""
        used = Counter(
            number for score in self._store.hand_scores(item=item) for number in score.comments
        )
        return [
            Remark(
                id=comment.id,
                text=comment.text,
                points=comment.points,
                version=comment.version,
                used=used[comment.id],
                retired=comment.retired,
            )
            for comment in self._store.comments(item, retired=True)
        ]

    def add(self, item: str, text: str, points: float, person: str) -> Comment:
        """A new comment.

        Raises:
            StoreError: it has no words.
        """
        made = Comment(item=item, text=text.strip(), points=points, grader=person)
        return self._store.put_comment(made)

    def change(
        self,
        number: int,
        item: str,
        text: str,
        points: float,
        person: str,
        *,
        retired: bool,
        version: int,
    ) -> Comment:
        """Change a comment's words or points, or retire it.

        Args:
            number: Of the comment.
            item: That it belongs to.
            text: Its words from now on.
            points: What it adds to every score that uses it, from now on.
            person: Who changes it.
            retired: Whether it is no longer offered.
            version: That the person has seen.

        Raises:
            ConflictError: someone else has changed it meanwhile.
            StoreError: there is none with this number.
        """
        comment = Comment(
            id=number, item=item, text=text.strip(), points=points, retired=retired, grader=person
        )
        return self._store.put_comment(comment, version)
