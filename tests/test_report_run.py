"""grader/report_run.py and grader/report_commands.py: a run's store becomes files."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from grader.errors import GraderError, StoreError, UsageError
from grader.model import from_json
from grader.report.interface import Graded
from grader.report_commands import export_run, report_run, show_on_github
from grader.report_run import graded_of, write_report
from grader.store import open_store
from tests.report import samples
from tests.report.nasty import nasty
from tests.report_runs import make_run

FULL_CLASS = 200
LIMIT_SECONDS = 60
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "run")


def test_graded_of_keeps_what_persons_gave(run: Path) -> None:
    """Points with the comments' effect, criteria by place, remarks before the comment."""
    with open_store(run, read_only=True) as store:
        (held,) = store.held("u1001")
    given = graded_of(held).hand["1.1b"]
    assert given.points == 4.0
    assert given.criteria == (2.0, None, 2.0)
    assert given.comment == "U need not be real. AU is missing."


def test_report_run_writes_a_page_for_each_and_the_overview(run: Path) -> None:
    """HTML and Markdown for all, what can't be read included; the overview links them."""
    report_run(run, None, jobs=1)
    folder = run / "report"
    names = sorted(path.name for path in (folder / "students").iterdir())
    expected = [f"u{1000 + n}.{kind}" for n in range(5) for kind in ("html", "md")]
    assert names == expected
    overview = (folder / "overview.html").read_text(encoding="utf-8")
    for number in range(5):
        assert f'href="students/u{1000 + number}.html"' in overview
    page = (folder / "students" / "u1001.html").read_text(encoding="utf-8")
    assert "U need not be real. AU is missing." in page
    assert "must be a notebook" in (folder / "students" / "u1004.html").read_text(encoding="utf-8")


def test_report_run_writes_the_same_bytes_in_any_number_of_processes(tmp_path: Path) -> None:
    """Two processes or one: the same files."""
    run = make_run(tmp_path / "run", 14)
    for jobs in (1, 2):
        report_run(run, tmp_path / str(jobs), jobs=jobs)
    for one in sorted((tmp_path / "1").rglob("*")):
        other = tmp_path / "2" / one.relative_to(tmp_path / "1")
        assert one.is_dir() or one.read_bytes() == other.read_bytes()
    assert len(list((tmp_path / "2").rglob("*.*"))) == 29


def test_report_run_leaves_no_half_file(run: Path, tmp_path: Path) -> None:
    """Where a page can't be written, the error names it and nothing is left beside."""
    (tmp_path / "students" / "u1000.html").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"u1000\.html: can't be written"):
        report_run(run, tmp_path, jobs=1)
    assert not list(tmp_path.rglob("*.partial"))


def test_report_run_needs_a_run(tmp_path: Path) -> None:
    """A folder without a store is refused with the step to take."""
    with pytest.raises(StoreError, match="must be the folder of a run"):
        report_run(tmp_path, None)


@pytest.mark.parametrize(
    ("name", "file"), [("csv", "run.csv"), ("jsonl", "run.jsonl"), ("junit", "run.xml")]
)
def test_export_run_writes_one_file_for_all(run: Path, name: str, file: str) -> None:
    """Into the run's folder unless told otherwise."""
    export_run(run, name, None)
    assert (run / "export" / file).stat().st_size > 100


@pytest.mark.parametrize(
    ("name", "suffix", "count"),
    [
        ("html", ".html", 5),
        ("markdown", ".md", 5),
        ("gradescope", ".json", 4),
        ("json", ".json", 4),
        ("text", ".txt", 4),
        ("github-annotations", ".txt", 4),
        ("github-summary", ".md", 4),
    ],
)
def test_export_run_writes_a_file_for_each(
    run: Path, tmp_path: Path, name: str, suffix: str, count: int
) -> None:
    """What was not graded has a page and nothing else."""
    export_run(run, name, tmp_path / "out")
    assert len(list((tmp_path / "out").glob(f"*{suffix}"))) == count


def test_export_run_keeps_records_whole(run: Path, tmp_path: Path) -> None:
    """A record comes back as it was kept, hand points enter Gradescope's score."""
    export_run(run, "json", tmp_path / "json")
    export_run(run, "gradescope", tmp_path / "gradescope")
    kept = from_json((tmp_path / "json" / "u1001.json").read_bytes())
    results = json.loads((tmp_path / "gradescope" / "u1001.json").read_bytes())
    assert results["score"] == kept.score + 4.0


def test_export_run_fills_a_gradebook(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows are matched, and what a person should know is said."""
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "Student,ID,SIS Login ID,Section,Problem Set 1 (7)\n"
        '"Kierkegaard, Søren",1,u1001,A,\n"Else, Nobody",2,x,A,\n',
        encoding="utf-8",
    )
    to = tmp_path / "grades.csv"
    export_run(run, "canvas", to, roster=roster)
    assert f'"u1001","A","{_given(run, "u1001")}"' in to.read_text(encoding="utf-8")
    said = capsys.readouterr().err
    assert "4 in no row of the roster: u1000, u1002, u1003, u1004" in said
    assert "1 whose points will still change" in said
    assert "1 of the roster without points: Else, Nobody" in said


def _given(run: Path, student: str) -> str:
    with open_store(run, read_only=True) as store:
        (held,) = store.held(student)
    return f"{held.score:g}"


@pytest.mark.parametrize(
    ("name", "roster", "words"),
    [
        ("pdf", None, "--format: must be one of canvas, moodle"),
        ("canvas", None, "--roster: must be given with --format canvas"),
        ("moodle", Path("/nowhere/x.csv"), "must be a file that can be read"),
    ],
)
def test_export_run_says_what_is_missing(
    run: Path, name: str, roster: Path | None, words: str
) -> None:
    """A wrong option is named with the right ones."""
    with pytest.raises(UsageError, match=words):
        export_run(run, name, None, roster=roster)


def test_export_run_writes_to_standard_output(
    run: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`--to -` pipes the file, and nothing else."""
    export_run(run, "jsonl", Path("-"))
    lines = capsysbinary.readouterr().out.splitlines()
    assert [msgspec.json.decode(line, type=Graded).student for line in lines] == [
        f"u{1000 + number}" for number in range(5)
    ]


def test_show_on_github_writes_commands_and_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Standard output holds commands alone, the summary goes to the file that GitHub names."""
    record = nasty().record
    assert record is not None
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    show_on_github(record, tmp_path / "ps1.ipynb")
    lines = capsysbinary.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith(b"::") for line in lines)
    assert summary.read_text(encoding="utf-8").startswith("before\n## ")


def test_show_on_github_says_where_it_can_not_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A summary that can't be written is an error to act on."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    with pytest.raises(GraderError, match="GITHUB_STEP_SUMMARY"):
        show_on_github(samples.record(1), tmp_path / "a.ipynb")


@pytest.mark.slow
def test_a_class_of_200_takes_less_than_a_minute(tmp_path: Path) -> None:
    """All pages and the overview, each page under a megabyte.

    The time is that of the processors, so that what else runs on the machine does not count.
    """
    run = list(samples.class_of(FULL_CLASS))
    began = _processor_seconds()
    write_report(run, tmp_path, jobs=2)
    assert (_processor_seconds() - began) / 2 < LIMIT_SECONDS
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) == FULL_CLASS + 1
    assert max(page.stat().st_size for page in pages) < MOST_BYTES


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
