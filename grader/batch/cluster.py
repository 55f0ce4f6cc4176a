"""A Dask cluster's workers: a file's bytes go to one of them, plain results come back here."""

import contextlib
import queue
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from grader.batch import remote
from grader.batch.connect import CONFIG, CONNECT_SECONDS, connect
from grader.batch.interface import Content, Tell
from grader.batch.keys import differences
from grader.batch.messages import Event, Result, Task, decode, encode, failed, set_up
from grader.errors import GraderError, UsageError
from grader.model import Environment
from grader.options import Options

if TYPE_CHECKING:
    from distributed import Future

    from grader.data.baseline import Baseline

AHEAD = 2
"""Files that are under way for each worker: one is graded, one is there when it is done."""
END_SECONDS = 5
LOOK_SECONDS = 1.0
"""How often the scheduler is looked at while no word comes."""
TRIES = 2
MOST_FAULTS = 4
"""Files one after another that no worker could grade and survived: then it is not the files."""
Waiting = deque[tuple[Task, int]]
"""Tasks that nobody grades yet, and how often each will have been tried."""


class ClusterExecutor:
    """Grades on the workers of a scheduler, or on `local:N` processes of this machine.

    The scheduler gives the files of a worker that died to others; a file that ends one after the
    other is given up.
    """

    def __init__(self, options: Options, address: str) -> None:
        """Connect.

        Raises:
            UsageError: the address can't be used, or Dask is not installed.
            GraderError: nobody answers there.
        """
        self._options = options
        self._setup = encode(set_up(options, ()))
        self._topic = f"nla-grader-{uuid.uuid4().hex}"
        self._cluster, self._client = connect(address)
        self._inbox: queue.SimpleQueue[Event | Future] = queue.SimpleQueue()
        self._scattered: Future | None = None
        self._faults = 0
        self._room = 1

    def environment(self) -> Environment:
        """That all workers share.

        Raises:
            UsageError: they differ, or have more than one thread each.
        """
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as exc:
            raise GraderError(
                f"--cluster: the scheduler has had no worker for {CONNECT_SECONDS} s; start some"
            ) from exc
        for worker, threads in self._client.nthreads().items():
            if threads != 1:
                raise UsageError(
                    f"--cluster: each worker must have 1 thread, {worker} has {threads}; start "
                    "them with --nthreads 1"
                )
        try:
            told = self._client.run(remote.describe, self._setup)
        except Exception as exc:
            raise GraderError(
                f"--cluster: a worker can't grade: {type(exc).__name__}: {exc}; install the same "
                "version of nla-grader on every worker"
            ) from exc
        found = {worker: msgspec.json.decode(raw, type=Environment) for worker, raw in told.items()}
        first_worker, first = next(iter(found.items()))
        for worker, environment in found.items():
            differing = differences(first, environment)
            if differing:
                raise UsageError(
                    f"--cluster: workers must be alike, {first_worker} and {worker} differ in "
                    f"{'; '.join(differing)}; install the same versions everywhere"
                )
        return first

    def grade(
        self,
        tasks: Sequence[Task],
        content: Content,
        tell: Tell,
        *,
        modules: tuple[str, ...] = (),
        baseline: "Baseline | None" = None,
    ) -> Iterator[Result]:
        """The result of each task; see `Executor`."""
        import dask  # noqa: PLC0415 - an extra

        self._setup = encode(set_up(self._options, modules))
        waiting: Waiting = deque((task, 1) for task in tasks)
        under_way: dict[Future, tuple[Task, int]] = {}
        self._client.subscribe_topic(self._topic, self._hear)
        with dask.config.set(CONFIG):
            try:
                while waiting or under_way:
                    self._submit(waiting, under_way, content, baseline)
                    word = self._next()
                    if isinstance(word, Event):
                        tell(word)
                    elif word is not None:
                        task, tries = under_way.pop(word)
                        result = self._settled(_outcome(word, task), tries)
                        if result is None:
                            waiting.append((task, tries + 1))
                        else:
                            yield result
            finally:
                self._client.cancel(list(under_way), force=True)

    def close(self) -> None:
        """Leave the cluster as it was; one that was started here ends."""
        with contextlib.suppress(Exception):  # it may be what went wrong
            if self._cluster is None:
                self._client.run(remote.release)
        with contextlib.suppress(Exception):  # likewise
            self._client.close(timeout=END_SECONDS)
        if self._cluster is not None:
            self._cluster.close(timeout=END_SECONDS)

    def _submit(
        self,
        waiting: Waiting,
        under_way: "dict[Future, tuple[Task, int]]",
        content: Content,
        baseline: "Baseline | None",
    ) -> None:
        """Keep every worker busy, and no more of the class in the scheduler's memory.

        What is tried again goes alone: when a worker dies, all that was under way to it is suspect.
        """
        if not waiting or len(under_way) >= self._room:
            return
        if any(tries > 1 for _, tries in under_way.values()):
            return
        self._room = AHEAD * max(len(self._client.nthreads()), 1)
        while waiting and len(under_way) < self._room:
            if waiting[0][1] > 1 and under_way:
                return
            task, tries = waiting.popleft()
            full = msgspec.structs.replace(
                task, content=content(task.sha256), more=bool(waiting) or bool(under_way)
            )
            future = self._client.submit(
                remote.grade,
                self._setup,
                encode(full),
                self._topic,
                self._sent(baseline),
                # Dashboards show it: no name of a student.
                key=f"{self._topic}-{task.sha256[:16]}-{task.kind}-{tries}",
                pure=False,
            )
            under_way[future] = (task, tries)
            future.add_done_callback(self._inbox.put)
            if tries > 1:
                return

    def _sent(self, baseline: "Baseline | None") -> "Future | None":
        """The baseline on every worker; sent once, and passed on to those that join later."""
        if baseline is None:
            return None
        if self._scattered is None or self._scattered.cancelled():
            self._scattered = self._client.scatter(baseline, broadcast=True, hash=False)
        return self._scattered

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """An event of a worker; called in a thread of Dask's."""
        message = decode(event[1]["event"])
        if isinstance(message, Event):
            self._inbox.put(message)

    def _next(self) -> "Event | Future | None":
        try:
            return self._inbox.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            if self._client.status not in {"running", "connecting"}:
                raise GraderError(
                    "--cluster: the scheduler is gone; what was graded stays, start again"
                ) from None
            return None

    def _settled(self, result: Result, tries: int) -> Result | None:
        """The result; None where the task is worth another try."""
        if not result.fault:
            self._faults = 0
            return result
        if tries < TRIES:
            return None
        if result.fatal:
            return result
        self._faults += 1
        if self._faults >= MOST_FAULTS:
            raise GraderError(
                f"--cluster: no worker could grade the last {self._faults} files: {result.fault}; "
                "run `grader doctor` on a worker; what was graded stays"
            )
        return result


def _outcome(future: "Future", task: Task) -> Result:
    from distributed import KilledWorker  # noqa: PLC0415 - an extra

    try:
        message = decode(future.result())
    except KilledWorker as exc:
        fault = (
            f"the file was put aside: workers of the cluster ended while they graded it, {TRIES} "
            f"attempts in a row: {exc}; look at the file, then run `grader regrade`"
        )
        return failed(task, fault=fault, fatal=True)
    except Exception as exc:  # noqa: BLE001 - whatever became of it, the student is not to blame
        return failed(task, fault=f"{type(exc).__name__}: {exc}")
    assert isinstance(message, Result)  # noqa: S101 - a worker gives nothing else
    return message
