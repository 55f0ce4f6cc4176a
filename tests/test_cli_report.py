"""grader/cli_report.py: the commands as a person types them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner

from grader.cli import app
from tests.package.small import HALF, RUBRIC
from tests.report_runs import make_run

RUNNER = CliRunner()


def test_report_writes_pages(tmp_path: Path) -> None:
    """`grader report RUN` needs nothing else."""
    run = make_run(tmp_path / "run")
    ended = RUNNER.invoke(app, ["report", str(run), "--jobs", "1"])
    assert ended.exit_code == 0, ended.output
    assert (run / "report" / "overview.html").is_file()
    assert "5 pages and" in " ".join(ended.output.split())


def test_export_writes_what_is_asked_for(tmp_path: Path) -> None:
    """`grader export RUN --format junit --to FILE`."""
    run = make_run(tmp_path / "run")
    to = tmp_path / "all.xml"
    ended = RUNNER.invoke(app, ["export", str(run), "--format", "junit", "--to", str(to)])
    assert ended.exit_code == 0, ended.output
    assert etree.parse(str(to)).getroot().tag == "testsuites"


def test_export_gives_members_the_points_of_their_group(tmp_path: Path) -> None:
    """In the table of all students; who shares is said on standard error."""
    run, roster, to = make_run(tmp_path / "run"), tmp_path / "roster.csv", tmp_path / "all.csv"
    roster.write_text("name;login;team\nAda;u1000;x\nBob;u2000;x\n")
    options = ["--format", "csv", "--roster", str(roster), "--to", str(to)]
    ended = RUNNER.invoke(app, ["export", str(run), *options, "--group-column", "Team"])
    assert ended.exit_code == 0, ended.output
    assert '"u2000","Bob"' in to.read_text(encoding="utf-8")
    assert "group x: the points of u1000 also go to u2000" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "nowhere", "--format", "csv", "--group-column", "x"], "needs --roster"),
        (["report", "nowhere"], "must be the folder of a run"),
        (["export", "nowhere", "--format", "pdf"], "--format: must be one of canvas"),
        (["package", "gradescope", "--out", "x.zip", "--visibility", "never"], "--visibility"),
        (["package", "gradescope", "--out", "x.zip", "--cache", "nowhere"], "--cache"),
    ],
)
def test_a_wrong_option_is_told(arguments: list[str], words: str) -> None:
    """One line, no traceback, exit code 2."""
    ended = RUNNER.invoke(app, arguments)
    assert ended.exit_code == 2
    assert words in " ".join(ended.output.split())
    assert "Traceback" not in ended.output


def test_package_gradescope_writes_the_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's secret comes from the environment too; without one a person is warned."""
    monkeypatch.delenv("NLA_GRADER_SECRET", raising=False)
    out = tmp_path / "sub" / "autograder.zip"
    ended = RUNNER.invoke(app, ["package", "gradescope", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert "no course secret" in ended.output
    monkeypatch.setenv("NLA_GRADER_SECRET", "hush")
    ended = RUNNER.invoke(app, ["package", "gradescope", "--out", str(out)])
    assert "no course secret" not in ended.output
    with zipfile.ZipFile(out) as archive:
        assert b"hush" in archive.read("settings.json")


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_package_prints_workflows(system: str) -> None:
    """To be put into a repository with `>`."""
    ended = RUNNER.invoke(app, ["package", system])
    assert ended.exit_code == 0
    assert "grader check" in ended.output


def check(folder: Path, form: str) -> subprocess.CompletedProcess[bytes]:
    (folder / "ps1.py").write_text(HALF, encoding="utf-8")
    (folder / "small.yaml").write_text(RUBRIC, encoding="utf-8")
    command = [sys.executable, "-m", "grader", "check", "ps1.py", "--rubric", "small.yaml"]
    return subprocess.run(
        [*command, "--format", form, "--sandbox", "bare"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=100,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[1])},
    )


def test_check_annotates_on_github(tmp_path: Path) -> None:
    """Lost points point to the module's line; standard output holds commands alone."""
    ended = check(tmp_path, "github")
    assert ended.returncode == 1, ended.stderr
    lines = ended.stdout.decode().splitlines()
    assert all(line.startswith("::") for line in lines)
    assert lines[0].startswith("::error file=ps1.py,line=10,title=1.3b Analytic SVD (0 of 3)::")


def test_check_writes_junit_for_gitlab(tmp_path: Path) -> None:
    """Standard output is the document."""
    ended = check(tmp_path, "junit")
    assert ended.returncode == 1, ended.stderr
    (suite,) = etree.fromstring(ended.stdout)
    assert (suite.attrib["tests"], suite.attrib["errors"]) == ("3", "1")
    assert [error.get("type") for error in suite.iter("error")] == ["ERRORED"]


def test_check_knows_its_forms(tmp_path: Path) -> None:
    """Another form is refused before anything is graded."""
    ended = check(tmp_path, "pdf")
    assert ended.returncode == 2
    assert b"--format: must be one of text, json, junit, github" in b" ".join(ended.stderr.split())
