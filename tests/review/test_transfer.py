"""Hand scores as a file, and from the terminal."""

from pathlib import Path

import pytest
import yaml

from grader.errors import ConflictError, StoreError, UsageError
from grader.review.commands import export_hand, give_hand, import_hand
from grader.review.desk import Decision, Desk
from grader.store import open_store
from tests.review.hand_ins import hand_in, make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run of three."""
    folder = tmp_path / "run"
    make_run(folder, [hand_in(number) for number in range(3)]).close()
    return folder


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The folder of another run of the same three."""
    folder = tmp_path / "other"
    make_run(folder, [hand_in(number) for number in range(3)]).close()
    return folder


def test_export_and_import(run: Path, other: Path, tmp_path: Path) -> None:
    """What one run exports another takes over, comments and second judgements too."""
    with open_store(run) as store:
        desk = Desk(store, share=1.0)
        remark = desk.library.remarks("1.1b")[0]
        given = Decision(4, {"0": 2, "2": 2}, (remark.id,), "Schön: 好", 0)
        desk.give("1.1b", desk.key("student-000"), "Ada", given)
        second = Decision(5, {}, (), "", 0, slot="Bob")
        desk.give("1.1b", desk.key("student-000"), "Bob", second)
        before = store.export_hand()
    file = tmp_path / "hand.yaml"
    export_hand(run, file)
    assert "Schön: 好" in file.read_text(encoding="utf-8")
    import_hand(other, file, overwrite=False)
    with open_store(other) as store:
        after = store.export_hand()
        for row in (*before, *after):
            row.pop("changed")
        assert after == before
        assert store.hand_scores("student-000")[0].total == 2
    # Once more changes nothing.
    import_hand(other, file, overwrite=False)
    with open_store(other) as store:
        assert store.hand_scores("student-000")[0].version == 1


def test_import_over_other_scores(run: Path, other: Path, tmp_path: Path) -> None:
    """Other scores that are here are kept, unless they are meant to be replaced."""
    give_hand(run, "1.1b", "student-000", 4, comment="", person="Ada")
    give_hand(other, "1.1b", "student-000", 1, comment="", person="Bob")
    file = tmp_path / "hand.yaml"
    export_hand(run, file)
    with pytest.raises(ConflictError, match="1 is here, 4 comes"):
        import_hand(other, file, overwrite=False)
    import_hand(other, file, overwrite=True)
    with open_store(other) as store:
        assert store.hand_scores("student-000")[0].points == 4
        assert len(store.hand_history("student-000", "1.1b")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1",
        "form: 2\nscores: []",
        "form: 1\nscores: 3",
        "form: 1\nassignment: other\nscores: []",
        "form: 1\nscores: [{student: a}]",
        "{[",
        "!!python/object/apply:os.system [true]",
    ],
)
def test_import_of_no_export(run: Path, tmp_path: Path, text: str) -> None:
    """A file that is none of ours is refused whole, and nothing in it is run."""
    file = tmp_path / "hand.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError):
        import_hand(run, file, overwrite=False)


def test_export_is_for_people(run: Path, tmp_path: Path) -> None:
    """The file says what it is, and leaves out what is empty."""
    give_hand(run, "1.1b", "student-001", 3.5, comment="", person="Ada")
    file = tmp_path / "hand.yaml"
    export_hand(run, file)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    (row,) = content["scores"]
    assert content["assignment"] == "ps1"
    assert {"student", "item", "points", "worth", "grader", "sha256", "changed"} == set(row)
    assert not list(tmp_path.glob(".*partial"))


def test_export_to_nowhere(run: Path, tmp_path: Path) -> None:
    """A file that can't be written is said to be."""
    with pytest.raises(StoreError, match="can't be written"):
        export_hand(run, tmp_path / "none" / "hand.yaml")


def test_give_hand_and_again(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal gives points too; an earlier score is named and stays in the history."""
    give_hand(run, "1.1b", "student-001", 3.5, comment="half of it", person="Ada")
    give_hand(run, "1.1b", "student-001", 4, comment="", person="Bob")
    assert "4 of 5, was 3.5 by Ada" in capsys.readouterr().out
    with open_store(run) as store:
        (score,) = store.hand_scores("student-001")
        assert (score.points, score.grader, score.version) == (4, "Bob", 2)


@pytest.mark.parametrize(
    ("item", "student", "points"),
    [
        ("1.1a", "student-001", 1),
        ("9", "student-001", 1),
        ("1.1b", "student-001", 6),
        ("1.1b", "student-001", -1),
        ("1.1b", "student-001", float("nan")),
        ("1.1b", "nobody", 1),
    ],
)
def test_give_hand_what_does_not_fit(run: Path, item: str, student: str, points: float) -> None:
    """Unknown items and students, and points beyond the item's, are refused."""
    with pytest.raises((UsageError, StoreError)):
        give_hand(run, item, student, points, comment="", person="Ada")
    with open_store(run) as store:
        assert not store.hand_scores()
