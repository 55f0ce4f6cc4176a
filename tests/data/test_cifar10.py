from pathlib import Path

import pytest

from grader.data.cifar10 import Cifar10
from grader.data.interface import silent
from grader.errors import DataError


def test_read_without_network_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be fetched, the error names the folder and the other kinds of data."""
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: refused at once
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(DataError, match="--data imagefolder:FOLDER, or --data synthetic") as caught:
        Cifar10(tmp_path).read(silent)
    assert str(tmp_path) in str(caught.value)
