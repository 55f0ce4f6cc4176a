"""What a check is: draw inputs, call the worker, compare. Checks know no rubric and no sandbox."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

# Part of this interface.
from grader.faults import SubmissionFault as SubmissionFault  # noqa: PLC0414
from grader.faults import Tampering as Tampering  # noqa: PLC0414

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

Value = Any
"""A plain value: None, bool, int, float, complex, str, ndarray, list and dict of these."""


class Params(BaseModel):
    """Base of the parameters that a check takes from the rubric (`with:`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    value: float
    """1.0: the promise is kept; 0.0: it is not; between: a measure that the rubric's tiers read."""
    feedback: str = ""
    """For the student: what was asked and what came, no value of a hidden draw."""
    hint: str = ""
    """For the student: one step to take."""
    staff_note: str = ""
    """For staff only: may name the draw and the error measured."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Measurements worth keeping; plain JSON values."""


def passed(**data: Any) -> Outcome:
    """The promise is kept."""
    return Outcome(1.0, data=data)


def failed(feedback: str, hint: str = "", staff_note: str = "", **data: Any) -> Outcome:
    """The promise is broken."""
    return Outcome(0.0, feedback, hint, staff_note, data)


@dataclass(frozen=True)
class Reply:
    """The answer of a call whose inputs were watched."""

    value: Value
    inputs: tuple[Value, ...]
    """The positional arguments as they were after the call."""


class Session(Protocol):
    """One item's submission code, loaded in a sandboxed worker.

    Every method raises a `SubmissionFault` when the submission raises, overruns a limit, dies or
    breaks the protocol; checks let it pass.
    """

    def call(
        self,
        name: str,
        *args: Value,
        wall_seconds: float | None = None,
        answer_bytes: int = ...,
    ) -> Value:
        """What the submission's function `name` returns for `args` (arrays arrive as ndarray).

        An answer of more than `answer_bytes` bytes is refused.
        """
        ...

    def call_watched(self, name: str, *args: Value) -> Reply:
        """As `call`, with the arguments as the call left them."""
        ...

    def probe(
        self,
        probe: str,
        method: str,
        *args: Value,
        answer_bytes: int = ...,
        **options: Value,
    ) -> Value:
        """What our own code inside the worker returns: `worker/probes/<probe>.py`, `method`.

        An answer of more than `answer_bytes` bytes is refused.
        """
        ...

    def serve(
        self,
        probe: str,
        method: str,
        *args: Value,
        answer: Callable[[Value], Value],
        max_queries: int,
    ) -> Value:
        """As `probe`, answering the queries that the worker asks meanwhile with `answer`."""
        ...

    def restart(self) -> None:
        """End the process; the next request gets a fresh one, in which nothing of this is left."""
        ...

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the process and all that it started, measured from outside."""
        ...

    def without_submission(self) -> "Session":
        """End the process; a session on the same sandbox in which no submission is loaded."""
        ...


class Draws(Protocol):
    """Seeded randomness of one item: same seed, same item, same number, same draw."""

    def rng(self, *labels: str | int) -> np.random.Generator:
        """An independent generator for these labels."""
        ...


P = TypeVar("P", bound=Params)
T = TypeVar("T")


@dataclass(frozen=True)
class Bench:
    """Everything that a check works with."""

    session: Session
    draws: Draws
    baseline: Callable[[], "Baseline"]
    """The trained network and its data; trained at the first call where not cached."""
    threads: int
    device: str
    progress: Callable[[int, int], None]
    """Told (done, total) during long checks."""
    memo: dict[str, Any] = field(default_factory=dict)
    """Shared by the checks of one item, for what several of them need."""
    kept: dict[Hashable, Any] = field(default_factory=dict)
    """Shared by all submissions of one item: every one gets the same draws."""

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call with this key.

        Only for what draws, baseline and parameters decide, never for anything of a submission.
        """
        if key not in self.kept:
            self.kept[key] = make()
        found: T = self.kept[key]
        return found


Run = Callable[[Any, Bench], Outcome]


@dataclass(frozen=True)
class CheckSpec:
    """A registered check."""

    name: str
    params: type[Params]
    run: Run
    summary: str
    """First line of the check's docstring: the promise, as a student reads it."""
    calls: Sequence[str]
    """Names of the submission that the check needs; `{field}` is filled from the parameters."""
    needs_baseline: bool = False
    """Whether it asks for the trained network, so that a run can have it ready beforehand."""


CHECKS: dict[str, CheckSpec] = {}
"""Every check by its registered name; filled by importing `grader.checks`."""


def check(
    name: str, params: type[P], calls: Sequence[str] = (), *, needs_baseline: bool = False
) -> Callable[[Run], Run]:
    """Register the decorated function as the check `name`.

    The function's docstring starts with the promise in one sentence, as a student reads it.
    """

    def register(run: Run) -> Run:
        summary = (run.__doc__ or "").strip().split("\n")[0]
        CHECKS[name] = CheckSpec(name, params, run, summary, tuple(calls), needs_baseline)
        return run

    return register
