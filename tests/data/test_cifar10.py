"""CIFAR-10 by way of torchvision, on machines that can't fetch it."""

import socket
import sys
from pathlib import Path

import pytest

from grader.data.cifar10 import Cifar10
from grader.data.interface import silent
from grader.errors import DataError


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection is refused at once."""
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_read_without_network_says_what_to_do(tmp_path: Path) -> None:
    """Where nothing can be fetched, the error names the folder and the other kinds of data."""
    with pytest.raises(DataError, match="--data imagefolder:FOLDER, or --data synthetic") as caught:
        Cifar10(tmp_path).read(silent)
    assert str(tmp_path) in str(caught.value)
    assert "put cifar-10-python.tar.gz there" in str(caught.value)


def test_read_never_unpacks_a_damaged_archive(tmp_path: Path) -> None:
    """An archive with another checksum than the published one is not used."""
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(b"not the archive")
    with pytest.raises(DataError, match="must be downloadable or lie in"):
        Cifar10(tmp_path).read(silent)
    assert not (tmp_path / "cifar-10-batches-py").exists()


def test_read_leaves_the_networks_settings_as_they_were(tmp_path: Path) -> None:
    """The limit on a silent server is for this download alone."""
    before = socket.getdefaulttimeout()
    with pytest.raises(DataError):
        Cifar10(tmp_path).read(silent)
    assert socket.getdefaulttimeout() == before


def test_read_tells_that_it_began(tmp_path: Path) -> None:
    """A wait for the network is announced."""
    told: list[tuple[int, int, str]] = []
    with pytest.raises(DataError):
        Cifar10(tmp_path).read(lambda done, total, what: told.append((done, total, what)))
    assert told == [(0, 2, "reading CIFAR-10")]


def test_read_without_torchvision_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package is an extra; the other kinds of data do without it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(DataError, match=r"pip install 'nla-grader\[vision\]'"):
        Cifar10(tmp_path).read(silent)
