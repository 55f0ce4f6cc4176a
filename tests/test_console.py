"""grader/console.py and what else prints: a stranger's text is neither a command nor an escape."""

import re
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from grader.batch.overview import Line
from grader.batch.run import RunSummary
from grader.cli import app
from grader.console import LiveProgress, show_record
from grader.console_run import LiveRun, show_run
from grader.exit_codes import ExitCode
from grader.model import Status, SubmissionInfo
from grader.names import MOST_NOTES
from tests.records import check, item, record

HOSTILE = "a\n::error file=x::boom ::stop-commands::t\r\x1b]0;title\x07\x9b2J \u202e##[error]boom"
COMMAND = re.compile(r"::(error|stop-commands)|##\[")


def harmless(text: str) -> bool:
    """Whether a terminal and GitHub Actions have nothing to obey, however lines are wrapped."""
    plain = all(char == "\n" or char.isprintable() for char in text)
    return plain and not COMMAND.search(text) and not COMMAND.search(text.replace("\n", ""))


@pytest.mark.parametrize("width", [40, 80, 500])
def test_a_record_is_shown_and_nothing_in_it_is_obeyed(
    capsys: pytest.CaptureFixture[str], width: int
) -> None:
    """Feedback, hints, notes and the file's name, at any width of the terminal."""
    broken = check(Status.FAILED, 0.0, HOSTILE)
    made = msgspec.structs.replace(
        record(),
        items=(
            item("1", Status.FAILED, 0.0, (broken,), HOSTILE),
            item("2", Status.ERRORED, 0.0, ()),
        ),
        notes=(HOSTILE,),
        submission=SubmissionInfo(name=f"{HOSTILE}.py", sha256="ab", kind="module"),
    )
    show_record(made, Console(width=width))
    told = capsys.readouterr().out
    assert "boom" in told
    assert harmless(told)


def test_a_run_is_shown_and_nothing_in_it_is_obeyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of older runs are not clean, and notes may be many."""
    monkeypatch.setenv("COLUMNS", "60")
    line = Line(HOSTILE, HOSTILE, HOSTILE, None, 0.0, (), (HOSTILE,), ExitCode.UNUSABLE)
    summary = RunSummary((HOSTILE,), 0, 0, (), (HOSTILE,) * 500, 1.0)
    show_run(summary, [line], [], short=False)
    told = capsys.readouterr().out
    assert harmless(told)
    assert told.count("note: ") == MOST_NOTES
    assert "450 more notes" in told


def test_live_progress_obeys_no_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of one file nor of many."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "300")
    with LiveProgress() as live:
        live.item_started(HOSTILE, "1", 1, 2)
        live._bars.refresh()
    with LiveRun() as run:
        run.working("1", HOSTILE, 0, 0)
        run._live.refresh()
    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert "boom" in told
    assert harmless(told.replace("\r", ""))


def test_an_error_obeys_no_name(tmp_path: Path) -> None:
    """The name of a file that can't be read starts the line."""
    file = tmp_path / "::error::boom\n::error::\x1b[2J.py"
    file.write_text("")
    ended = CliRunner().invoke(app, ["check", str(file)], env={"COLUMNS": "60"})
    assert ended.exit_code == 2
    assert "boom" in ended.output
    assert harmless(ended.output)
