"""grader/console_run.py: what a person sees while a class is graded, and what a log gets."""

import re

import pytest

from grader.console_run import LiveRun, show_changes
from tests.records import NASTY, record


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide terminal, as far as rich can tell."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")


@pytest.mark.usefixtures("terminal")
def test_each_worker_has_a_line_and_the_run_a_total(capsys: pytest.CaptureFixture[str]) -> None:
    """What each does now, how far all is, and how many there were before."""
    with LiveRun() as live:
        live.planned(3, 2)
        live.working("1", "anna.py  item 2.1a", 3, 12)
        live.working("2", "bert.py  item 4", 0, 0)
        live.working("1", "anna.py  item 2.2", 0, 0)
        live.graded("anna.py", record())
        live.graded("carl.py", None)
        live.preparing("training", 1, 7)
        live._live.refresh()
        told = plain(capsys.readouterr().err)
    last = told.rpartition("graded, 2 before")[2]
    assert "2/3" in last
    assert "1  anna.py  item 2.2" in last
    assert "2  bert.py  item 4" in last
    assert "training" in last
    assert "item 2.1a" not in last


@pytest.mark.usefixtures("terminal")
def test_a_finished_preparation_gives_its_line_back(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but what goes on is shown."""
    with LiveRun() as live:
        live.preparing("training", 1, 7)
        live.preparing("training", 7, 7)
        capsys.readouterr()
        live._live.refresh()
        assert "training" not in plain(capsys.readouterr().err)


@pytest.mark.usefixtures("terminal")
def test_names_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Markup in a file's name is shown, not obeyed."""
    with LiveRun() as live:
        live.working("1", "[bold red]x[/bold red] [/]", 0, 0)
        live._live.refresh()
    assert "[bold red]x[/bold red] [/]" in plain(capsys.readouterr().err)


def test_a_log_gets_ten_lines_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody watches, a job's log stays readable."""
    with LiveRun() as live:
        live.planned(200, 0)
        for _ in range(200):
            live.working("1", NASTY, 1, 2)
            live.graded(NASTY, None)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 10
    assert told[-1] == "graded 200 of 200"


def test_a_regrade_without_changes_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    show_changes([], 7)
    assert capsys.readouterr().out == "7 graded again, no points change\n"
