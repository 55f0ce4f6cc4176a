"""grader/store/comments.py: a library that several persons change."""

import msgspec
import pytest

from grader.errors import ConflictError, StoreError
from grader.store import Comment, Store

ONE = Comment(item="1.1b", text="AU is missing", points=-2.0, grader="ta")


def test_comments_are_listed_by_item_in_the_order_they_came(store: Store) -> None:
    """Each gets a number of its own."""
    first = store.put_comment(ONE)
    other = store.put_comment(msgspec.structs.replace(ONE, item="1.1c"))
    second = store.put_comment(msgspec.structs.replace(ONE, text="which U?"))
    assert store.comments("1.1b") == [first, second]
    assert store.comments() == [first, other, second]
    assert first.changed


def test_a_changed_comment_keeps_its_number_and_its_history(store: Store) -> None:
    """Who changed what is kept."""
    first = store.put_comment(ONE)
    second = store.put_comment(
        msgspec.structs.replace(first, points=-1.0, grader="prof"), first.version
    )
    assert (second.id, second.version) == (first.id, 2)
    assert store.comments() == [second]
    assert store.comment_history(first.id) == [first, second]


def test_a_change_of_an_older_version_is_refused(store: Store) -> None:
    """No update is lost; the error carries what is there now."""
    first = store.put_comment(ONE)
    second = store.put_comment(msgspec.structs.replace(first, points=-1.0), 1)
    with pytest.raises(ConflictError) as caught:
        store.put_comment(msgspec.structs.replace(first, points=0.0), 1)
    assert caught.value.current == second
    assert store.comments() == [second]


def test_a_retired_comment_is_no_longer_offered(store: Store) -> None:
    """It can be asked for and brought back."""
    first = store.put_comment(ONE)
    retired = store.put_comment(msgspec.structs.replace(first, retired=True), 1)
    assert store.comments() == []
    assert store.comments(retired=True) == [retired]
    store.put_comment(msgspec.structs.replace(retired, retired=False), 2)
    assert len(store.comments()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        Comment(item="1.1b", text="  "),
        Comment(id=7, item="1.1b", text="unknown"),
        Comment(id=1, item="1.1c", text="moved to another item"),
    ],
    ids=["empty", "unknown", "moved"],
)
def test_a_comment_that_does_not_fit_is_refused(store: Store, wrong: Comment) -> None:
    """Words are needed, a known number, and the item that it was made for."""
    store.put_comment(ONE)
    with pytest.raises(StoreError):
        store.put_comment(wrong, 1 if wrong.id else 0)
    assert len(store.comments()) == 1
