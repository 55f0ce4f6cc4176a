"""How memory is limited: by a control group where one can be made, by a poll otherwise."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader.sandbox.cgroups
from grader.sandbox.guards import Guard, GuardMaker, choose_guards
from grader.sandbox.interface import MIB, Limits, Reason
from grader.sandbox.polling import Polling

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is watched through /proc")

HUNGRY = """
import subprocess, sys, time
def eat(mib):
    kept = bytearray(mib << 20)
    kept[::4096] = b"x" * len(kept[::4096])
    return kept
kept = []
print("up", flush=True)
for line in sys.stdin:
    how, mib = line.split()
    if how == "child":
        subprocess.Popen([sys.executable, "-c", "import sys, time; k = bytearray(int(sys.argv[1])"
            " << 20); k[::4096] = b'x' * len(k[::4096]); time.sleep(60)", mib])
        time.sleep(0.5)
    elif how == "spin":
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
    else:
        kept.append(eat(int(mib)))
    print("full", flush=True)
"""


class Hungry:
    """A process that takes as much memory as it is told to."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HUNGRY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._hears() == "up"

    def eat(self, mib: int, how: str = "self") -> None:
        """Tell it to take so much, or to start a child that does."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{how} {mib}\n")
        self.process.stdin.flush()

    def is_full(self) -> bool:
        """Whether it got what it was told to take; False where it died of it."""
        return self._hears() == "full"

    def end(self) -> None:
        """Kill it and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def _hears(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def hungry() -> Iterator[Hungry]:
    process = Hungry()
    yield process
    process.end()


def soon_exceeded(guard: Guard, seconds: float = 5) -> Reason | None:
    """The limit that the guard finds overrun before so many seconds have passed."""
    deadline = time.monotonic() + seconds
    while (reason := guard.exceeded()) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return reason


@pytest.fixture
def groups() -> GuardMaker:
    """The control groups of this machine."""
    maker = choose_guards()
    if isinstance(maker, Polling):
        pytest.skip("no control group can be made here")
    return maker


LIMITS = Limits(memory_bytes=96 * MIB)


def test_a_group_ends_who_takes_too_much(groups: GuardMaker, hungry: Hungry) -> None:
    """The kernel kills at the limit, the guard says why, and nothing is left behind."""
    guard = groups.make(LIMITS)
    guard.admit(hungry.process.pid)
    hungry.eat(24)
    assert hungry.is_full()
    assert not guard.exceeded()
    hungry.eat(200)
    assert not hungry.is_full()
    assert hungry.process.wait(10) == -signal.SIGKILL
    assert guard.exceeded()
    assert 90 * MIB < guard.peak_bytes() <= 100 * MIB
    guard.close()
    assert not list(Path("/sys/fs/cgroup").rglob(f"nla-grader-{os.getpid()}-*"))


def test_a_group_counts_children_too(groups: GuardMaker, hungry: Hungry) -> None:
    """Memory of what the process starts is memory of the item."""
    guard = groups.make(LIMITS)
    guard.admit(hungry.process.pid)
    hungry.eat(200, "child")
    assert soon_exceeded(guard) is Reason.MEMORY
    hungry.end()
    guard.close()


def test_a_group_leaves_others_alone(groups: GuardMaker, hungry: Hungry) -> None:
    """Who was not admitted may take what he likes."""
    guard = groups.make(LIMITS)
    hungry.eat(150)
    assert hungry.is_full()
    assert not guard.exceeded()
    guard.close()


@pytest.mark.parametrize("kind", ["groups", "polling"])
def test_the_cpu_time_of_children_is_charged(kind: str, hungry: Hungry) -> None:
    """All that an item starts has the time together that the item has."""
    guard = (choose_guards() if kind == "groups" else Polling()).make(Limits(wall_seconds=0))
    guard.admit(hungry.process.pid)
    hungry.eat(0, "spin")
    assert soon_exceeded(guard, 20) is Reason.CPU_TIME
    assert guard.cpu_seconds() > 2
    hungry.end()
    guard.close()


def test_every_item_has_a_group_of_its_own(groups: GuardMaker) -> None:
    """Two at a time do not share a limit."""
    one, other = groups.make(LIMITS), groups.make(LIMITS)
    one.close()
    other.close()
    one.close()


@pytest.mark.parametrize("how", ["self", "child"])
def test_polling_notices_who_takes_too_much(hungry: Hungry, how: str) -> None:
    """A poll finds what the process and its children use; killing is the caller's."""
    guard = Polling().make(LIMITS)
    guard.admit(hungry.process.pid)
    hungry.eat(24)
    assert hungry.is_full()
    time.sleep(0.1)
    assert not guard.exceeded()
    assert 20 * MIB < guard.peak_bytes() < 60 * MIB
    hungry.eat(200, how)
    assert soon_exceeded(guard) is Reason.MEMORY
    assert guard.peak_bytes() > 96 * MIB
    guard.close()


def test_polling_does_not_count_what_was_there_before(hungry: Hungry) -> None:
    """What the warm worker had imported is no memory of the item's."""
    hungry.eat(150)
    assert hungry.is_full()
    guard = Polling().make(LIMITS)
    guard.admit(hungry.process.pid)
    time.sleep(0.1)
    assert not guard.exceeded()
    hungry.eat(120)
    assert soon_exceeded(guard) is Reason.MEMORY


def test_polling_survives_the_end_of_the_process(hungry: Hungry) -> None:
    """A process that is gone uses nothing, before and after it was admitted."""
    guard = Polling().make(LIMITS)
    assert not guard.exceeded()
    guard.admit(hungry.process.pid)
    hungry.end()
    time.sleep(0.1)
    assert not guard.exceeded()
    late = Polling().make(LIMITS)
    late.admit(hungry.process.pid)
    assert not late.exceeded()
    assert late.peak_bytes() == 0


def test_choose_guards_polls_where_no_group_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without control groups there is still a limit, and the record can say which."""
    monkeypatch.setattr(grader.sandbox.cgroups, "GROUPS", tmp_path)
    assert choose_guards().name == "poll"


def test_choose_guards_leaves_no_trial_behind() -> None:
    """Looking for what can be made leaves nothing made."""
    assert choose_guards().name in {"cgroup v2", "cgroup v1", "poll"}
    assert not list(Path("/sys/fs/cgroup").rglob(f"nla-grader-{os.getpid()}-*"))


def test_choose_guards_removes_what_a_killed_grader_left(groups: GuardMaker) -> None:
    """Its groups carry the number of a process that is no more."""
    made = groups.make(Limits())
    folders = getattr(made, "folders", ())
    assert folders
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    left = [folder.with_name(f"nla-grader-{child.pid}-1") for folder in folders]
    for folder in left:
        folder.mkdir()
    choose_guards()
    assert not [folder for folder in left if folder.exists()]
    assert all(folder.exists() for folder in folders)
    made.close()
