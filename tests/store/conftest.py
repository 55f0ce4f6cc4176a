"""A store in a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new, empty store."""
    with open_store(tmp_path / "run", create=True) as made:
        yield made
