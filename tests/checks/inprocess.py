"""A session without a sandbox: test source runs in this process, behind the same interface."""

import copy
import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from grader.checks.interface import Bench, Reply, SubmissionFault
from grader.data.baseline import Baseline
from grader.draws import SeededDraws
from grader.model import Status
from grader.worker.interface import ProbeContext
from grader.worker.namespace import find, load
from grader.worker.plain import UnsupportedResultError, to_plain


class InProcessSession:
    """Serves checks with the names that `source` defines, as an item's worker would."""

    def __init__(self, source: str, *, threads: int = 1, device: str = "cpu") -> None:
        self._source, self._threads, self._device = source, threads, device
        self.generation = 0
        """As a worker's session counts them: raised by each start."""
        self.restart()

    def restart(self) -> None:
        """Load the source anew; what it left elsewhere in this process stays."""
        with _faults("loading your code"):
            namespace = load([{"source": self._source, "label": "test source", "first_line": 1}])
        self._context = ProbeContext(
            namespace, _nobody_answers, threads=self._threads, device=self._device
        )
        self.generation += 1

    def call(
        self,
        name: str,
        *args: Any,
        wall_seconds: float | None = None,
        answer_bytes: int = 0,
    ) -> Any:
        """What the function `name` returns for copies of `args`; there is no limit to overrun."""
        del wall_seconds, answer_bytes
        return self.call_watched(name, *args).value

    def call_watched(self, name: str, *args: Any) -> Reply:
        """As `call`, with the copies as the call left them."""
        given = copy.deepcopy(args)
        with _faults(f"`{name}`"):
            value = to_plain(find(self._context.namespace, name)(*given))
            return Reply(value, tuple(to_plain(argument) for argument in given))

    def probe(
        self, probe: str, method: str, *args: Any, answer_bytes: int = 0, **options: Any
    ) -> Any:
        """What `method` of `grader/worker/probes/<probe>.py` returns, however large."""
        del answer_bytes
        module = importlib.import_module(f"grader.worker.probes.{probe}")
        given, chosen = copy.deepcopy((args, options))
        with _faults("your code"):
            return to_plain(getattr(module, method)(self._context, *given, **chosen))

    @property
    def cpu_seconds(self) -> float:
        """Processor time of this process, the grader's side included."""
        return time.process_time()

    def without_submission(self) -> "InProcessSession":
        """A session in which nothing is loaded."""
        return InProcessSession("", threads=self._threads, device=self._device)

    def serve(
        self,
        probe: str,
        method: str,
        *args: Any,
        answer: Callable[[Any], Any],
        max_queries: int,
    ) -> Any:
        """As `probe`, with the queries that it asks meanwhile answered by `answer`."""
        asked = 0

        def ask(query: Any) -> Any:
            nonlocal asked
            asked += 1
            if asked > max_queries:
                raise SubmissionFault(Status.FAILED, f"more than {max_queries} queries")
            return copy.deepcopy(answer(to_plain(query)))

        self._context.ask = ask
        try:
            return self.probe(probe, method, *args)
        finally:
            self._context.ask = _nobody_answers


def bench_for(
    source: str,
    *,
    seed: int | str = 0,
    item: str = "test",
    baseline: Callable[[], Baseline] | None = None,
    threads: int = 1,
    device: str = "cpu",
) -> Bench:
    """Everything a check needs to judge `source`; the same seed and item give the same draws."""
    return Bench(
        session=InProcessSession(source, threads=threads, device=device),
        draws=SeededDraws(str(seed).encode(), "tests", item),
        baseline=baseline or _no_baseline,
        threads=threads,
        device=device,
        progress=lambda _done, _total: None,
    )


@contextmanager
def _faults(what: str) -> Iterator[None]:
    try:
        yield
    except SubmissionFault:
        raise
    except UnsupportedResultError as exc:
        raise SubmissionFault(Status.ERRORED, f"{what} returned {exc}") from exc
    # Not BaseException: the test runner's own interruptions must get through.
    except (Exception, SystemExit) as exc:
        text = f"{what} raised {type(exc).__name__}: {exc}"
        raise SubmissionFault(Status.ERRORED, text) from exc


def _nobody_answers(_query: Any) -> Any:
    raise RuntimeError("ask must be called within `serve`")


def _no_baseline() -> Baseline:
    raise AssertionError("this test was given no baseline")
