"""Limits without control groups: whatever a submission starts or stores is counted."""

import sys
from collections.abc import Iterator

import pytest

from grader.faults import SubmissionFault
from grader.model import Status
from grader.sandbox import Limits, Sandbox, choose_launcher
from grader.sandbox.interface import MIB, Reason
from grader.sandbox.polling import Polling
from tests.conftest import Open
from tests.sandbox.test_guards import Hungry

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
LIMITS = Limits(wall_seconds=10, memory_bytes=256 * MIB, processes=48)


@pytest.fixture
def kind() -> str:
    """What is in a namespace can be counted whole."""
    return "bubblewrap"


@pytest.fixture
def sandbox(kind: str) -> Iterator[Sandbox]:
    """A sandbox on a machine that lets nobody make a control group."""
    with Sandbox(choose_launcher(kind), Polling()) as made:
        yield made


TAKE = """
import mmap, os, time
def f(x):
    take(x)
    time.sleep(5)
    return "took it all"
"""
HIDDEN = {
    "orphans in sessions of their own": """
def take(x):
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                kept = b"x" * (80 << 20)
                time.sleep(60)
            os._exit(0)
        os.wait()
""",
    "many children that each take little": """
def take(x):
    for _ in range(40):
        if os.fork() == 0:
            kept = b"x" * (12 << 20)
            time.sleep(60)
""",
    "memory shared between processes": """
def take(x):
    global kept
    kept = mmap.mmap(-1, 400 << 20)
    for at in range(0, 400 << 20, 4096): kept[at] = 1
""",
    "files in the sandbox's own folders": """
def take(x):
    for folder in ("/tmp", "/dev/shm"):
        with open(folder + "/kept", "wb") as out:
            for _ in range(190): out.write(bytes(1 << 20))
""",
    "thousands of empty files": """
def take(x):
    os.mkdir("/tmp/many"); os.chdir("/tmp/many")
    for number in range(400_000): os.close(os.open(str(number), os.O_CREAT))
""",
}


@pytest.mark.parametrize("how", list(HIDDEN))
def test_memory_cannot_be_hidden(open_session: Open, how: str) -> None:
    """Wherever it is taken, more than the limit ends the item."""
    session = open_session(TAKE + HIDDEN[how], limits=LIMITS)
    with pytest.raises(SubmissionFault) as caught:
        session.call("f", 1)
    assert caught.value.status is Status.OUT_OF_MEMORY


def test_forks_of_a_large_process_are_not_counted_again(open_session: Open) -> None:
    """What a child shares with its parent is there once."""
    session = open_session(
        "import os, time\n"
        "kept = b'x' * (120 << 20)\n"
        "def f(x):\n"
        "    for _ in range(10):\n"
        "        if os.fork() == 0: time.sleep(60)\n"
        "    time.sleep(0.5)\n"
        "    return 'fine'\n",
        limits=LIMITS,
    )
    assert session.call("f", 1) == "fine"


def test_files_in_memory_are_refused(open_session: Open) -> None:
    """They would be seen by no count of what processes use."""
    session = open_session(
        "import os\n"
        "def f(x):\n"
        "    try: os.memfd_create('kept')\n"
        "    except PermissionError: return 'refused'\n"
    )
    assert session.call("f", 1) == "refused"


def test_processes_are_limited(open_session: Open) -> None:
    """By the kernel where it can, else by a look; either way there are never many more."""
    session = open_session(
        "import os, time\n"
        "def f(x):\n"
        "    for made in range(200):\n"
        "        try:\n"
        "            if os.fork() == 0: time.sleep(60)\n"
        "        except BlockingIOError: return made\n"
        "    return made\n",
        limits=LIMITS,
    )
    assert 30 < session.call("f", 1) < 48


def test_a_look_finds_too_many_threads() -> None:
    """Where the kernel counts nothing, the item is ended."""
    crowd = Hungry()
    guard = Polling().make(Limits(processes=3))
    guard.admit(crowd.process.pid)
    assert guard.exceeded() is None
    for _ in range(4):
        crowd.eat(1, "child")
        assert crowd.is_full()
    assert guard.exceeded() is Reason.PROCESSES
    crowd.end()
    guard.close()
