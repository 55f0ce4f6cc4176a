"""grader/terminal.py and how commands end: terminals that lack characters, readers who leave."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import grader.commands
from grader import cli
from grader.exit_codes import ExitCode
from grader.terminal import OutputClosedError, message_console, output_console, write_output

ROOT = Path(__file__).parents[1]
RUBRIC = """\
assignment: small
title: Задание 1
total: 1
items:
  - {id: "1.1a", title: Константы, points: 1, requires: [norm_constants],
     checks: [{title: constants, use: theory.norm_constants}]}
"""
CYRILLIC = "имя.py"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A right submission, its name in Cyrillic, beside a rubric in Cyrillic."""
    (tmp_path / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    file = tmp_path / CYRILLIC
    file.write_text("def norm_constants(n): return n ** -0.5, 1.0", encoding="utf-8")
    return file


def started(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(os.fsencode, map(str, arguments))],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment},
        capture_output=True,
        check=False,
    )


def test_check_on_a_terminal_without_cyrillic(submission: Path) -> None:
    """All points are given, so it ends with 0; what can't be printed is escaped in the columns."""
    rubric = submission.with_name("rubric.yaml")
    ended = started("check", submission, "--rubric", rubric, PYTHONIOENCODING="cp1252")
    told = ended.stdout.decode("cp1252")
    assert (ended.returncode, ended.stderr.strip()) == (0, b"")
    assert r"\u0438\u043c\u044f.py" in told
    table = [line for line in told.splitlines() if line[:1] in {"|", "+"}]
    assert r"\u041a\u043e\u043d" in told
    assert len(table) > 3
    assert len(set(map(len, table))) == 1


def test_grade_in_an_ascii_locale_writes_utf_8(submission: Path) -> None:
    """The locale changes what is printed, not what is written; an unreadable file is told of."""
    rubric, out = submission.with_name("rubric.yaml"), submission.parent / "run"
    broken = submission.parent / "другой.ipynb"
    broken.write_text("{", encoding="utf-8")
    ended = started("grade", submission, broken, "--rubric", rubric, "--out", out, **ASCII)
    assert ended.returncode == ExitCode.UNUSABLE, ended.stderr
    assert b"Traceback" not in ended.stdout + ended.stderr
    assert ended.stdout.isascii()
    written = [path.read_text(encoding="utf-8") for path in out.rglob("*.txt")]
    assert any("Константы" in text for text in written)


def test_a_reader_who_leaves_ends_a_command_quietly() -> None:
    """As `| head` does; neither 1, which means that points were lost, nor a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ended = subprocess.run(
            [sys.executable, "-m", "grader", "rubric", "schema"],
            stdout=closed,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (ExitCode.OUTPUT_CLOSED, b"")


def fail_with(raised: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise raised

    return fail


class Closed(io.RawIOBase):
    """A pipe that nobody reads any more."""

    def writable(self) -> bool:
        """Or no text would be buffered for it."""
        return True

    def write(self, _: object) -> int:
        """Fail as the kernel does."""
        raise BrokenPipeError(32, "Broken pipe")


def test_results_that_nobody_reads_end_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables as well as bytes."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Closed(), "utf-8"))  # type: ignore[type-var]
    with pytest.raises(OutputClosedError):
        output_console().print("points")
    with pytest.raises(OutputClosedError):
        write_output([b"points"])


def test_progress_that_nobody_reads_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class is graded all the same."""
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(Closed(), "utf-8"))  # type: ignore[type-var]
    console = message_console()
    console.print("graded 1 of 9")
    console.print("graded 2 of 9")
    assert console.quiet


def test_an_internal_error_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It ends with 3 and says where its traceback is."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["grader", "check", "ps1.py"])
    monkeypatch.setattr(grader.commands, "check_file", fail_with(KeyError("\x1b[2J" + "x" * 999)))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == ExitCode.GRADER_FAULT
    told = capsys.readouterr().err
    (file,) = tmp_path.glob("nla-grader-*.txt")
    assert str(file) in told.replace("\n", "")
    assert "KeyError" in told
    assert "Traceback" not in told
    assert "\x1b" not in told
    assert len(told) < 600
    assert "Traceback" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (OutputClosedError(), ExitCode.OUTPUT_CLOSED),
        (BrokenPipeError(32, "of the sandbox"), ExitCode.GRADER_FAULT),
    ],
)
def test_no_other_ending_looks_like_lost_points(
    raised: BaseException, code: ExitCode, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each has its own exit code."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(grader.commands, "check_file", fail_with(raised))
    assert CliRunner().invoke(cli.app, ["check", "ps1.py"]).exit_code == code
