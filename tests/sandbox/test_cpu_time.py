"""CPU time of an item, counted from outside: threads, children, orphans and ended ones."""

import sys
from collections.abc import Iterator

import pytest

from grader.sandbox import Limits, Sandbox, choose_guards, choose_launcher
from grader.sandbox.polling import Polling
from grader.session import ItemSession
from grader.submission import Chunk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counted by the kernel of Linux")

SOURCE = """
import os, threading, time

def spin(seconds):
    # CPU time, so that a busy machine changes nothing.
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
    return 0

def thread(seconds):
    one = threading.Thread(target=spin, args=(seconds,)); one.start(); one.join()

def child(seconds):
    if os.fork() == 0: spin(seconds); os._exit(0)
    os.wait()

def orphan(seconds):
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: spin(seconds); os.write(write, b"x")
        os._exit(0)
    os.wait(); os.read(read, 1); time.sleep(0.2)

def sleeping(seconds): time.sleep(seconds)
"""
NAMES = {name: name for name in ("spin", "thread", "child", "orphan", "sleeping")}


@pytest.fixture(params=["groups", "polling"])
def session(request: pytest.FixtureRequest, sandbox_kind: str) -> Iterator[ItemSession]:
    """A session whose CPU time is counted by a control group, or by looking at the processes."""
    guards = choose_guards() if request.param == "groups" else Polling()
    with Sandbox(choose_launcher(sandbox_kind), guards) as sandbox:
        yield ItemSession(sandbox, Limits(wall_seconds=20), [Chunk(SOURCE, "cell", 1)], NAMES)


@pytest.fixture(params=["bubblewrap", "bare"])
def sandbox_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of sandbox."""
    return str(request.param)


def test_all_that_an_item_starts_is_counted(session: ItemSession) -> None:
    """By the item itself, a thread, a child and an orphan alike; sleeping costs nothing."""
    assert session.cpu_seconds == 0
    session.call("sleeping", 0.0)
    for name in ("spin", "thread", "child", "orphan"):
        before = session.cpu_seconds
        session.call(name, 0.3)
        assert 0.25 < session.cpu_seconds - before < 0.6, name
    before = session.cpu_seconds
    session.call("sleeping", 0.3)
    assert 0 <= session.cpu_seconds - before < 0.15
    session.close()
    assert session.cpu_seconds == 0
