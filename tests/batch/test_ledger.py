"""grader/batch/{ledger,keys}.py: what is graded again, and what is not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.assembly import GradedItem, item_record
from grader.batch.keys import Terms
from grader.batch.ledger import Ledger
from grader.batch.messages import Result
from grader.errors import UsageError
from grader.model import Environment, Status
from grader.options import Options
from grader.rubric import load_rubric
from grader.store import Entry, Store, open_store
from tests.batch.class_of import rubric

ENTRY = Entry(student="anna", file="ps1.py", sha256="ab")
FILE = (ENTRY.sha256, ENTRY.kind)
ENVIRONMENT = Environment(
    grader_version="1",
    python="3.11.7",
    packages={"numpy": "2"},
    sandbox="bubblewrap",
    memory_limit="poll",
    device="cpu",
    threads=2,
    dataset="",
    baseline="",
    seed="s",
)
ALL = ("1.1a", "2.2")
Change = Callable[[Terms], Terms]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A store that has anna's hand-in."""
    with open_store(tmp_path / "run", create=True) as made:
        made.put_entries([(ENTRY, b"x = 1")])
        yield made


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    """The small rubric, in one environment."""
    return terms_of(rubric(tmp_path))


def terms_of(file: Path) -> Terms:
    read = load_rubric(file)
    return Terms(read, read.items, ENVIRONMENT, Options())


def ledger_of(store: Store, terms: Terms, baseline: str = "") -> Ledger:
    def key() -> str:
        assert baseline, "the baseline was asked for in vain"
        return baseline

    return Ledger(store, terms, key)


def result(
    terms: Terms,
    names: tuple[str, ...] = ALL,
    *,
    status: Status = Status.PASSED,
    score: float = 1.0,
    baseline: str = "",
    started: str = "today",
) -> Result:
    graded = tuple(
        GradedItem(
            record=item_record(terms.rubric.item(name), status, score=score),
            baseline=baseline,
            dataset=f"data of {baseline}" if baseline else "",
        )
        for name in names
    )
    return Result(
        file=ENTRY.file,
        sha256=ENTRY.sha256,
        kind=ENTRY.kind,
        items=names,
        graded=graded,
        environment=terms.environment,
        started=started,
        seconds=1.0,
    )


def nothing_new() -> Result:
    return Result(file=ENTRY.file, sha256=ENTRY.sha256, kind=ENTRY.kind, items=())


def test_a_new_file_needs_every_item_that_is_checked(store: Store, terms: Terms) -> None:
    """In the rubric's order; what a person judges needs no grading."""
    ledger = ledger_of(store, terms)
    assert ledger.missing(*FILE) == ALL
    assert not ledger.settled(*FILE)


def test_a_graded_file_needs_nothing(store: Store, terms: Terms) -> None:
    """For this ledger and for the one of the next command."""
    record = ledger_of(store, terms).settle(result(terms))
    assert record is not None
    assert [(item.id, item.status) for item in record.items] == [
        ("1.1a", Status.PASSED),
        ("1.1b", Status.NEEDS_HAND),
        ("2.2", Status.PASSED),
    ]
    assert (record.score, record.auto_points, record.hand_points, record.total) == (2, 3, 5, 8)
    again = ledger_of(store, terms)
    assert again.missing(*FILE) == ()
    assert again.settled(*FILE)
    assert store.record(*FILE) == record


def test_a_changed_item_is_graded_again_alone(store: Store, terms: Terms, tmp_path: Path) -> None:
    """The other keeps its points, and the new record names the one that it replaces."""
    first = ledger_of(store, terms).settle(result(terms))
    assert first is not None
    changed = terms_of(rubric(tmp_path, draws=5))
    ledger = ledger_of(store, changed)
    assert ledger.missing(*FILE) == ("1.1a",)
    second = ledger.settle(
        result(changed, ("1.1a",), status=Status.FAILED, score=0, started="tomorrow")
    )
    assert second is not None
    assert [item.score for item in second.items] == [0, 0, 1]
    assert second.rubric_sha256 == changed.rubric.sha256
    assert second.regrade_of == f"ab:{terms.rubric.sha256}:today"
    assert ledger_of(store, changed).settled(*FILE)
    assert ledger_of(store, terms).missing(*FILE) == (), "going back costs nothing"


def test_changed_titles_and_hand_points_regrade_nothing(
    store: Store, terms: Terms, tmp_path: Path
) -> None:
    """The record is put together anew from what is kept."""
    ledger_of(store, terms).settle(result(terms))
    file = rubric(tmp_path)
    text = file.read_text().replace("Gradient of the", "The gradient of the")
    text = text.replace("points: 5", "points: 6").replace("total: 8", "total: 9")
    file.write_text(text)
    changed = terms_of(file)
    ledger = ledger_of(store, changed)
    assert ledger.missing(*FILE) == ()
    assert not ledger.settled(*FILE)
    record = ledger.settle(nothing_new())
    assert record is not None
    assert record.items[2].title.startswith("The gradient")
    assert (record.hand_points, record.total, record.score) == (6, 9, 2)
    assert (record.started, record.seconds) == ("today", 1.0)
    assert ledger.settled(*FILE)


CHANGES: dict[str, Change] = {
    "seed": lambda terms: with_environment(terms, seed="t"),
    "device": lambda terms: with_environment(terms, device="cuda"),
    "package": lambda terms: with_environment(terms, packages={"numpy": "3"}),
    "grader": lambda terms: with_environment(terms, grader_version="2"),
    "python": lambda terms: with_environment(terms, python="3.12.1"),
    "sandbox": lambda terms: with_environment(terms, sandbox="bare"),
    "practice": lambda terms: replace(terms, options=Options(practice=True)),
}


def with_environment(terms: Terms, **changes: Any) -> Terms:
    return replace(terms, environment=msgspec.structs.replace(terms.environment, **changes))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_points_depend_on_grades_everything_again(
    store: Store, terms: Terms, change: Change
) -> None:
    """Each of these alone."""
    ledger_of(store, terms).settle(result(terms))
    assert ledger_of(store, change(terms)).missing(*FILE) == ALL


def test_what_points_do_not_depend_on_grades_nothing(store: Store, terms: Terms) -> None:
    """A run goes on on a machine with other cores and another way to limit memory."""
    ledger_of(store, terms).settle(result(terms))
    other = with_environment(terms, threads=64, memory_limit="cgroup v2", python="3.11.9")
    assert ledger_of(store, other).settled(*FILE)


def test_an_alias_regrades_the_item_that_uses_it(store: Store, terms: Terms) -> None:
    """And no other."""
    ledger_of(store, terms).settle(result(terms))
    aliased = replace(terms, options=Options(aliases={"rayleigh_gradient": "grad"}))
    assert ledger_of(store, aliased).missing(*FILE) == ("2.2",)


def test_another_baseline_regrades_the_items_that_asked_for_it(store: Store, terms: Terms) -> None:
    """Items that asked for none are left alone, and nobody trains a network for them."""
    ledger = ledger_of(store, terms, "b1")
    ledger.settle(result(terms, ("2.2",), baseline="b1"))
    record = ledger.settle(result(terms, ("1.1a",)))
    assert record is not None
    assert (record.environment.baseline, record.environment.dataset) == ("b1", "data of b1")
    assert ledger.missing(*FILE) == ()
    assert ledger_of(store, terms, "b2").missing(*FILE) == ("2.2",)


def test_a_fault_of_ours_is_shown_and_tried_again(store: Store, terms: Terms) -> None:
    """The item has its status, and next time it alone is graded."""
    ledger = ledger_of(store, terms)
    ledger.settle(result(terms, ("1.1a",)))
    record = ledger.settle(result(terms, ("2.2",), status=Status.GRADER_FAULT, score=0))
    assert record is not None
    assert record.status is Status.GRADER_FAULT
    again = ledger_of(store, terms)
    assert again.missing(*FILE) == ("2.2",)
    assert not again.settled(*FILE)


def test_a_worker_that_died_leaves_a_fault_for_each_item(store: Store, terms: Terms) -> None:
    """With what is known for staff; what was graded before stays."""
    ledger = ledger_of(store, terms)
    ledger.settle(result(terms, ("1.1a",)))
    fault = Result(
        file=ENTRY.file, sha256=FILE[0], kind=FILE[1], items=("2.2",), fault="it ended with code 7"
    )
    record = ledger.settle(fault)
    assert record is not None
    assert [(item.id, item.status) for item in record.items if item.auto_points] == [
        ("1.1a", Status.PASSED),
        ("2.2", Status.GRADER_FAULT),
    ]
    assert record.items[2].staff_note == "it ended with code 7"


def test_a_fault_while_grading_again_does_not_lose_what_was_known(
    store: Store, terms: Terms
) -> None:
    """The next run shows the points that are kept, without grading."""
    ledger = ledger_of(store, terms)
    ledger.settle(result(terms))
    ledger.settle(result(terms, ("2.2",), status=Status.GRADER_FAULT, score=0))
    assert ledger.missing(*FILE) == ()
    assert not ledger.settled(*FILE)
    record = ledger.settle(nothing_new())
    assert record is not None
    assert record.score == 2


def test_an_item_that_nobody_has_graded_is_skipped_and_missing(store: Store, terms: Terms) -> None:
    """A record never claims points that were not given."""
    ledger = ledger_of(store, terms)
    record = ledger.settle(result(terms, ("2.2",)))
    assert record is not None
    assert record.items[0].status is Status.SKIPPED
    assert ledger.missing(*FILE) == ("1.1a",)
    assert not ledger.settled(*FILE)


def test_an_unreadable_file_is_not_read_again(store: Store, terms: Terms) -> None:
    """Until another version of the grader may read it."""
    ledger = ledger_of(store, terms)
    unreadable = Result(file=ENTRY.file, sha256=FILE[0], kind=FILE[1], items=ALL, error="no Python")
    assert ledger.settle(unreadable) is None
    assert ledger.missing(*FILE) == ()
    assert ledger.settled(*FILE)
    newer = with_environment(terms, grader_version="2")
    assert ledger_of(store, newer).missing(*FILE) == ALL


def test_a_worker_of_another_kind_is_refused(store: Store, terms: Terms) -> None:
    """Its result is not written; the error says in what it differs."""
    other = with_environment(terms, packages={"numpy": "1"})
    with pytest.raises(UsageError, match="packages"):
        ledger_of(store, terms).settle(result(other))
    assert store.record(*FILE) is None


def test_fewer_items_make_a_smaller_record(store: Store, terms: Terms) -> None:
    """A run over chosen items counts these alone; back to all, what is kept is used."""
    ledger_of(store, terms).settle(result(terms))
    one = replace(terms, items=terms.items[:1])
    ledger = ledger_of(store, one)
    assert ledger.missing(*FILE) == ()
    record = ledger.settle(nothing_new())
    assert record is not None
    assert (record.total, record.score, len(record.items)) == (1, 1, 1)
    assert ledger_of(store, terms).missing(*FILE) == ()
