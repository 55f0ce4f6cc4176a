"""A real sandbox for each test, of every kind that this machine has; one browser for all."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
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
