"""Times whole commands: median wall seconds, and the largest memory of the process itself."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
GRADER = (sys.executable, "-m", "grader")
MIB = 1 << 20


@dataclass(frozen=True)
class Timing:
    """Medians over the runs of one command."""

    seconds: float
    memory_mib: float
    """Largest resident set of the command's own process, children not added."""
    output: str
    """What the last run printed."""


def time_command(
    command: Sequence[str],
    *,
    runs: int,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> Timing:
    """Run `command` `runs` times.

    Args:
        command: The argument list.
        runs: How often.
        cwd: The folder to run it in.
        env: Variables added to this process's.
        codes: Exit codes that count as success.

    Raises:
        RuntimeError: it ended otherwise; the text holds the end of what it printed.
    """
    seconds, memory, output = [], [], ""
    for _ in range(runs):
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds.append(time.perf_counter() - began)
        memory.append(usage.ru_maxrss / 1024)
        if process.returncode not in codes:
            raise RuntimeError(f"{command}: ended with {process.returncode}: {output[-800:]}")
    return Timing(statistics.median(seconds), statistics.median(memory), output)
