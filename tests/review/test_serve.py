"""The server as a process of its own: where it listens, who gets in, how it ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from grader.errors import StoreError, UsageError
from grader.review.commands import ReviewOptions, person_name, review
from tests.review.hand_ins import hand_in, make_run

SCRIPT = """
import sys
from pathlib import Path
from grader.review.commands import ReviewOptions, review
review(Path(sys.argv[1]), ReviewOptions(person="Ada"))
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run of two."""
    make_run(tmp_path / "run", [hand_in(0), hand_in(1)]).close()
    return tmp_path / "run"


@pytest.fixture
def server(run: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server's process, and the address that it prints."""
    command = [sys.executable, "-c", SCRIPT, str(run)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process, process.stdout.readline().strip()
        process.kill()


def test_serve_on_this_machine_alone(server: tuple[subprocess.Popen[str], str]) -> None:
    """It listens on the loopback address alone, lets in who has the address, ends with Ctrl-C."""
    process, address = server
    listening = [
        connection.laddr
        for connection in psutil.Process(process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert [place.ip for place in listening] == ["127.0.0.1"]
    origin, _, token = address.partition("/enter?token=")
    assert origin == f"http://127.0.0.1:{listening[0].port}"
    assert len(token) >= 32
    with httpx.Client(base_url=origin) as client:
        assert client.get("/").status_code == 401
        assert client.get(address).status_code == 200
        assert "Problem Set 1" in client.get("/").text
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 0
    assert not complaints


def test_serve_where_the_port_is_taken(run: Path) -> None:
    """A port that is taken is named, with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} must be free"):
            review(run, ReviewOptions(port=port))


def test_review_of_no_run(tmp_path: Path) -> None:
    """A folder without a run is said to be none."""
    with pytest.raises(StoreError, match="folder of a run"):
        review(tmp_path, ReviewOptions())


def test_person_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who judges is who is asked for, or the system's user, or just a grader."""
    assert person_name(" Ada ") == "Ada"
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "bob")
    assert person_name("") == "bob"
    monkeypatch.setattr("getpass.getuser", lambda: os.environ["NO_SUCH_USER"])
    assert person_name("") == "grader"
