"""A real sandbox for each test, of every kind that this machine has."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest

from grader.errors import SandboxError
from grader.sandbox import Limits, Sandbox, choose_guards, choose_launcher
from grader.session import ItemSession
from grader.submission import Chunk

Open = Callable[..., ItemSession]


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
