import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from grader.data.cache import Cache, Entry, cache_folder
from grader.data.interface import silent
from grader.errors import DataError

ENTRY = Entry({"a": np.arange(6, dtype=np.float32).reshape(2, 3)}, {"n": 1, "x": [0.1, 0.25]})


def test_read_gives_what_was_written(tmp_path: Path) -> None:
    """Arrays and facts come back equal, and the arrays can be written to."""
    cache = Cache(tmp_path)
    cache.write("one", ENTRY)
    found = cache.read("one")
    assert found is not None
    np.testing.assert_array_equal(found.arrays["a"], ENTRY.arrays["a"])
    assert found.arrays["a"].flags.writeable
    assert found.facts == ENTRY.facts


def test_read_gives_nothing_where_nothing_is(tmp_path: Path) -> None:
    """An entry that was never written is absent, and nobody is warned."""
    assert Cache(tmp_path).read("one") is None


@pytest.mark.parametrize("suffix", ["safetensors", "json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text"])
def test_read_never_trusts_a_damaged_entry(
    tmp_path: Path, suffix: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever happened to either file, the entry counts as absent and a warning says why."""
    cache = Cache(tmp_path)
    cache.write("one", ENTRY)
    file = tmp_path / f"one.{suffix}"
    raw = file.read_bytes()
    middle = raw.index(b"0.25") if suffix == "json" else len(raw) // 2
    flipped = raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]
    file.write_bytes({"flip": flipped, "cut": raw[:middle], "empty": b"", "text": b"[1]"}[damage])
    with caplog.at_level(logging.WARNING):
        assert cache.read("one") is None
    assert "is damaged and will be made again" in caplog.text


def test_write_replaces_an_entry(tmp_path: Path) -> None:
    """The last one written counts, and no temporary file stays behind."""
    cache = Cache(tmp_path)
    cache.write("one", ENTRY)
    cache.write("one", Entry({"b": np.zeros(1)}, {}))
    found = cache.read("one")
    assert found is not None
    assert list(found.arrays) == ["b"]
    assert {file.name for file in tmp_path.iterdir()} == {"one.json", "one.safetensors"}


def test_alone_lets_one_in_after_the_other(tmp_path: Path) -> None:
    """Who comes second is told that he waits, and enters when the first has left."""
    cache = Cache(tmp_path)
    waiting = threading.Event()
    order: list[str] = []

    def second() -> None:
        with cache.alone("one", lambda *_: waiting.set()):
            order.append("second")

    thread = threading.Thread(target=second)
    with cache.alone("one", silent):
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_cache_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NLA_GRADER_CACHE counts where no folder is given, and is made."""
    monkeypatch.setenv("NLA_GRADER_CACHE", str(tmp_path / "deep" / "cache"))
    assert cache_folder() == tmp_path / "deep" / "cache"
    assert cache_folder().is_dir()
    assert cache_folder(tmp_path / "other") == tmp_path / "other"


def test_cache_folder_says_what_to_do_where_it_cant_be_made(tmp_path: Path) -> None:
    """A file in the way is told with the variable to set."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="set NLA_GRADER_CACHE to a folder that is"):
        cache_folder(tmp_path / "file" / "cache")
