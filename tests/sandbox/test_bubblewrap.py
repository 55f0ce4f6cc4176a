"""grader/sandbox: what a submission can see and reach, and what is left behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from grader.errors import SandboxError
from grader.faults import SubmissionFault
from grader.sandbox import Limits, Sandbox, choose_guards, choose_launcher, verify_sandbox
from grader.sandbox.seccomp import build_filter
from tests.conftest import Open

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")


@pytest.fixture
def kind() -> str:
    """These promises are bubblewrap's alone."""
    return "bubblewrap"


def descendants() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def idle_processes(open_session: Open) -> int:
    """How many there are while the worker is up and no item runs."""
    warm = open_session("def f(x): return x")
    warm.call("f", 1)
    warm.close()
    return len(descendants())


def groups() -> set[Path]:
    return set(Path("/sys/fs/cgroup").rglob(f"nla-grader-{os.getpid()}-*"))


def test_the_self_test_passes_here(sandbox: Sandbox) -> None:
    """No attempt to get out succeeds on this machine."""
    del sandbox  # skips where there is no bubblewrap
    verify_sandbox(choose_launcher("bubblewrap"), choose_guards())


def test_the_self_test_notices_a_sandbox_that_leaks() -> None:
    """A plain process passes for no sandbox."""
    with pytest.raises(SandboxError, match="sees /etc/passwd"):
        verify_sandbox(choose_launcher("bare"), choose_guards())


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/home", "/sys", str(Path(__file__)), str(Path.home() / ".bashrc")]
)
def test_nothing_of_the_machine_is_seen(open_session: Open, path: str) -> None:
    """Neither the system's files nor the project."""
    session = open_session("import os\ndef f(path): return os.path.exists(path)")
    assert session.call("f", path) is False


def test_the_grader_itself_cannot_be_imported(open_session: Open) -> None:
    """Checks, rubrics and reference solutions are not there to be read."""
    session = open_session(
        "import importlib\n"
        "def f(name):\n"
        "    try: importlib.import_module(name)\n"
        "    except ImportError: return 'missing'\n"
        "    return 'there'\n"
    )
    for name in ("grader.checks", "grader.grading", "reference", "rubrics", "tests"):
        assert session.call("f", name) == "missing"


def test_the_environment_is_empty_of_ours(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable of the grader's reaches a submission, nor does process 1's."""
    monkeypatch.setenv("NLA_GRADER_SECRET", "course")
    session = open_session(
        "import os\n"
        "def f(x):\n"
        "    try: first = open('/proc/1/environ').read()\n"
        "    except OSError: first = ''\n"
        "    return 'course' in first + str(os.environ)\n"
    )
    assert session.call("f", 0) is False


def test_a_fork_bomb_is_stopped_and_nothing_survives(open_session: Open) -> None:
    """The number of processes is limited, and all end with the item."""
    idle = idle_processes(open_session)
    session = open_session(
        "import os\ndef f(x):\n    while True:\n"
        "        try: os.fork()\n        except OSError: pass",
        limits=Limits(wall_seconds=1.5, processes=40),
    )
    with pytest.raises(SubmissionFault):
        session.call("f", 1)
    session.abandon()
    assert len(descendants()) == idle


def test_daemons_end_with_the_item(open_session: Open) -> None:
    """A double fork in a session of its own does not outlive the item."""
    session = open_session(
        "import os, time\n"
        "def f(x):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0: time.sleep(1e6)\n"
        "        os._exit(0)\n"
        "    return 0\n"
    )
    idle = idle_processes(open_session)
    session.call("f", 1)
    session.close()
    time.sleep(0.05)
    assert len(descendants()) == idle


def test_the_worker_outlives_an_item_that_kills_everything(open_session: Open) -> None:
    """kill(-1) and kill(parent) do not reach the worker, or it is replaced."""
    session = open_session(
        "import os\ndef f(x):\n    os.kill(os.getppid(), 9)\n    os.kill(-1, 9)\n    return 1"
    )
    with pytest.raises(SubmissionFault):
        session.call("f", 1)
    session.abandon()
    again = open_session("def f(x): return x")
    assert again.call("f", 4) == 4


def test_disk_is_bounded(open_session: Open) -> None:
    """Filling /tmp fails inside, and the next item finds it empty."""
    session = open_session(
        "def f(x):\n"
        "    with open('/tmp/big', 'wb') as out:\n"
        "        while True: out.write(bytes(1 << 20))\n"
    )
    with pytest.raises(SubmissionFault):
        session.call("f", 1)
    session.abandon()
    again = open_session("import os\ndef f(x): return os.listdir('/tmp')")
    assert again.call("f", 1) == ["home"]


def test_nothing_is_left_behind(kind: str) -> None:
    """No process and no control group, after good ends and bad ones."""
    before = descendants()
    with Sandbox(choose_launcher(kind), choose_guards()) as made:
        for _ in range(3):
            made.open_item(Limits())
        made.close_item()
    assert descendants() == before
    assert not groups()


def test_the_sandbox_dies_with_the_grader(tmp_path: Path) -> None:
    """SIGKILL of the grader leaves no worker."""
    script = tmp_path / "run.py"
    script.write_text(
        "import time\n"
        "from grader.sandbox import *\n"
        "made = Sandbox(choose_launcher('bubblewrap'), choose_guards())\n"
        "made.open_item(Limits())\n"
        "print('open', flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment)
    assert child.stdout is not None
    assert child.stdout.readline() == b"open\n"
    inside = psutil.Process(child.pid).children(recursive=True)
    assert len(inside) >= 2
    child.kill()
    child.wait()
    child.stdout.close()
    _, alive = psutil.wait_procs(inside, timeout=5)
    assert not alive


def test_the_filter_is_a_whole_number_of_instructions() -> None:
    """Each machine with a table gets one; another gets none."""
    for machine in ("x86_64", "aarch64"):
        rules = build_filter(machine)
        assert rules is not None
        assert len(rules) % 8 == 0
    assert build_filter("riscv64") is None
