"""grader/session.py: every way in which an item can end gets its own status and words."""

import time

import numpy as np
import pytest

from grader.faults import SubmissionFault
from grader.model import Status
from grader.sandbox import Limits
from tests.conftest import Open

MIB = 1 << 20


def fault_of(open_session: Open, source: str, limits: Limits | None = None) -> SubmissionFault:
    session = open_session(source, limits=limits)
    with pytest.raises(SubmissionFault) as caught:
        session.call("f", 1)
    return caught.value


def test_a_call_gives_back_what_the_function_returns(open_session: Open) -> None:
    """Arrays come back by value, with shape and dtype."""
    session = open_session("def f(a, b): return {'sum': a + b, 'both': (a, b)}")
    a, b = np.arange(6, dtype=np.float32).reshape(2, 3), np.float64(2)
    answer = session.call("f", a, float(b))
    assert answer["sum"].dtype == np.float32
    np.testing.assert_array_equal(answer["sum"], a + 2)
    np.testing.assert_array_equal(answer["both"][0], a)


def test_a_watched_call_shows_a_changed_input(open_session: Open) -> None:
    """The arguments come back as the call left them, and the grader's own stay as they were."""
    session = open_session("def f(a):\n    a[0] = 7.0\n    return 0")
    a = np.zeros(3)
    reply = session.call_watched("f", a)
    assert reply.inputs[0][0] == 7.0
    assert a[0] == 0.0


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("def f(x): return 1 / 0", Status.ERRORED, "ZeroDivisionError: division by zero (cell 1, "),
        ("raise ValueError('at load')", Status.ERRORED, "loading your code raised ValueError"),
        ("def f(x): raise SystemExit(0)", Status.ERRORED, "SystemExit"),
        ("import os\ndef f(x): os._exit(0)", Status.ERRORED, "exit code 0"),
        ("import os\ndef f(x): os._exit(3)", Status.ERRORED, "exit code 3"),
        ("import os\ndef f(x): os.kill(os.getpid(), 11)", Status.KILLED, "SIGSEGV"),
        ("import ctypes\ndef f(x): ctypes.string_at(0)", Status.KILLED, "SIGSEGV"),
        ("def f(x): return object()", Status.FAILED, "a object"),
        ("def f(x): return (i for i in range(3))", Status.FAILED, "a generator"),
        ("import numpy as np\ndef f(x): return np.array([None])", Status.FAILED, "dtype object"),
        ("f = 3", Status.ERRORED, "f is a int, not a function"),
        ("def g(x): pass", Status.ERRORED, "'f' is not defined"),
        ("def f(): pass", Status.ERRORED, "takes 0 positional arguments"),
        ("def f(x): return input()", Status.ERRORED, "EOFError"),
    ],
)
def test_failures_are_told_apart(
    open_session: Open, source: str, status: Status, words: str
) -> None:
    """The status and the feedback say what happened, in one line."""
    fault = fault_of(open_session, source)
    assert fault.status is status, fault.feedback
    assert words in fault.feedback
    assert "\n" not in fault.feedback
    assert fault.hint


@pytest.mark.parametrize(
    "loop",
    ["while True: pass", "import time; time.sleep(1e6)", "sum(range(10**15))"],
)
def test_a_loop_is_timed_out(open_session: Open, loop: str) -> None:
    """In Python, in a sleep and inside one C call alike."""
    fault = fault_of(open_session, f"def f(x):\n    {loop}", Limits(wall_seconds=0.4))
    assert fault.status is Status.TIMED_OUT


def test_signals_that_are_ignored_do_not_help(open_session: Open) -> None:
    """SIGTERM, SIGXCPU and the rest may be ignored; the end is SIGKILL."""
    source = (
        "import signal\n"
        "for n in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(n, signal.SIG_IGN)\n"
        "def f(x):\n    while True: pass\n"
    )
    assert fault_of(open_session, source, Limits(wall_seconds=0.4)).status is Status.TIMED_OUT


@pytest.mark.parametrize(
    "grow",
    [
        "return bytes(10**15)",
        "return __import__('numpy').ones((10**6, 10**6))",
        "kept = []\n    while True: kept.append(bytearray(b'x' * (1 << 24)))",
    ],
)
def test_too_much_memory_is_its_own_status(open_session: Open, grow: str) -> None:
    """In one gulp and by drip."""
    fault = fault_of(open_session, f"def f(x):\n    {grow}", Limits(memory_bytes=1024 * MIB))
    assert fault.status is Status.OUT_OF_MEMORY


def test_a_shared_map_counts_as_memory(open_session: Open) -> None:
    """What a limit on private data misses is caught by the group or the poll."""
    source = (
        "import mmap\n"
        "def f(x):\n"
        "    big = mmap.mmap(-1, 1 << 31)\n"
        "    for at in range(0, 1 << 31, 4096): big[at] = 1\n"
        "    return 0\n"
    )
    fault = fault_of(open_session, source, Limits(memory_bytes=512 * MIB))
    assert fault.status is Status.OUT_OF_MEMORY


def test_an_output_flood_is_ended_and_cut(open_session: Open) -> None:
    """The beginning and the end are kept, the rest is not."""
    session = open_session("def f(x):\n    while True: print('y' * 999)")
    with pytest.raises(SubmissionFault) as caught:
        session.call("f", 1)
    assert caught.value.status is Status.KILLED
    assert "printed more than 8 MiB" in caught.value.feedback
    assert len(session.output()) < 70_000


def test_what_is_printed_is_kept_and_made_visible(open_session: Open) -> None:
    """Control characters are shown as escapes."""
    session = open_session("def f(x):\n    print('red \\x1b[31m', 'bell \\a')\n    return 0")
    session.call("f", 1)
    assert session.output() == "red \\x1b[31m bell \\x07"


def test_the_next_check_gets_a_fresh_process(open_session: Open) -> None:
    """One call that hangs does not take the item's other calls with it."""
    session = open_session(
        "import time\ndef f(x): time.sleep(1e6)\ndef g(x): return x",
        ("f", "g"),
        Limits(wall_seconds=5),
    )
    with pytest.raises(SubmissionFault):
        session.call("f", 1, wall_seconds=0.3)
    assert session.call("g", 5) == 5
    assert session.generation == 2


def test_time_that_is_used_up_is_said_so(open_session: Open) -> None:
    """The item's wall time is one budget for all of its calls."""
    session = open_session("def f(x):\n    while True: pass", limits=Limits(wall_seconds=0.3))
    faults = []
    for _ in range(2):
        with pytest.raises(SubmissionFault) as caught:
            session.call("f", 1)
        faults.append(caught.value)
    assert [fault.status for fault in faults] == [Status.TIMED_OUT] * 2
    assert "used up before" in faults[1].feedback


def test_code_that_does_not_load_is_not_loaded_twice(open_session: Open) -> None:
    """Every check of the item gets the same finding at the cost of one."""
    session = open_session("def f(x: return x")
    for _ in range(2):
        with pytest.raises(SubmissionFault) as caught:
            session.call("f", 1)
        assert "SyntaxError" in caught.value.feedback
        assert "cell 1, line 1" in caught.value.feedback
    assert session.generation == 1


@pytest.mark.parametrize(
    "abuse",
    [
        "os.write(3, b'x' * 64)",
        "os.write(3, b'NLAG' + bytes(16))",
        "os.close(3); os.write(1, b'x')",
        "os.write(3, b'NLAG\\x01\\x11\\0\\0\\x02\\0\\0\\0' + (1 << 62).to_bytes(8, 'little'))",
    ],
)
def test_writing_to_the_channel_ends_the_item(open_session: Open, abuse: str) -> None:
    """Forged, early and malformed bytes are never an answer."""
    fault = fault_of(open_session, f"import os\ndef f(x):\n    {abuse}\n    return 1")
    assert fault.status in {Status.KILLED, Status.ERRORED}


def test_words_after_the_last_answer_end_the_item(open_session: Open) -> None:
    """A thread that writes after its function has returned is found out at the close."""
    source = (
        "import os, threading, time\n"
        "def late():\n    time.sleep(0.1)\n    os.write(3, b'surplus')\n"
        "def f(x):\n    threading.Thread(target=late).start()\n    return 1\n"
    )
    session = open_session(source)
    assert session.call("f", 1) == 1
    time.sleep(0.4)
    with pytest.raises(SubmissionFault) as caught:
        session.close()
    assert caught.value.status is Status.KILLED


def test_a_query_is_answered_only_where_one_is_served(open_session: Open) -> None:
    """A submission that speaks the protocol itself can't ask outside `serve`."""
    source = (
        "import gc\n"
        "def f(x):\n"
        "    item = next(o for o in gc.get_objects() if type(o).__name__ == 'Item')\n"
        "    return item._ask(1)\n"
    )
    fault = fault_of(open_session, source)
    assert fault.status is Status.KILLED


def test_items_do_not_see_each_other(open_session: Open) -> None:
    """Files, globals and patched modules of one item are gone in the next."""
    first = open_session(
        "import numpy, os, builtins\n"
        "def f(x):\n"
        "    numpy.dot = None; builtins.abs = None\n"
        "    open(os.path.expanduser('~/left'), 'w').close()\n"
        "    return 0\n"
    )
    first.call("f", 1)
    first.close()
    second = open_session(
        "import numpy, os\n"
        "def f(x): return [numpy.dot is None, abs(-1), os.listdir(os.path.expanduser('~'))]\n"
    )
    assert second.call("f", 1) == [False, 1, []]
