"""Golden files, hand-ins made by rule, and a browser without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    pass

GOLDENS = Path(__file__).parent / "goldens"

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
