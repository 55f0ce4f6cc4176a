"""Golden files, hand-ins made by rule, and a browser without a network."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GOLDENS = Path(__file__).parent / "goldens"
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Golden = Callable[[str, bytes], None]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares bytes with a golden file; `pytest --update-goldens` writes it."""

    def compare(name: str, actual: bytes) -> None:
        path = GOLDENS / name
        if request.config.getoption("--update-goldens", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(actual)
        assert path.is_file(), f"{path} is missing: pytest --update-goldens"
        assert actual.decode() == path.read_bytes().decode()

    return compare


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
