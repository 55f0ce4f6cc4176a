"""Judging by hand, on a real store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from grader.errors import ConflictError, StoreError, UsageError
from grader.model import Status, SubmissionInfo
from grader.review.assignment import UnknownError
from grader.review.desk import Decision, Desk
from grader.review.views import State
from grader.store import Store, open_store
from tests.records import item, record
from tests.review.hand_ins import QUESTION, hand_in, make_run, markdown, notebook

FULL = Decision(points=5, criteria={"0": 2, "1": 1, "2": 2}, comments=(), comment="", version=0)
STUDENTS = 12


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A run of twelve hand-ins."""
    with make_run(tmp_path / "run", [hand_in(number) for number in range(STUDENTS)]) as made:
        yield made


@pytest.fixture
def desk(store: Store) -> Desk:
    """Nothing is judged twice here."""
    made = Desk(store, share=0.0)
    made.read_all()
    return made


def key(desk: Desk, number: int) -> str:
    return desk.key(f"student-{number:03}")


def test_give_reaches_the_store(desk: Desk, store: Store) -> None:
    """A score is in the store at once, with who gave it, for every report to read."""
    saved = desk.give("1.1b", key(desk, 0), "Ada", replace(FULL, comment=" Nice. "))
    assert (saved.state, saved.progress.done) == (State.MINE, 1)
    (score,) = store.hand_scores(item="1.1b")
    assert (score.student, score.points, score.worth) == ("student-000", 5, 5)
    assert (score.grader, score.comment) == ("Ada", "Nice.")
    assert score.sha256 == store.entry("student-000").sha256
    (held,) = store.held("student-000")
    assert [given.total for given in held.hand] == [5]


def test_give_moves_points_with_the_library(desk: Desk) -> None:
    """A comment moves the points of every score that uses it, and a change of it all at once."""
    remark = desk.library.remarks("1.1b")[0]
    for number in (0, 1):
        desk.give("1.1b", key(desk, number), "Ada", replace(FULL, comments=(remark.id,)))
    desk.give("1.1b", key(desk, 2), "Ada", FULL)
    assert desk.item("1.1b", "Ada").progress.mean == pytest.approx((3 + 3 + 5) / 3, abs=0.01)
    desk.library.change(
        remark.id, "1.1b", remark.text, -4, "Bob", retired=False, version=remark.version
    )
    view = desk.item("1.1b", "Ada")
    assert view.progress.mean == pytest.approx((1 + 1 + 5) / 3, abs=0.01)
    assert view.remarks[0].used == 2


def test_give_needs_what_was_seen(desk: Desk) -> None:
    """Who has not seen the newest score is told, and nothing is lost."""
    desk.give("1.1b", key(desk, 0), "Ada", FULL)
    with pytest.raises(ConflictError, match="Ada has given 5"):
        desk.give("1.1b", key(desk, 0), "Bob", replace(FULL, points=1))
    again = desk.give("1.1b", key(desk, 0), "Bob", replace(FULL, points=1, version=1))
    assert again.given is not None
    assert again.given.grader == "Bob"
    past = desk.answer("1.1b", key(desk, 0), "Bob").history
    assert [(one.grader, one.total) for one in past] == [("Ada", 5), ("Bob", 1)]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(FULL, criteria={"3": 1}),
        replace(FULL, criteria={"x": 1}),
        replace(FULL, criteria={"0": 3}),
        replace(FULL, criteria={"0": -1}),
        replace(FULL, slot="Bob"),
        replace(FULL, comment="x" * 10_001),
    ],
)
def test_give_what_does_not_fit(desk: Desk, wrong: Decision) -> None:
    """Criteria, slots and comments that can't be are refused before the store is asked."""
    with pytest.raises(UsageError):
        desk.give("1.1b", key(desk, 0), "Ada", wrong)


@pytest.mark.parametrize("points", [-1, 5.5, float("nan"), float("inf")])
def test_give_points_that_do_not_fit(desk: Desk, points: float) -> None:
    """Points are a number from nothing to what the item is worth."""
    with pytest.raises(StoreError, match="from 0 to 5"):
        desk.give("1.1b", key(desk, 0), "Ada", replace(FULL, points=points))


def test_take_back(desk: Desk) -> None:
    """Undoing goes back one change at a time, to nothing in the end."""
    desk.give("1.1b", key(desk, 0), "Ada", replace(FULL, points=2))
    desk.give("1.1b", key(desk, 0), "Ada", replace(FULL, version=1))
    back = desk.take_back("1.1b", key(desk, 0), "Ada", 2)
    assert back.given is not None
    assert back.given.total == 2
    gone = desk.take_back("1.1b", key(desk, 0), "Ada", back.given.version)
    assert (gone.given, gone.state) == (None, State.OPEN)
    with pytest.raises(StoreError, match="no score is there"):
        desk.take_back("1.1b", key(desk, 0), "Ada", 4)


def test_answer_hides_the_name(desk: Desk) -> None:
    """Nothing of what is told names the student, unless asked for."""
    view = desk.answer("1.1b", key(desk, 3), "Ada")
    assert view.person is None
    assert "student-003" not in repr(view)
    assert "Person 3" not in repr(view)
    named = desk.answer("1.1b", key(desk, 3), "Ada", named=True)
    assert named.person is not None
    assert named.person.name == "Person 3"


def test_answer_lists_like_ones(desk: Desk) -> None:
    """Answers of the same kind are listed, and what differs is shown."""
    view = desk.answer("1.1b", key(desk, 0), "Ada", against=key(desk, 1))
    assert {one.key for one in view.like} == {key(desk, 4), key(desk, 8)}
    assert view.differs
    assert not desk.answer("1.1b", key(desk, 4), "Ada", against=key(desk, 0)).differs


def test_answer_shows_the_question_apart(desk: Desk) -> None:
    """What all students were given is shown as the question."""
    html = desk.answer("1.1b", key(desk, 0), "Ada").html
    assert html.count('class="cell question"') == 1
    assert html.count('class="cell text"') == 1


def test_answer_of_nobody(desk: Desk) -> None:
    """Unknown items and keys are said to be unknown."""
    with pytest.raises(UnknownError):
        desk.answer("1.1b", "0" * 12, "Ada")
    with pytest.raises(UnknownError):
        desk.answer("1.1a", key(desk, 0), "Ada")


def test_item_mixes_the_order(desk: Desk) -> None:
    """Each grader has an order of their own; all answers are in it."""
    ada, bob = (desk.item("1.1b", person).lines for person in ("Ada", "Bob"))
    assert {line.key for line in ada} == {line.key for line in bob}
    assert [line.key for line in ada] != [line.key for line in bob]
    assert len(ada) == STUDENTS


def test_second_judgement_is_blind(store: Store) -> None:
    """Another person judges the sample again, without being told what the first one gave."""
    desk = Desk(store, share=1.0)
    desk.give("1.1b", key(desk, 0), "Ada", FULL)
    assert desk.item("1.1b", "Ada").progress.waiting == STUDENTS - 1
    view = desk.answer("1.1b", key(desk, 0), "Bob")
    assert (view.state, view.slot, view.given, view.history) == (State.SECOND, "Bob", None, ())
    line = next(one for one in desk.item("1.1b", "Bob").lines if one.key == key(desk, 0))
    assert line.points is None
    desk.give("1.1b", key(desk, 0), "Bob", replace(FULL, points=3, slot="Bob"))
    after = desk.answer("1.1b", key(desk, 0), "Bob")
    assert after.state is State.TWICE
    assert after.first is not None
    assert after.first.total == 5
    # What counts is the first one, and a third person is not asked.
    (held,) = store.held("student-000")
    assert [score.total for score in held.hand] == [5]
    assert desk.answer("1.1b", key(desk, 0), "Eve").state is State.OTHERS


def test_agreement_of_two_judges(store: Store) -> None:
    """What was judged twice is counted, with the answers on which the two differ."""
    desk = Desk(store, share=1.0)
    for number, second in enumerate((5, 5, 3)):
        desk.give("1.1b", key(desk, number), "Ada", FULL)
        desk.give("1.1b", key(desk, number), "Bob", replace(FULL, points=second, slot="Bob"))
    agreed = desk.item("1.1b", "Eve").agreed
    assert agreed is not None
    assert (agreed.pairs, agreed.sampled) == (3, STUDENTS)
    assert agreed.percent == pytest.approx(200 / 3)
    assert agreed.differing == (key(desk, 2),)
    assert agreed.mean_difference == pytest.approx(-2 / 3)


def test_answer_that_was_handed_in_anew(desk: Desk, tmp_path: Path) -> None:
    """A score of an earlier file stays, and the new file is shown as waiting."""
    desk.give("1.1b", key(desk, 0), "Ada", FULL)
    make_run(tmp_path / "run", [hand_in(0, "Another proof.")]).close()
    view = desk.answer("1.1b", key(desk, 0), "Ada")
    assert view.state is State.CHANGED
    assert "Another proof." in view.html
    assert view.given is not None
    assert view.given.total == 5
    desk.give("1.1b", key(desk, 0), "Ada", replace(FULL, version=view.given.version))
    assert desk.answer("1.1b", key(desk, 0), "Ada").state is State.MINE


def test_scores_outlive_a_regrade(desk: Desk, store: Store) -> None:
    """Grading the automatic items again leaves what people gave, and adds to it."""
    entry = store.entry("student-000")
    submission = SubmissionInfo(name=entry.file, sha256=entry.sha256, kind="notebook")
    first = msgspec.structs.replace(
        record(made=(item("1.2b", Status.FAILED, 0.0, ()),)), submission=submission
    )
    store.put_record(first, "first")
    desk.give("1.1b", key(desk, 0), "Ada", FULL)
    again = msgspec.structs.replace(first, items=(item("1.2b", Status.PASSED, 1.0, ()),))
    store.put_record(again, "again")
    (held,) = store.held("student-000")
    assert [score.points for score in held.hand] == [5]
    assert desk.answer("1.2b", key(desk, 0), "Ada").checked == "1 of 1 points by the grader"
    assert desk.answer("1.2b", key(desk, 1), "Ada").checked == "not graded yet"
    assert not desk.answer("1.1b", key(desk, 0), "Ada").checked


def test_library_is_stocked_once(store: Store) -> None:
    """The rubric's comments are there, once, and one that was retired stays so."""
    first = Desk(store, share=0.0).library
    remarks = first.remarks("1.1b")
    assert [remark.points for remark in remarks] == [-2, -1]
    first.change(remarks[0].id, "1.1b", remarks[0].text, -2, "Ada", retired=True, version=1)
    again = Desk(store, share=0.0).library.remarks("1.1b")
    assert [remark.retired for remark in again] == [True, False]


def test_library_keeps_two_writers_apart(desk: Desk) -> None:
    """Who changes a comment that has changed meanwhile is told."""
    remark = desk.library.remarks("1.1b")[0]
    desk.library.change(remark.id, "1.1b", "new words", -2, "Ada", retired=False, version=1)
    with pytest.raises(ConflictError, match="Ada has changed it"):
        desk.library.change(remark.id, "1.1b", "others", -1, "Bob", retired=False, version=1)


def test_hand_in_that_cannot_be_read(tmp_path: Path) -> None:
    """A broken file is shown as broken, and can be judged all the same."""
    answers = [hand_in(0), b"{broken", notebook([markdown(QUESTION)])]
    with make_run(tmp_path / "run", answers) as store:
        desk = Desk(store, share=0.0)
        desk.read_all()
        view = desk.answer("1.1b", key(desk, 1), "Ada")
        assert not view.found
        assert "can't be shown" in view.note
        saved = desk.give("1.1b", key(desk, 1), "Ada", replace(FULL, points=0, criteria={}))
        assert saved.state is State.MINE


def test_desk_of_nothing(tmp_path: Path) -> None:
    """A store in which nothing was graded has nothing to judge, and a share is a share."""
    with open_store(tmp_path, create=True) as store, pytest.raises(StoreError, match="grade it"):
        Desk(store, share=0.1)
    with make_run(tmp_path / "run", []) as store, pytest.raises(UsageError, match="from 0 to 1"):
        Desk(store, share=2)
