"""grader/batch/regrade.py and the commands `grade` and `regrade`, as a person gives them."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from grader.cli import app
from grader.store import HandScore, open_store
from tests.batch.class_of import expected_points, points, record_counts, rubric
from tests.batch.conftest import COUNT, Graded


@pytest.fixture
def run(graded: Graded, tmp_path: Path) -> Path:
    """A copy of the run, to change."""
    return Path(shutil.copytree(graded.run, tmp_path / "run"))


def call(*arguments: object) -> Result:
    environment = {"COLUMNS": "200", "NLA_GRADER_SECRET": "a course"}
    return CliRunner().invoke(app, [str(one) for one in arguments], env=environment)


def grade(graded: Graded, *arguments: object) -> Result:
    return call(
        "grade", *arguments, "--rubric", graded.options.rubric, "--device", "cpu", "--threads", 1
    )


def test_grade_shows_students_items_and_what_to_look_at(graded: Graded, run: Path) -> None:
    """One line a student with points and what was lost; who lacks a name is named."""
    ended = grade(graded, graded.hand_ins, "--out", run, "--layout", "files")
    assert ended.exit_code == 1
    lines = ended.stdout.splitlines()
    assert any("s01" in line and "2 / 3" in line and "1.1a" in line for line in lines)
    assert any("1.1a" in line and "3 passed, 1 failed, 1 error" in line for line in lines)
    assert any("look at s03" in line and "rayleigh_gradient" in line for line in lines)
    assert f"0 graded now, {COUNT} before, {COUNT} students" in ended.stdout
    assert "read as files" in ended.stdout
    with open_store(run) as store:
        info = store.info()
        assert info is not None
        assert info.layout == "files"


def test_grade_of_one_file_shows_its_record(graded: Graded, run: Path) -> None:
    """What was lost, and why, as without a folder."""
    ended = grade(graded, graded.hand_ins / "s01.py", "--out", run)
    assert ended.exit_code == 1
    assert "A small set: s01.py" in ended.stdout
    assert points(run) == expected_points(COUNT), "the others stay"


def test_grade_as_json_gives_a_line_a_record(graded: Graded, run: Path) -> None:
    """Of the hand-ins that were named, by student, and nothing else on stdout."""
    some = [graded.hand_ins / "s02.py", graded.hand_ins / "s00.py"]
    ended = grade(graded, *some, "--out", run, "--json")
    records = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [record["submission"]["name"] for record in records] == ["s00.py", "s02.py"]


def test_the_exit_code_is_the_worst_of_all(graded: Graded, run: Path, tmp_path: Path) -> None:
    """0 all points, 1 some lost, 2 a file that can't be read."""
    assert grade(graded, graded.hand_ins / "s00.py", "--out", run).exit_code == 0
    assert grade(graded, graded.hand_ins / "s01.py", "--out", run).exit_code == 1
    broken = tmp_path / "broken.ipynb"
    broken.write_text("no notebook")
    ended = grade(graded, graded.hand_ins / "s00.py", broken, "--out", run)
    assert ended.exit_code == 2
    assert "look at broken" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["HAND-INS"], "--out"),
        (["HAND-INS/s00.py", "--jobs", "2"], "--out"),
        (["HAND-INS", "--out", "RUN", "--jobs", "-1"], "--jobs"),
        (["HAND-INS/missing", "--out", "RUN"], "no such file"),
        (["HAND-INS", "--out", "RUN", "--sandbox", "bare"], "--allow-bare"),
        (["HAND-INS", "--out", "RUN", "--item", "9"], "--item"),
        (["HAND-INS", "--out", "RUN", "--layout", "canvas"], "--layout: hand-ins holds nothing"),
    ],
)
def test_wrong_usage_says_what_to_give(
    graded: Graded, run: Path, arguments: list[str], words: str
) -> None:
    """Exit code 2, an error of one line, no traceback."""
    places = {"HAND-INS": str(graded.hand_ins), "RUN": str(run)}
    given = [
        one.replace("HAND-INS", places["HAND-INS"]).replace("RUN", places["RUN"])
        for one in arguments
    ]
    ended = grade(graded, *given)
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_regrade_of_an_unchanged_item_changes_no_points(run: Path) -> None:
    """It is graded again on purpose, and the new record names the old one."""
    with open_store(run) as store:
        info = store.info()
        assert info is not None
        store.put_info(msgspec.structs.replace(info, layout="files"))
    ended = call("regrade", run, "--item", "2.2", "--student", "s00", "--yes")
    assert ended.exit_code == 0, ended.stderr
    assert "1 graded again, no points change" in ended.stdout
    assert points(run) == expected_points(COUNT)
    assert sorted(record_counts(run)) == [1] * (COUNT - 1) + [2]
    with open_store(run) as store:
        entry = store.entry("s00")
        before, after = store.history(entry.sha256, entry.kind)
        info = store.info()
        assert info is not None
        assert info.layout == "files", "what staff said of the sources stays"
    assert after.regrade_of == f"{entry.sha256}:{before.rubric_sha256}:{before.started}"
    assert after.items[0] == before.items[0]
    assert after.items[2].seconds != before.items[2].seconds


def test_regrade_shows_whose_points_change_and_a_dry_run_writes_nothing(
    run: Path, tmp_path: Path
) -> None:
    """By student and item: before, after, and by how much."""
    before = {path.name: path.read_bytes() for path in run.glob("s*")}
    changed = rubric(tmp_path, points=4)
    ended = call("regrade", run, "--item", "1.1a", "--rubric", changed, "--dry-run")
    assert ended.exit_code == 0, ended.stderr
    rows = [line.split() for line in ended.stdout.splitlines() if line.startswith("│")]
    assert [row[1] for row in rows] == ["s00", "s02", "s03"]
    assert all("+3.00" in row and row.count("passed") == 2 for row in rows)
    assert "3 items of 3 students change, +9.00 points in all" in ended.stdout
    assert "nothing was written" in ended.stdout
    assert points(run) == expected_points(COUNT)
    assert {path.name: path.read_bytes() for path in run.glob("s*")} == before


def test_regrade_by_a_changed_rubric_writes_what_it_showed(run: Path, tmp_path: Path) -> None:
    """Points, totals and files change together; hand scores stay; the next run keeps it all."""
    with open_store(run) as store:
        given = HandScore(student="s00", item="1.1b", points=4, worth=5, grader="ta")
        store.put_hand_score(given, 0)
    changed = rubric(tmp_path, points=4)
    ended = call("regrade", run, "--item", "1.1a", "--rubric", changed, "--yes")
    assert ended.exit_code == 0, ended.stderr
    expected = expected_points(COUNT)
    assert points(run) == {name: (4 * first, rest) for name, (first, rest) in expected.items()}
    assert json.loads((run / "s00.json").read_bytes())["total"] == 11
    with open_store(run) as store:
        (held,) = store.held("s00")
        assert (held.score, held.open_items) == (4 + 2 + 4, ())
        info = store.info()
        assert info is not None
        assert info.options["rubric"] == str(changed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["RUN", "--item", "1.1b"], "--item"),
        (["RUN", "--student", "nobody"], "nobody"),
        (["RUN/missing"], "must be the folder of a run"),
        (["RUN", "--rubric", "gone.yaml"], "gone.yaml"),
        (["RUN", "--seed", "another"], "NLA_GRADER_SECRET"),
    ],
)
def test_a_regrade_of_what_is_not_there_says_so(
    run: Path, arguments: list[str], words: str
) -> None:
    """Exit code 2, and the run is as it was."""
    ended = call("regrade", *(one.replace("RUN", str(run)) for one in arguments))
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert set(record_counts(run)) == {1}
