"""grader/helper: calls with limits on time and memory, in processes that can be ended."""

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from grader.helper import HelperError, HelperFaultError, call

pytestmark = pytest.mark.timeout(100)


def double(number: int) -> int:
    return 2 * number


def pid(_: int) -> int:
    return os.getpid()


def backtrack(length: int) -> bool:
    """C code that lets nobody in for hours."""
    return re.fullmatch(r"(a|a)*b", "a" * length) is not None


def spin(_: int) -> int:
    while True:
        pass


def burn(milliseconds: int) -> int:
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass
    return milliseconds


def fill(size: int) -> int:
    return len(bytearray(size))


def stop(number: int) -> int:
    os.kill(os.getpid(), number)
    return number


def die_once(path: str) -> int:
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 7


def fail(number: int) -> int:
    raise ValueError(f"no {number} \ud800")


def say_much(size: int) -> str:
    return "x" * size


def test_a_call_returns_what_the_function_does() -> None:
    """The same process answers again, and it is not this one."""
    assert call(double, 7) == 14
    assert call(pid, 0) == call(pid, 0) != os.getpid()


def test_a_slow_call_is_ended() -> None:
    """Also inside of C code; the next call finds another process."""
    with pytest.raises(HelperError, match=r"takes more than 1 s of CPU time"):
        call(backtrack, 60, cpu_seconds=1)
    assert call(double, 7) == 14


def test_the_time_of_earlier_calls_does_not_count() -> None:
    """The limit is on one call, not on the process."""
    assert call(double, 1) == 2
    for _ in range(3):
        assert call(burn, 600, cpu_seconds=1) == 600


def test_a_greedy_call_is_ended() -> None:
    """Memory has a limit, and what is told says so."""
    with pytest.raises(HelperError, match="needs more than 1 GiB of memory"):
        call(fill, 2 << 30)
    assert call(double, 7) == 14


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_call_that_ends_the_process_is_told(number: int) -> None:
    """A parser that crashes takes nothing with it."""
    with pytest.raises(HelperError):
        call(stop, number)
    assert call(double, 7) == 14


def test_a_call_whose_process_was_killed_is_made_again(tmp_path: Path) -> None:
    """The system may have needed its memory for something else."""
    assert call(die_once, str(tmp_path / "died")) == 7


def test_a_helper_that_died_meanwhile_is_replaced() -> None:
    """Nobody's file is blamed for a process that was killed while it was idle."""
    idle = call(pid, 0)
    os.kill(idle, signal.SIGKILL)
    time.sleep(0.2)
    assert call(pid, 0) != idle


def test_a_mistake_of_ours_is_told_as_one() -> None:
    """With its traceback, whatever characters are in it."""
    with pytest.raises(HelperFaultError, match=r"(?s)fail failed in a helper.*no 7 \\ud800"):
        call(fail, 7)


def test_an_endless_answer_is_not_taken() -> None:
    """The caller's memory is bounded too."""
    with pytest.raises(HelperError, match="too large"):
        call(say_much, 300 << 20)


def test_threads_share_helpers() -> None:
    """While one call spins, others are answered."""
    ended: list[str] = []

    def slow() -> None:
        with pytest.raises(HelperError):
            call(spin, 0, cpu_seconds=1)
        ended.append("slow")

    thread = threading.Thread(target=slow)
    thread.start()
    assert [call(double, number) for number in range(5)] == [0, 2, 4, 6, 8]
    ended.append("fast")
    thread.join()
    assert ended == ["fast", "slow"]
