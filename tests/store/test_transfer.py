"""grader/store/transfer.py: hand scores move between stores whole."""

from pathlib import Path

import msgspec
import pytest
import yaml

from grader.errors import ConflictError, StoreError
from grader.store import Comment, Store, open_store
from tests.records import NASTY
from tests.store.hand_ins import score


def fill(store: Store) -> None:
    store.put_comment(Comment(item="1.1c", text="another item's"))
    comment = store.put_comment(Comment(item="1.1b", text=NASTY, points=-1.0))
    full = msgspec.structs.replace(
        score(NASTY), criteria={"1": 3.0}, comment=NASTY, comments=(comment.id,), sha256="ab"
    )
    store.put_hand_score(full, 0)
    store.put_hand_score(score("bert"), 0)
    store.put_hand_score(msgspec.structs.replace(score("bert", points=1.0), slot="x"), 0)


def test_what_is_exported_is_plain_and_comes_back_the_same(store: Store, tmp_path: Path) -> None:
    """By way of YAML, into an empty store, with the comments it uses."""
    fill(store)
    rows = yaml.safe_load(yaml.safe_dump(store.export_hand(), allow_unicode=True))
    with open_store(tmp_path / "other", create=True) as other:
        assert other.import_hand(rows) == 3
        assert [one.total for one in other.hand_scores(slot=None)] == [
            one.total for one in store.hand_scores(slot=None)
        ]
        assert other.export_hand() != []
        assert [row | {"changed": ""} for row in other.export_hand()] == [
            row | {"changed": ""} for row in store.export_hand()
        ]


def test_importing_twice_changes_nothing(store: Store) -> None:
    """The same scores are left alone, version and all."""
    fill(store)
    before = store.hand_scores(slot=None)
    assert store.import_hand(store.export_hand()) == 0
    assert store.hand_scores(slot=None) == before
    assert len(store.comments()) == 2


def test_other_scores_are_overwritten_only_when_asked(store: Store) -> None:
    """A conflict names the score and writes nothing at all."""
    store.put_hand_score(score("bert"), 0)
    rows = [
        {"student": "anna", "item": "1.1b", "points": 1, "worth": 5},
        {"student": "bert", "item": "1.1b", "points": 1, "worth": 5},
    ]
    with pytest.raises(ConflictError, match=r"of bert: 3 is here, 1 comes"):
        store.import_hand(rows)
    assert [one.points for one in store.hand_scores()] == [3.0]
    assert store.import_hand(rows, overwrite=True) == 2
    assert [one.points for one in store.hand_scores()] == [1.0, 1.0]
    assert len(store.hand_history("bert", "1.1b")) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"student": "anna", "item": "1.1b", "points": 1},
        {"student": "anna", "item": "1.1b", "points": "many", "worth": 5},
        {"student": "anna", "item": "1.1b", "points": 1, "worth": 5, "bonus": 1},
        {"student": "anna", "item": "1.1b", "points": 9, "worth": 5},
    ],
    ids=["missing", "type", "unknown", "too many"],
)
def test_a_row_that_is_no_hand_score_writes_nothing(store: Store, row: dict[str, object]) -> None:
    """All rows are taken or none."""
    good = {"student": "bert", "item": "1.1b", "points": 1, "worth": 5}
    with pytest.raises(StoreError):
        store.import_hand([good, row])
    assert store.hand_scores() == []
