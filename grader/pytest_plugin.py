"""`pytest --submission ps1.ipynb`: a test for each item, so that an IDE shows them.

Without the option the plugin does nothing and imports nothing.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from grader.grading import Grader
    from grader.model import CheckRecord, ItemRecord
    from grader.rubric import Item
    from grader.submission import Submission

OPTION = "--submission"


class LostPointsError(Exception):
    """An item did not get all its automatic points."""

    def __init__(self, item: "ItemRecord") -> None:
        super().__init__(item.id)
        self.item = item


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options."""
    group = parser.getgroup("nla-grader", "grading your own hand-in")
    group.addoption(OPTION, metavar="FILE", help="Grade this notebook or module, a test an item.")
    group.addoption("--submission-rubric", metavar="FILE", help="Rubric; the embedded one if none.")
    group.addoption("--submission-cache", metavar="DIR", help="Where the trained network is kept.")


def pytest_configure(config: pytest.Config) -> None:
    """Let the file be collected, alone unless other tests were named."""
    asked = config.getoption(OPTION)
    if not asked:
        return
    folder = config.invocation_params.dir
    path = (folder / asked).resolve()
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(path)]
    elif all((folder / arg.partition("::")[0]).resolve() != path for arg in config.args):
        config.args.append(str(path))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "SubmissionFile | None":
    """The submission, if this is it."""
    asked = parent.config.getoption(OPTION)
    if not asked or (parent.config.invocation_params.dir / asked).resolve() != file_path.resolve():
        return None
    made: SubmissionFile = SubmissionFile.from_parent(parent, path=file_path)
    return made


class SubmissionFile(pytest.File):
    """The file that is graded; its tests are the rubric's items that the grader can check."""

    _grader: "Grader | None" = None
    _submission: "Submission | None" = None

    def collect(self) -> Iterable["ItemTest"]:
        """A test for each item with automatic points."""
        from grader.errors import GraderError  # noqa: PLC0415 - nothing is imported until asked for
        from grader.rubric import load_rubric  # noqa: PLC0415
        from grader.submission import load_submission  # noqa: PLC0415

        try:
            self._submission = load_submission(self.path)
            rubric = load_rubric(self._path_option("--submission-rubric"))
        except GraderError as exc:
            raise self.CollectError(str(exc)) from exc
        for item in rubric.items:
            if item.checks:
                yield ItemTest.from_parent(self, name=item.id, item=item)

    def grade(self, item: "Item") -> "ItemRecord":
        """Grade one item, with public draws and the rubric's fast settings."""
        from grader.commands import isolated  # noqa: PLC0415
        from grader.grading import Grader, Options  # noqa: PLC0415

        if self._grader is None:
            options = isolated(
                Options(
                    rubric=self._path_option("--submission-rubric"),
                    cache=self._path_option("--submission-cache"),
                    sandbox="auto",
                    practice=True,
                )
            )
            self._grader = Grader(options, verify=False)
        assert self._submission is not None  # noqa: S101 - read when it was collected
        (graded,) = self._grader.grade_items(self._submission, [item], prepare_next=True)
        return graded.record

    def teardown(self) -> None:
        """End the worker that waits for another item."""
        if self._grader is not None:
            self._grader.__exit__(None, None, None)
            self._grader = None

    def _path_option(self, name: str) -> Path | None:
        asked = self.config.getoption(name)
        return Path(self.config.invocation_params.dir / asked) if asked else None


class ItemTest(pytest.Item):
    """One item of the rubric."""

    parent: SubmissionFile

    def __init__(self, *, item: "Item", **rest: Any) -> None:
        super().__init__(**rest)
        self.item = item

    def runtest(self) -> None:
        """Grade the item; all points pass, a fault of the grader is skipped.

        Raises:
            LostPointsError: points were lost.
        """
        from grader.model import Status  # noqa: PLC0415

        record = self.parent.grade(self.item)
        if record.output:
            self.add_report_section("call", "stdout", record.output)
        if record.status is Status.GRADER_FAULT:
            pytest.skip("the grader itself failed here: tell the course staff")
        if record.score < record.auto_points:
            raise LostPointsError(record)

    def repr_failure(
        self, excinfo: "ExceptionInfo[BaseException]", style: Any = None
    ) -> "str | TerminalRepr":
        """What was asked and what came; no traceback of the grader."""
        if isinstance(excinfo.value, LostPointsError):
            return "\n".join(_told(excinfo.value.item))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the test is, and its name."""
        return self.path, None, f"{self.item.id} {self.item.title}"


def _told(item: "ItemRecord") -> Iterable[str]:
    from grader.report.text import MARKS, points_text  # noqa: PLC0415

    yield f"{points_text(item.score)} of {points_text(item.auto_points)} points"
    parts: tuple[ItemRecord | CheckRecord, ...] = (item, *item.checks)
    for part in parts:
        if part.feedback:
            yield f"{part.feedback} [{MARKS[part.status]}]"
        if part.hint:
            yield f"  hint: {part.hint}"
