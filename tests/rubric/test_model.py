"""Points are exact, hashes follow what matters, and what is written can be read back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from grader.rubric import Criterion, ItemLimits, Row, Rubric, Tier, load_rubric
from tests.rubric.conftest import Write


@given(st.integers(min_value=1, max_value=1_000_000))
def test_points_are_read_exactly(cents: int) -> None:
    """Whatever is written with two decimals is that many hundredths, no binary rounding."""
    criterion = Criterion.model_validate({"text": "x", "points": float(f"{cents / 100:.2f}")})
    assert criterion.points == Fraction(cents, 100)


def test_ten_tenths_are_one() -> None:
    """Sums of points have no rounding errors."""
    tenth = Criterion.model_validate({"text": "x", "points": 0.1}).points
    assert sum([tenth] * 10) == 1


def test_parameters_for_practice_change_only_what_they_name() -> None:
    """A student's own check has the rubric's parameters but for those under `practice`."""
    row = Row.model_validate(
        {"title": "x", "use": "y", "with": {"a": 1, "b": 2}, "practice": {"b": 3}}
    )
    assert row.parameters() == {"a": 1, "b": 2}
    assert row.parameters(practice=True) == {"a": 1, "b": 3}
    assert row.parameters() == {"a": 1, "b": 2}


def test_thresholds_are_where_points_change() -> None:
    """Ascending, and 1 where a row knows all or nothing."""
    tiers = (Tier(at_least=0.95, points=Fraction(3)), Tier(at_least=0.5, points=Fraction(1)))
    assert Row(title="x", use="y", tiers=tiers).thresholds == (0.5, 0.95)
    assert Row(title="x", use="y").thresholds == (1.0,)


def test_with_defaults_keeps_what_the_item_names(write: Write) -> None:
    """An item's own limit counts even where it equals the grader's default."""
    item = load_rubric(write(("wall_seconds: 10", "wall_seconds: 60"))).item("2")
    assert item.limits == ItemLimits(wall_seconds=60, threads=2)


def test_a_rubric_never_changes(write: Write) -> None:
    """Parts are frozen."""
    rubric = load_rubric(write())
    with pytest.raises(ValidationError):
        rubric.total = Fraction(1)  # type: ignore[misc]  # the point of the test


def test_a_rubric_is_read_back_as_it_was_written(write: Write) -> None:
    """The JSON form holds everything, under the keys of the YAML."""
    for rubric in (load_rubric(), load_rubric(write())):
        again = Rubric.model_validate_json(rubric.model_dump_json())
        assert again == rubric
        assert again.sha256 == rubric.sha256
        assert [item.sha256 for item in again.items] == [item.sha256 for item in rubric.items]


def test_sha256_does_not_depend_on_the_layout(write: Write) -> None:
    """Comments, quotes and the order of keys change nothing; a point changes the hash."""
    plain = load_rubric(write()).sha256
    moved = (
        "assignment: short\ntitle: A short set\n",
        "title: 'A short set' # x\nassignment: short\n",
    )
    assert load_rubric(write(moved)).sha256 == plain
    assert load_rubric(write(("A short set", "A shorter set"))).sha256 != plain


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("draws: 3}", "draws: 4}"),
        ("grad_U]", "grad_U, helper]"),
        ("wall_seconds: 10", "wall_seconds: 11"),
        ("threads: 2", "threads: 1"),
        (
            "calculus.gradient\n        with: {of: U, draws: 3}",
            "calculus.rayleigh\n        with: {}",
        ),
    ],
)
def test_an_items_sha256_follows_its_automatic_points(write: Write, old: str, new: str) -> None:
    """What can change an item's automatic points changes its hash, by the rubric's defaults too."""
    changes = [(old, new)]
    if "rayleigh" in new:
        changes.append(("requires: [grad_U]", "requires: [rayleigh_gradient]"))
    assert load_rubric(write(*changes)).item("2").sha256 != load_rubric(write()).item("2").sha256


@pytest.mark.parametrize(
    ("old", "new"), [("derives it", "derives and explains it"), ("title: Proof", "title: A proof")]
)
def test_an_items_sha256_ignores_what_is_for_people(write: Write, old: str, new: str) -> None:
    """A reworded criterion and another item need no new grading."""
    assert load_rubric(write((old, new))).item("2").sha256 == load_rubric(write()).item("2").sha256


def test_item_is_found_by_its_id(write: Write) -> None:
    """An id that is not there is a KeyError."""
    rubric = load_rubric(write())
    assert rubric.item("3").title == "Proof"
    with pytest.raises(KeyError):
        rubric.item("4")
