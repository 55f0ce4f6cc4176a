"""Worker processes on this machine: each grades one file at a time; one that dies is replaced."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import msgspec

from grader.batch.again import SecondChances
from grader.batch.interface import Content, Tell
from grader.batch.messages import Result, Task, failed, set_up
from grader.batch.workers import WorkerProcess, end_workers
from grader.environment import resolve_device
from grader.errors import GraderError
from grader.model import Environment
from grader.options import Options, describe_environment, thread_count
from grader.sandbox import choose_guards, choose_launcher, verify_sandbox

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

LOOK_SECONDS = 1.0
"""How often workers that say nothing are looked at."""
TRIES = 2
"""A file whose worker dies is graded once more, by a fresh one, alone and after all others."""
MOST_FAULTS = 4
"""Files one after another that every worker refused: then it is not the files."""
Waiting = deque[tuple[Task, int]]
"""Tasks that nobody grades yet, and how often each will have been tried."""


class LocalExecutor:
    """Grades with `jobs` processes."""

    def __init__(
        self,
        options: Options,
        jobs: int,
        *,
        quiet_seconds: float,
        module: str = "grader.batch.process",
    ) -> None:
        """Nothing is started yet.

        Args:
            options: How to grade.
            jobs: Processes at most.
            quiet_seconds: A worker that says nothing for so long is taken for dead.
            module: What the processes run.
        """
        self._module = module
        self._setup = set_up(options, ())
        self._shares_cpu = choose_guards().shares_cpu
        self._options = options
        self._jobs = jobs
        self._quiet_seconds = quiet_seconds
        self._workers: list[WorkerProcess] = []
        self._started = 0
        self._faults = 0

    def environment(self) -> Environment:
        """This machine's."""
        options = self._options
        device = resolve_device(options.device)
        return describe_environment(options, device, choose_guards(), thread_count(options))

    def grade(
        self,
        tasks: Sequence[Task],
        content: Content,
        tell: Tell,
        *,
        modules: tuple[str, ...] = (),
        baseline: "Baseline | None" = None,  # noqa: ARG002 - workers find it in the cache
    ) -> Iterator[Result]:
        """The result of each task; see `Executor`."""
        waiting = deque((task, 1) for task in tasks)
        self._setup = set_up(self._options, modules)
        while len(self._workers) < min(self._jobs, len(waiting)):
            self._start()
        if self._options.sandbox != "bare":
            # Once for all of them, while they import.
            verify_sandbox(choose_launcher(self._options.sandbox), choose_guards())
        again = SecondChances(enabled=len(self._workers) > 1)
        while waiting or self._is_busy() or again:
            if not waiting and not self._is_busy():
                waiting.append((again.next(), 1))
            self._hand_out(waiting, content)
            for result in chain(self._results(tell), self._losses(waiting)):
                if not again.hold(result):
                    yield again.merge(result)

    def close(self) -> None:
        """End every worker, and with it its sandboxes."""
        workers, self._workers = self._workers, []
        end_workers(workers)
        for worker in workers:
            worker.close()

    def _is_busy(self) -> bool:
        return any(worker.task for worker in self._workers)

    def _hand_out(self, waiting: Waiting, content: Content) -> None:
        for worker in self._workers:
            if worker.task is not None or not waiting:
                continue
            busy = [one for one in self._workers if one.task is not None]
            # Alone: a file that takes all memory may end the worker of another.
            if busy and (waiting[0][1] > 1 or any(one.tries > 1 for one in busy)):
                return
            task, tries = waiting.popleft()
            worker.give(task, tries, content(task.sha256), more=bool(waiting))

    def _results(self, tell: Tell) -> Iterator[Result]:
        """What workers have done since; waits a moment for the first word."""
        workers = {worker.link: worker for worker in self._workers}
        for link in wait(list(workers), LOOK_SECONDS):
            worker = workers[link]  # type: ignore[index]  # one of those that were waited for
            for message in worker.messages():
                if isinstance(message, Result):
                    self._faults = 0
                    yield message
                else:
                    tell(msgspec.structs.replace(message, worker=worker.name))

    def _losses(self, waiting: Waiting) -> Iterator[Result]:
        """Put fresh workers in the place of dead ones; the results of tasks that this settles."""
        for worker in [one for one in self._workers if one.ended(self._quiet_seconds)]:
            result = self._replaced(worker, waiting)
            if result is not None:
                yield result

    def _start(self) -> None:
        self._started += 1
        self._add(str(self._started))

    def _add(self, name: str) -> None:
        setup = msgspec.structs.replace(self._setup, cores=self._cores(int(name)))
        self._workers.append(WorkerProcess(setup, self._module, name))

    def _cores(self, number: int) -> tuple[int, ...]:
        """The processors for the sandboxes of the worker with this number; empty: all.

        Where the kernel does not share them out by submission, hundreds of processes of one
        submission would leave nothing for those beside it.
        """
        if self._shares_cpu or not hasattr(os, "sched_getaffinity"):
            return ()
        cores = sorted(os.sched_getaffinity(0))
        if not 1 < self._jobs <= len(cores):
            return ()
        return tuple(cores[(number - 1) % self._jobs :: self._jobs])

    def _replaced(self, worker: WorkerProcess, waiting: Waiting) -> Result | None:
        self._workers.remove(worker)
        if worker.closed:
            # It is on its way out; a signal now would hide how it ended.
            worker.await_exit()
        end_workers([worker])
        words = worker.last_words()
        worker.close()
        if not worker.ready:
            raise GraderError(f"a worker process could not start: {words}")
        task = worker.task
        if waiting or task is not None:
            # Named as the one before: to a person it is the same line.
            self._add(worker.name)
        if task is None:
            return None
        if worker.tries < TRIES:
            # What a worker refuses is soon refused again, and then it is not the file.
            again = waiting.appendleft if worker.refused else waiting.append
            again((task, worker.tries + 1))
            return None
        if not worker.refused:
            # The file may have done this: it must not keep those behind it from being graded.
            return failed(
                task,
                fault=f"the file was put aside: {TRIES} worker processes ended while they graded "
                f"it, the last: {words}; look at the file, then run `grader regrade`",
                fatal=True,
            )
        self._faults += 1
        if self._faults >= MOST_FAULTS:
            raise GraderError(
                f"no worker process could grade the last {self._faults} files: {words}; run "
                "`grader doctor`; what was graded stays"
            )
        return failed(task, fault=f"the worker process gave up {TRIES} times: {words}")
