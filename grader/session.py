"""The checks' session with a submission: a call goes in, a plain value or a finding comes out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.checks.interface import Reply
from grader.faults import SubmissionFault
from grader.model import Status
from grader.sandbox.findings import explain_ending, explain_failure
from grader.sandbox.host import Sandbox
from grader.sandbox.interface import ANSWER_BYTES, Ending, ItemEndedError, Limits, Reason
from grader.sandbox.process import ItemProcess
from grader.submission import Chunk
from grader.worker.protocol import Kind


class ItemSession:
    """Serves the checks of one item with the submission's functions.

    The item's process starts with the first call. When it ends abnormally the check that was
    waiting gets a finding, and the next check a fresh process with what is left of the wall time.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        limits: Limits,
        chunks: Sequence[Chunk],
        names: Mapping[str, str],
        *,
        gpu_as_cpu: bool = False,
    ) -> None:
        """Nothing is started yet.

        Args:
            sandbox: Where the item's process runs.
            limits: The item's.
            chunks: The slice of the submission.
            names: Asked name -> where the slice has it.
            gpu_as_cpu: Whether code that asks for a GPU gets the CPU.
        """
        self._sandbox = sandbox
        self._limits = limits
        self._chunks = chunks
        self._names = dict(names)
        self._gpu_as_cpu = gpu_as_cpu
        self._process: ItemProcess | None = None
        self._unloadable: SubmissionFault | None = None
        self.abuse: SubmissionFault | None = None
        """Set when the submission has tampered with the channel; nothing more is asked of it."""
        self.starved = False
        """Set when time ran out while other processes had the processors."""
        self._left = limits.wall_seconds
        self._outputs: list[str] = []
        self.peak_bytes = 0
        """The most memory that the item used at one time, 0 where not known."""
        self.generation = 0
        """Raised with each fresh process: what a probe kept in its state is then gone."""

    def call(
        self,
        name: str,
        *args: Any,
        wall_seconds: float | None = None,
        answer_bytes: int = ANSWER_BYTES,
    ) -> Any:
        """What the submission's function `name` returns for `args`, no larger than `answer_bytes`.

        Raises:
            SubmissionFault: it raised, overran a limit, died or returned no plain value.
        """
        body = {"name": name, "args": list(args), "watched": False}
        return self._request(
            Kind.CALL, body, f"`{name}`", seconds=wall_seconds, answer_bytes=answer_bytes
        )

    def call_watched(self, name: str, *args: Any) -> Reply:
        """As `call`, with the arguments as the call left them."""
        body = {"name": name, "args": list(args), "watched": True}
        value = self._request(Kind.CALL, body, f"`{name}`")
        if not isinstance(value, dict) or not isinstance(value.get("inputs"), list):
            ending = Ending(Reason.PROTOCOL, None, "no inputs beside a result")
            self._end()
            raise self._finding(ending, f"`{name}`")
        return Reply(value.get("result"), tuple(value["inputs"]))

    def probe(
        self,
        probe: str,
        method: str,
        *args: Any,
        answer_bytes: int = ANSWER_BYTES,
        **options: Any,
    ) -> Any:
        """What our own code inside the worker returns, no larger than `answer_bytes`."""
        body = {"probe": probe, "method": method, "args": list(args), "options": options}
        return self._request(Kind.PROBE, body, "your code", answer_bytes=answer_bytes)

    def serve(
        self,
        probe: str,
        method: str,
        *args: Any,
        answer: Callable[[Any], Any],
        max_queries: int,
    ) -> Any:
        """As `probe`, answering the queries that the worker asks meanwhile with `answer`."""
        asked = 0

        def counted(query: Any) -> Any:
            nonlocal asked
            asked += 1
            if asked > max_queries:
                self._end()
                raise SubmissionFault(
                    Status.FAILED,
                    f"the oracle was asked more than {max_queries} times in one round",
                    "ask for the Jacobian at a few points instead of a value at a time",
                )
            return answer(query)

        body = {"probe": probe, "method": method, "args": list(args), "options": {}}
        return self._request(Kind.PROBE, body, "your code", answer=counted)

    def restart(self) -> None:
        """End the process; the next request gets a fresh one, in which nothing of this is left.

        Raises:
            SubmissionFault: it said something after its last answer.
        """
        self.close()

    def without_submission(self) -> "ItemSession":
        """End the process; a session on the same sandbox in which no submission is loaded.

        Raises:
            SubmissionFault: it said something after its last answer.
        """
        self.close()
        return ItemSession(self._sandbox, self._limits, [], {})

    @property
    def cpu_seconds(self) -> float:
        """CPU time that the item's present process and its descendants have used; 0 without one."""
        return 0.0 if self._process is None else self._process.cpu_seconds()

    def output(self) -> str:
        """All that was printed so far, capped."""
        if self._process is not None:
            return "\n".join([*self._outputs, self._process.output()]).strip()
        return "\n".join(self._outputs).strip()

    def close(self) -> None:
        """End the item.

        Raises:
            SubmissionFault: it said something after its last answer.
        """
        process = self._process
        if process is None:
            return
        try:
            process.finish()
        except ItemEndedError as exc:
            if exc.ending.reason is Reason.PROTOCOL:
                raise self._finding(exc.ending, "your code") from exc
        finally:
            self._end()

    def abandon(self) -> None:
        """End the item, whatever it says; for when nothing more is asked of it."""
        self._end()

    def _request(
        self,
        kind: Kind,
        body: dict[str, Any],
        what: str,
        *,
        seconds: float | None = None,
        answer: Callable[[Any], Any] | None = None,
        answer_bytes: int = ANSWER_BYTES,
    ) -> Any:
        process = self._loaded()
        # The worker refuses to send more; who does so all the same has changed it.
        body = {**body, "answer_bytes": answer_bytes}
        return self._exchange(
            process, kind, body, what, seconds=seconds, answer=answer, answer_bytes=answer_bytes
        )

    def _exchange(
        self,
        process: ItemProcess,
        kind: Kind,
        body: Any,
        what: str,
        *,
        seconds: float | None = None,
        answer: Callable[[Any], Any] | None = None,
        answer_bytes: int = ANSWER_BYTES,
    ) -> Any:
        allowed = self._left if seconds is None else min(seconds, self._left)
        before = process.waited
        try:
            said, value = process.exchange(
                kind, body, max(allowed, 0.0), answer, answer_bytes=answer_bytes
            )
        except ItemEndedError as exc:
            self.starved = self.starved or exc.ending.starved
            self._end()
            raise self._finding(exc.ending, what) from exc
        except SubmissionFault:
            # Raised by `answer`; the process still waits for its answer, and gets none.
            self._end()
            raise
        finally:
            self._left -= process.waited - before
        if said is Kind.RESULT:
            return value
        raise explain_failure(value, what, self._limits)

    def _loaded(self) -> ItemProcess:
        for settled in (self.abuse, self._unloadable):
            if settled is not None:
                raise settled
        if self._process is not None:
            return self._process
        if self._left <= 0:
            raise SubmissionFault(
                Status.TIMED_OUT,
                f"the item's {self._limits.wall_seconds:g} s were used up before this was asked",
                "make the slowest part faster, then the rest will be graded",
            )
        process = self._sandbox.open_item(self._limits)
        self._process = process
        self.generation += 1
        chunks = [
            {"source": chunk.source, "label": chunk.label, "first_line": chunk.first_line}
            for chunk in self._chunks
        ]
        body = {"names": self._names, "chunks": chunks, "gpu_as_cpu": self._gpu_as_cpu}
        try:
            self._exchange(process, Kind.LOAD, body, "loading your code")
        except SubmissionFault as fault:
            self._unloadable = fault
            raise
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._outputs.append(process.output())
            self.peak_bytes = max(self.peak_bytes, process.peak_bytes)
            self._sandbox.close_item()

    def _finding(self, ending: Ending, what: str) -> SubmissionFault:
        fault = explain_ending(ending, what, self._limits)
        if ending.reason is Reason.PROTOCOL:
            self.abuse = fault
        return fault
