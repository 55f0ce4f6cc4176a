"""grader/store/records.py: what goes in comes out, and the newest counts."""

import msgspec
import pytest

from grader.errors import StoreError
from grader.store import Entry, Store
from tests.records import NASTY
from tests.store.hand_ins import entry, info, kept, record_of


def test_entries_come_back_by_student(store: Store) -> None:
    """Every field of a hand-in is kept, whatever its texts hold."""
    odd = Entry(
        student=NASTY,
        name=NASTY,
        attempt=3,
        late=True,
        file=NASTY,
        sha256="ab",
        notes=(NASTY,),
        layout="canvas",
    )
    hand_ins = [(entry("zoë"), b"x = 1"), (odd, b"?"), (entry("anna"), b"x = 1")]
    store.put_entries(hand_ins)
    assert list(store.entries()) == sorted(
        (hand_in for hand_in, _ in hand_ins), key=lambda one: one.student
    )
    assert store.content("ab") == b"?"


def test_entries_are_read_page_by_page(store: Store) -> None:
    """A class of more than a page comes back whole and in order."""
    students = [f"s{number:04}" for number in range(450)]
    store.put_entries((entry(student), b"x = 1") for student in students)
    assert [one.student for one in store.entries()] == students
    assert [one.entry.student for one in store.held()] == students


def test_a_later_hand_in_replaces_the_student_s_earlier_one(store: Store) -> None:
    """One hand-in a student counts; the earlier file's record is no longer shown."""
    early, late = entry("anna", b"early"), entry("anna", b"late")
    store.put_entries([(early, b"early")])
    store.put_record(record_of(early), "k")
    store.put_entries([(late, b"late")])
    (held,) = store.held()
    assert held.entry == late
    assert held.record is None


def test_the_last_record_counts_and_earlier_ones_stay(store: Store) -> None:
    """A regrade adds a record; history shows both."""
    one = entry("anna")
    store.put_entries([(one, b"x = 1")])
    first = record_of(one)
    second = msgspec.structs.replace(first, score=0.5, regrade_of="first")
    store.put_record(first, "k1")
    store.put_record(second, "k2")
    (held,) = store.held()
    assert held.record == second
    assert store.record_key(one.sha256, one.kind) == "k2"
    assert store.history(one.sha256, one.kind) == [first, second]


def test_items_are_kept_by_what_they_depend_on(store: Store) -> None:
    """An item is found by its key and its baseline, and by nothing else."""
    one = entry("anna")
    store.put_entries([(one, b"x = 1")])
    made = record_of(one)
    with_baseline = msgspec.structs.replace(kept(made)[2], baseline="b1", dataset="d1")
    store.put_record(made, "k", [kept(made)[0], with_baseline])
    assert store.kept_keys(one.sha256, "notebook") == {("key 1.1a", ""), ("key 2.1a", "b1")}
    assert store.kept_keys(one.sha256, "module") == frozenset()
    found = store.kept_items(one.sha256, "notebook", [("key 2.1a", "b1"), ("key 1.1a", "b1")])
    assert found == {("key 2.1a", "b1"): with_baseline}


def test_equal_files_of_two_students_share_a_record(store: Store) -> None:
    """It is graded once and shown under each one's own file name."""
    anna, bert = entry("anna"), entry("bert", file="my hand-in.ipynb")
    store.put_entries([(anna, b"x = 1"), (bert, b"x = 1")])
    store.put_record(record_of(anna), "k")
    names = [held.record and held.record.submission.name for held in store.held()]
    assert names == ["ps1.ipynb", "my hand-in.ipynb"]


def test_equal_bytes_as_notebook_and_module_are_two_submissions(store: Store) -> None:
    """What a file is depends on its name too."""
    notebook, module = entry("anna"), entry("bert", file="ps1.py")
    store.put_entries([(notebook, b"x = 1"), (module, b"x = 1")])
    store.put_record(record_of(notebook), "k")
    assert [held.record is None for held in store.held()] == [False, True]


def test_an_unreadable_file_says_why(store: Store) -> None:
    """It has no record, and the reason is kept with it."""
    one = entry("anna")
    store.put_entries([(one, b"x = 1")])
    store.put_unreadable(one.sha256, one.kind, "k", "no JSON")
    (held,) = store.held()
    assert (held.record, held.error) == (None, "no JSON")


def test_a_hand_in_without_a_file_says_why(store: Store) -> None:
    """A student who handed in nothing that can be graded is in the store all the same."""
    none = Entry(student="anna", file="proof.pdf", sha256="", notes=("no notebook or module",))
    store.put_entries([(none, b"")])
    (held,) = store.held()
    assert (held.record, held.error) == (None, "no notebook or module")


def test_another_assignment_is_refused(store: Store) -> None:
    """Two assignments are never mixed in one run."""
    store.put_info(info())
    with pytest.raises(StoreError, match="'ps1', got 'ps2'"):
        store.put_info(info("ps2"))
    assert store.info() == info()


def test_what_is_not_there_is_an_error_of_its_own(store: Store) -> None:
    """Asking for an unknown student or file says which."""
    with pytest.raises(StoreError, match="nobody"):
        store.entry("nobody")
    with pytest.raises(StoreError, match="abcdef"):
        store.content("abcdef")


def test_a_record_of_another_shape_is_an_error_of_its_own(store: Store) -> None:
    """What another version wrote in another shape is not passed on half-read."""
    one = entry("anna")
    store.put_entries([(one, b"x = 1")])
    store.put_record(record_of(one), "k")
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE records SET record = ?", (b'{"title": 1}',))
    with pytest.raises(StoreError, match="grade again"):
        list(store.held())
