"""grader/store/hand.py: no update is lost, every change can be taken back."""

import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import ConflictError, StoreError
from grader.store import Comment, HandScore, Store, open_store
from tests.store.hand_ins import entry, record_of, score


def test_a_score_comes_back_as_it_was_given(store: Store) -> None:
    """Every field is kept, and who gave it when is added."""
    given_ = msgspec.structs.replace(
        score(), criteria={"1": 2.0, "2": 1.0}, comment="só só", sha256="ab"
    )
    kept = store.put_hand_score(given_, 0)
    assert store.hand_scores() == [kept]
    assert msgspec.structs.replace(kept, version=0, changed="") == given_
    assert kept.version == 1
    assert kept.changed.startswith("20")


def test_scores_are_found_by_student_and_item(store: Store) -> None:
    """Each filter narrows; together they find one."""
    for student in ("anna", "bert"):
        for item in ("1.1b", "1.1c"):
            store.put_hand_score(score(student, item), 0)
    assert len(store.hand_scores()) == 4
    assert [one.item for one in store.hand_scores(student="anna")] == ["1.1b", "1.1c"]
    assert [one.student for one in store.hand_scores(item="1.1c")] == ["anna", "bert"]
    assert len(store.hand_scores("bert", "1.1c")) == 1


def test_a_writer_who_read_an_older_version_is_refused(store: Store) -> None:
    """Who comes second learns what the first gave, and nothing is overwritten."""
    store.put_hand_score(score(points=3.0), 0)
    with pytest.raises(ConflictError, match="ta has given 3 points") as caught:
        store.put_hand_score(score(points=1.0), 0)
    assert isinstance(caught.value.current, HandScore)
    assert caught.value.current.points == 3.0
    assert [one.points for one in store.hand_scores()] == [3.0]


def test_a_version_that_never_was_is_refused(store: Store) -> None:
    """A made-up version doesn't count as having read it."""
    with pytest.raises(ConflictError):
        store.put_hand_score(score(), 4)
    assert store.hand_scores() == []


@pytest.mark.parametrize("points", [-0.5, 5.5, float("nan"), float("inf")])
def test_points_outside_the_item_are_refused(store: Store, points: float) -> None:
    """Between none and what the item is worth, NaN is neither."""
    with pytest.raises(StoreError, match="from 0 to 5"):
        store.put_hand_score(score(points=points), 0)
    assert store.hand_scores() == []


def test_taking_back_restores_what_was_before(store: Store) -> None:
    """Comment, criteria and points go back together; the history keeps all of it."""
    first = store.put_hand_score(msgspec.structs.replace(score(), comment="well"), 0)
    second = store.put_hand_score(score(points=1.0), first.version)
    back = store.take_back("anna", "1.1b", second.version, grader="prof")
    assert back is not None
    assert (back.points, back.comment, back.version, back.grader) == (3.0, "well", 3, "prof")
    assert store.take_back("anna", "1.1b", back.version) is None
    assert store.hand_scores() == []
    points = [one and one.points for one in store.hand_history("anna", "1.1b")]
    assert points == [3.0, 1.0, 3.0, None]


def test_taking_back_what_someone_has_changed_meanwhile_is_refused(store: Store) -> None:
    """An undo needs the version too."""
    store.put_hand_score(score(), 0)
    store.put_hand_score(score(points=1.0), 1)
    with pytest.raises(ConflictError):
        store.take_back("anna", "1.1b", 1)
    with pytest.raises(StoreError, match="no score"):
        store.take_back("anna", "1.1c", 0)


def test_after_a_score_was_taken_back_a_new_one_can_be_given(store: Store) -> None:
    """A reader who sees no score writes with version 0."""
    store.put_hand_score(score(), 0)
    store.take_back("anna", "1.1b", 1)
    assert store.put_hand_score(score(points=2.0), 0).version == 3
    with pytest.raises(ConflictError):
        store.put_hand_score(score(points=2.0), 1)


Step = tuple[str, int]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(["put", "back"]), st.integers(0, 5)), max_size=12))
def test_giving_and_taking_back_act_like_a_stack(store: Store, steps: list[Step]) -> None:
    """Any order of changes and undos ends where a plain undo stack ends."""
    student = f"student {len(steps)} {hash(tuple(steps))}"
    stack: list[float] = []
    version = 0
    for do, points in steps:
        if do == "put":
            version = store.put_hand_score(score(student, points=points), version).version
            stack.append(points)
        elif stack:
            back = store.take_back(student, "1.1b", version)
            stack.pop()
            version = back.version if back is not None else 0
    assert [one.points for one in store.hand_scores(student)] == stack[-1:]
    if stack:
        store.put_hand_score(
            score(student, points=0), version
        )  # leaves nothing for the next example


def test_a_slot_holds_a_second_judgement_that_does_not_count(store: Store) -> None:
    """Double grading touches neither the score that counts nor its version."""
    one = entry("anna")
    store.put_entries([(one, b"x = 1")])
    store.put_record(record_of(one), "k")
    store.put_hand_score(score(), 0)
    store.put_hand_score(msgspec.structs.replace(score(points=5.0), slot="bert"), 0)
    assert [found.points for found in store.hand_scores()] == [3.0]
    assert [found.points for found in store.hand_scores(slot="bert")] == [5.0]
    assert len(store.hand_scores(slot=None)) == 2
    (held,) = store.held()
    assert [found.points for found in held.hand] == [3.0]


def test_hand_scores_are_part_of_what_is_held(store: Store) -> None:
    """The total has them, and what nobody has judged is named."""
    one = entry("anna")
    store.put_entries([(one, b"x = 1")])
    made = record_of(one)
    store.put_record(made, "k")
    (before,) = store.held("anna")
    assert (before.score, before.open_items) == (made.score, ("1.1b",))
    store.put_hand_score(score(points=2.5), 0)
    (after,) = store.held("anna")
    assert (after.score, after.open_items) == (made.score + 2.5, ())


def test_a_changed_comment_changes_every_score_that_uses_it(store: Store) -> None:
    """At once, and no further than what the item is worth."""
    comment = store.put_comment(Comment(item="1.1b", text="AU is missing", points=-2.0))
    for student, points in (("anna", 5.0), ("bert", 1.0)):
        used = msgspec.structs.replace(score(student, points=points), comments=(comment.id,))
        store.put_hand_score(used, 0)
    assert [one.total for one in store.hand_scores()] == [3.0, 0.0]
    changed = msgspec.structs.replace(comment, points=-0.5, text="AU?")
    store.put_comment(changed, comment.version)
    assert [one.total for one in store.hand_scores()] == [4.5, 0.5]
    assert [one.remarks for one in store.hand_scores()] == [("AU?",), ("AU?",)]
    store.put_comment(msgspec.structs.replace(comment, points=4.0), 2)
    assert [one.total for one in store.hand_scores()] == [5.0, 5.0]


def test_a_comment_of_another_item_is_refused(store: Store) -> None:
    """A score can only use comments of its own item."""
    comment = store.put_comment(Comment(item="1.1c", text="why?"))
    for number in (comment.id, 99):
        with pytest.raises(StoreError, match=f"comment {number}"):
            store.put_hand_score(msgspec.structs.replace(score(), comments=(number,)), 0)


def test_of_many_writers_at_once_one_wins(tmp_path: Path) -> None:
    """Each of them either writes or gets a conflict; none is lost and none fails otherwise."""
    won: list[float] = []
    lost: list[ConflictError] = []
    folder = tmp_path / "run"
    open_store(folder, create=True).close()
    start = threading.Barrier(8)

    def write(points: float) -> None:
        with open_store(folder) as own:
            start.wait()
            try:
                own.put_hand_score(score(points=points), 0)
                won.append(points)
            except ConflictError as exc:
                lost.append(exc)

    threads = [threading.Thread(target=write, args=(number / 2,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    with open_store(folder) as reader:
        assert [one.points for one in reader.hand_scores()] == won
