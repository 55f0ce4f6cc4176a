"""Stands in for a worker process: does what the task's content says, and grades nothing."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from grader.assembly import GradedItem
from grader.batch.messages import Event, Result, Setup, Task, decode, encode
from grader.model import ItemRecord, Status


def result(task: Task, *, starved: str = "", note: str = "") -> Result:
    graded = tuple(
        GradedItem(
            starved=name == starved,
            record=ItemRecord(
                id=name,
                title=name,
                points=1.0,
                auto_points=1.0,
                hand_points=0.0,
                status=Status.PASSED,
                score=1.0,
                output=f"{'more' if task.more else 'last'} {os.getpid()} {note}".strip(),
            ),
        )
        for name in task.items
    )
    return Result(
        file=task.file, sha256=task.sha256, kind=task.kind, items=task.items, graded=graded
    )


def company(place: Path) -> str:
    """Whether somebody else is at work, seen from the marks that all leave while they are."""
    mark = place / str(os.getpid())
    mark.touch()
    # The other one may still be starting.
    deadline = time.monotonic() + 3
    while len(list(place.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    others = len(list(place.iterdir())) > 1
    time.sleep(0.3)  # it must see this mark, too
    mark.unlink()
    return "together" if others else "alone"


def main() -> None:
    link = Connection(int(sys.argv[1]))
    setup = decode(link.recv_bytes())
    assert isinstance(setup, Setup)
    if setup.secret == "no start":
        sys.exit("cannot start: no such luck")
    link.send_bytes(encode(Event()))
    while True:
        task = decode(link.recv_bytes())
        assert isinstance(task, Task)
        do, _, place = task.content.decode().partition(" ")
        link.send_bytes(encode(Event(file=task.file, total=len(task.items))))
        starved, note = "", ""
        match do:
            case "starved":
                # Always: a file is not graded a third time.
                starved, note = "1", company(Path(place))
            case "company":
                note = company(Path(place))
            case "die":
                os._exit(7)
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "die-once" if not Path(place).exists():
                Path(place).touch()
                sys.exit("it was the first time")
            case "hang":
                time.sleep(1000)
            case "refuse":
                sys.stderr.write("sandbox: nothing works here; run `grader doctor`")
                sys.exit(3)
        link.send_bytes(encode(result(task, starved=starved, note=note)))


if __name__ == "__main__":
    main()
