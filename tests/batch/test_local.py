"""grader/batch/local.py: a worker process that dies is replaced and its file tried again."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.batch.local import LocalExecutor
from grader.batch.messages import Event, Result, Setup, Task
from grader.batch.workers import WorkerProcess
from grader.errors import GraderError
from grader.options import Options
from tests.batch.class_of import family

FAKE = "tests.batch.fake_process"


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    """Two processes that do as they are told."""
    made = LocalExecutor(Options(sandbox="bare"), 2, quiet_seconds=5, module=FAKE)
    yield made
    made.close()
    assert not family()


def run(
    executor: LocalExecutor, contents: Sequence[str], events: list[Event] | None = None
) -> dict[str, Result]:
    """Results by file; file `fN` holds the N-th content."""
    tasks = [
        Task(file=f"f{number}", sha256=f"{number}", kind="module", items=("1", "2"))
        for number in range(len(contents))
    ]
    told: list[Event] = [] if events is None else events
    results = executor.grade(tasks, lambda sha256: contents[int(sha256)].encode(), told.append)
    found = list(results)
    assert len({one.file for one in found}) == len(found)
    return {one.file: one for one in found}


def outputs(results: dict[str, Result]) -> list[list[str]]:
    return [one.graded[0].record.output.split() for one in results.values()]


def test_every_task_has_one_result(executor: LocalExecutor) -> None:
    """By both processes, whoever is free; the items come back as asked."""
    results = run(executor, ["ok"] * 12)
    assert set(results) == {f"f{number}" for number in range(12)}
    assert all(one.items == ("1", "2") and len(one.graded) == 2 for one in results.values())
    assert len({pid for _, pid in outputs(results)}) == 2


def test_the_last_files_are_told_that_nothing_follows(executor: LocalExecutor) -> None:
    """No sandbox warms up for a file that never comes."""
    assert sorted(more for more, _ in outputs(run(executor, ["ok"] * 5))) == ["last"] + 4 * ["more"]


def test_no_more_processes_than_files(executor: LocalExecutor) -> None:
    """One file needs one."""
    events: list[Event] = []
    run(executor, ["ok"], events)
    assert {event.worker for event in events} == {"1"}


def test_a_file_is_tried_again_when_its_worker_dies(
    executor: LocalExecutor, tmp_path: Path
) -> None:
    """By a fresh process under the same name; the other files don't notice."""
    events: list[Event] = []
    results = run(executor, ["ok", f"die-once {tmp_path / 'mark'}", "ok", "ok"], events)
    assert not any(one.fault for one in results.values())
    assert {event.worker for event in events} == {"1", "2"}


def test_a_file_that_ends_two_workers_is_our_fault(executor: LocalExecutor) -> None:
    """Its result says what was seen; everybody else is graded."""
    results = run(executor, ["ok", "die", "ok"])
    assert "code 7" in results["f1"].fault
    assert results["f1"].items == ("1", "2")
    assert not results["f0"].fault
    assert not results["f2"].fault


def test_a_refusal_for_one_file_carries_its_words(executor: LocalExecutor) -> None:
    """What the worker could not have for one file is not the end of the class."""
    results = run(executor, ["refuse", "ok"])
    assert "nothing works here" in results["f0"].fault
    assert results["f1"].graded


def test_a_worker_that_says_nothing_is_taken_for_dead(executor: LocalExecutor) -> None:
    """A hang of ours ends as a fault, not never."""
    began = time.monotonic()
    results = run(executor, ["hang", "ok"])
    assert "silence" in results["f0"].fault
    assert results["f0"].fatal
    assert results["f1"].graded
    assert time.monotonic() - began < 30


def test_where_every_worker_refuses_the_run_stops(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person must mend is the machine's, not the files'."""
    monkeypatch.setattr("grader.batch.local.MOST_FAULTS", 2)
    with pytest.raises(GraderError, match=r"grader doctor.*what was graded stays"):
        run(executor, ["refuse"] * 20)


@pytest.mark.parametrize("death", ["die", "killed"])
def test_files_that_end_their_workers_do_not_stop_the_class(
    executor: LocalExecutor, death: str
) -> None:
    """However many come one after another, those behind them are graded."""
    results = run(executor, [death] * 4 + ["ok"] * 2)
    poisonous, honest = (
        [results[f"f{number}"] for number in some] for some in (range(4), range(4, 6))
    )
    how = {"die": "code 7", "killed": "code -9"}[death]
    assert all(one.fatal and how in one.fault and "2 worker" in one.fault for one in poisonous)
    assert not any(one.fault for one in honest)


def test_what_is_tried_again_goes_alone(executor: LocalExecutor) -> None:
    """A file that takes all memory must not end the worker of another twice."""
    events: list[Event] = []
    run(executor, ["die", "die", "ok", "ok"], events)
    order = [event.file for event in events if event.file]
    assert set(order[:4]) == {"f0", "f1", "f2", "f3"}
    assert sorted(order[4:]) == ["f0", "f1"]


def test_a_starved_item_is_graded_again_alone(executor: LocalExecutor, tmp_path: Path) -> None:
    """Once, at the end, when nobody else is at work; the other items stay as they were."""
    results = run(executor, [f"starved {tmp_path}", *[f"company {tmp_path}"] * 3])
    assert [one.items for one in results.values()] == [("1", "2")] * 4
    again, first = (graded.record.output.split() for graded in results["f0"].graded)
    assert first[2] == "together"
    assert again[2] == "alone"


def test_nothing_is_graded_again_where_nothing_ran_beside_it(
    executor: LocalExecutor, tmp_path: Path
) -> None:
    """It would end the same way."""
    events: list[Event] = []
    run(executor, [f"starved {tmp_path}"], events)
    assert sum(event.file == "f0" for event in events) == 1


def test_sandboxes_keep_to_processors_of_their_own(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no control group shares them out."""
    monkeypatch.setenv("NLA_GRADER_CGROUPS", "0")
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1, 2, 3})
    kept: list[tuple[int, ...]] = []

    class Noted(WorkerProcess):
        def __init__(self, setup: Setup, module: str, name: str) -> None:
            kept.append(setup.cores)
            super().__init__(setup, module, name)

    monkeypatch.setattr("grader.batch.local.WorkerProcess", Noted)
    alone = LocalExecutor(Options(sandbox="bare"), 2, quiet_seconds=5, module=FAKE)
    run(alone, ["ok"] * 4)
    alone.close()
    run(executor, ["ok"])
    assert kept[:2] == [(0, 2), (1, 3)]


def test_a_worker_that_can_t_start_stops_the_run() -> None:
    """With its last words, not after twenty tries."""
    executor = LocalExecutor(
        Options(sandbox="bare", secret="no start"), 2, quiet_seconds=60, module=FAKE
    )
    with pytest.raises(GraderError, match="no such luck"):
        run(executor, ["ok"] * 5)
    executor.close()


def test_closing_ends_workers_that_are_busy() -> None:
    """At once, though they are asked and don't listen."""
    executor = LocalExecutor(Options(sandbox="bare"), 2, quiet_seconds=60, module=FAKE)
    tasks = [Task(file="f", sha256=name, kind="module", items=()) for name in ("a", "b")]
    told: list[Event] = []
    results = executor.grade(tasks, lambda sha256: b"hang" if sha256 == "a" else b"ok", told.append)
    assert next(results).sha256 == "b"
    began = time.monotonic()
    executor.close()
    assert time.monotonic() - began < 5
    assert not family()
