"""A real sandbox for each test, of every kind that this machine has; one browser for all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person renew what reports are compared with."""
    parser.addoption("--update-goldens", action="store_true", help="Write the golden files anew.")


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
