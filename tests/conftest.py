"""A real sandbox for each test, of every kind that this machine has; one browser a process."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from grader.errors import SandboxError
from grader.sandbox import Limits, Sandbox, choose_guards, choose_launcher
from grader.session import ItemSession
from grader.submission import Chunk

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Open = Callable[..., ItemSession]
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


EXPECTED_SKIPS = (
    "actionlint is not installed",
    "needs a GPU",
    "needs the extra `fuzz`",
    "root reads every file",
)
"""Reasons for which a test may be skipped where everything that can be installed is."""

# How long an example takes depends on what runs beside it; pytest-timeout guards the test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of this suite."""
    parser.addoption("--update-goldens", action="store_true", help="Write the golden files anew.")
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="Fail tests that are skipped without being expected.",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that CI could run and doesn't has failed there."""
    report = yield
    if report.skipped and item.config.getoption("--no-skips") and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not any(expected in reason for expected in EXPECTED_SKIPS):
            report.outcome, report.longrepr = "failed", f"skipped: {reason}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _temporary_folder_of_its_own(worker_id: str) -> Iterator[None]:
    """What a test leaves in the folder for temporary files is told from its neighbours'."""
    if worker_id == "master":
        yield
        return
    before, tempfile.tempdir = os.environ.get("TMPDIR"), None
    # Sockets lie below it, whose paths may not be longer than some hundred characters.
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        Path(folder).chmod(0o755)
        os.environ["TMPDIR"], tempfile.tempdir = folder, None
        yield
        tempfile.tempdir = None
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


@pytest.fixture(params=["bubblewrap", "bare"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of sandbox."""
    return str(request.param)


@pytest.fixture
def sandbox(kind: str) -> Iterator[Sandbox]:
    """One submission's sandbox, nothing imported ahead."""
    try:
        made = Sandbox(choose_launcher(kind), choose_guards())
    except SandboxError as exc:
        pytest.skip(f"no sandbox of this kind here: {exc}")
    with made:
        yield made


@pytest.fixture
def open_session(sandbox: Sandbox) -> Iterator[Open]:
    """Opens a session for source text; ends it after the test."""
    with ExitStack() as stack:

        def open_one(
            source: str, names: Sequence[str] = ("f",), limits: Limits | None = None
        ) -> ItemSession:
            session = ItemSession(
                sandbox,
                limits or Limits(wall_seconds=20),
                [Chunk(source, "cell 1", 1)],
                {name: name for name in names},
            )
            stack.callback(session.abandon)
            return session

        yield open_one


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        yield opened
        opened.close()
