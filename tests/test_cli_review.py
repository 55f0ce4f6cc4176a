"""grader/cli_review.py: points by hand, as a person types the commands."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from grader.cli import app
from grader.store import open_store
from tests.review.hand_ins import hand_in, make_run

RUNNER = CliRunner()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run of two."""
    make_run(tmp_path / "run", [hand_in(0), hand_in(1)]).close()
    return tmp_path / "run"


def student_of(run: Path) -> str:
    with open_store(run, read_only=True) as store:
        return next(iter(store.held())).entry.student


def test_hand_gives_points_that_the_run_keeps(run: Path) -> None:
    """Points, comment and who gave them are in the store."""
    student = student_of(run)
    arguments = ["hand", str(run), "1.1b", student, "4", "--comment", "AU is missing"]
    ended = RUNNER.invoke(app, [*arguments, "--grader", "Ada"])
    assert ended.exit_code == 0, ended.output
    with open_store(run, read_only=True) as store:
        (score,) = store.hand_scores(student, "1.1b")
    assert (score.points, score.comment, score.grader) == (4, "AU is missing", "Ada")


def test_hand_scores_move_as_yaml(run: Path, tmp_path: Path) -> None:
    """What `--export` writes, `--import` takes over into another copy of the run."""
    student = student_of(run)
    RUNNER.invoke(app, ["hand", str(run), "1.2a", student, "3"])
    file = tmp_path / "scores.yaml"
    ended = RUNNER.invoke(app, ["review", str(run), "--export", str(file)])
    assert ended.exit_code == 0, ended.output
    assert student in yaml.safe_dump(yaml.safe_load(file.read_text(encoding="utf-8")))
    make_run(tmp_path / "other", [hand_in(0), hand_in(1)]).close()
    ended = RUNNER.invoke(app, ["review", str(tmp_path / "other"), "--import", str(file)])
    assert ended.exit_code == 0, ended.output
    with open_store(tmp_path / "other", read_only=True) as store:
        assert [score.points for score in store.hand_scores(student, "1.2a")] == [3]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hand", "RUN", "2.1a", "STUDENT", "1"], "item must be one of"),
        (["hand", "RUN", "1.1b", "STUDENT", "9"], "must be from 0 to 5"),
        (["hand", "RUN", "1.1b", "nobody", "1"], "nobody"),
        (["review", "nowhere"], "must be the folder of a run"),
        (["review", "RUN", "--import", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_does_not_fit_is_told(run: Path, arguments: list[str], words: str) -> None:
    """One line that names the mistake, exit code 2, no traceback."""
    known = {"RUN": str(run), "STUDENT": student_of(run)}
    ended = RUNNER.invoke(app, [known.get(word, word) for word in arguments])
    assert ended.exit_code == 2, ended.output
    assert words in " ".join(ended.output.split())
    assert "Traceback" not in ended.output
