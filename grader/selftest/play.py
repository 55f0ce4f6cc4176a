"""Grade the cases of families, in a few processes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context

from grader.data.baseline import Architecture, Baseline, BaselineSpec, provide_baseline
from grader.environment import resolve_device
from grader.grading import Grader
from grader.model import ItemRecord, Status
from grader.options import Options, thread_count
from grader.selftest.families import Case
from grader.submission import submission_from_bytes

X64 = 'import jax\njax.config.update("jax_enable_x64", True)\n'
BATCH = 8
"""Cases that a process takes at a time."""


@dataclass(frozen=True)
class Setting:
    """How all cases are graded once."""

    name: str
    options: Options
    x64: bool = False
    """Whether every solution turns JAX's double precision on."""
    neurons: int = 0
    """In each hidden layer of the network that is compressed; 0: as many as the assignment has."""
    mutants: bool = True
    """Whether mutants are graded too."""

    def takes(self, case: Case) -> bool:
        """Whether the case is one for this setting."""
        unfit = (
            (self.neurons and case.full_size)
            or (self.x64 and case.single)
            or (case.mutant and not self.mutants)
        )
        return not unfit


@dataclass(frozen=True)
class Played:
    """A case that was graded."""

    case: Case
    setting: str
    score: float
    points: float
    margin: float | None
    """The largest error over what is allowed, of all rows; None where nothing was measured."""
    surprise: str
    """What is not as expected, for staff; empty where all is."""

    @property
    def accepted(self) -> bool:
        """Whether it got all points."""
        return self.score >= self.points

    @property
    def false_accept(self) -> bool:
        """Whether a wrong solution got all points, or more than it says are too many."""
        most = self.case.expected.at_most
        over = most is not None and self.score > most
        return not self.case.expected.right and (self.accepted or over)


def play_cases(cases: Sequence[Case], setting: Setting, *, jobs: int) -> Iterator[Played]:
    """Grade the cases that the setting takes; each as it is done, in no certain order.

    Cases come from one author, so all of a process share one sandbox, each in a fork of its own.

    Raises:
        GraderError: nothing can be graded.
    """
    cases = [case for case in cases if setting.takes(case)]
    batches = [cases[at : at + BATCH] for at in range(0, len(cases), BATCH)]
    # Not forked: a child of a process that has used torch or JAX may hang.
    context = get_context("spawn")
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_open, initargs=(setting,)
    ) as pool:
        try:
            for done in as_completed([pool.submit(_play, batch) for batch in batches]):
                yield from done.result()
        finally:
            pool.shutdown(cancel_futures=True)


_hands: list[tuple[Grader, Setting]] = []
"""This process's own."""


def _open(setting: Setting) -> None:
    baseline = small_baseline(setting.options, setting.neurons) if setting.neurons else None
    _hands.append((Grader(setting.options, verify=False, baseline=baseline), setting))


def small_baseline(options: Options, neurons: int) -> Baseline:
    """A network as deep as the assignment's, so that all submissions fit, and less wide.

    Args:
        options: How it is trained.
        neurons: In each hidden layer.
    """
    inputs, *hidden, outputs = Architecture().widths
    widths = (inputs, *(neurons for _ in hidden), outputs)
    device, threads = resolve_device(options.device), thread_count(options)
    spec = BaselineSpec(
        data=options.data, architecture=Architecture(widths), device=device, threads=threads
    )
    return provide_baseline(spec, cache=options.cache)


def _play(cases: Sequence[Case]) -> list[Played]:
    grader, setting = _hands[0]
    submissions = [
        (
            submission_from_bytes(
                "case.py", ((X64 if setting.x64 else "") + case.source).encode("utf-8")
            ),
            grader.rubric.item(case.item),
        )
        for case in cases
    ]
    graded = grader.grade_trusted(submissions)
    return [
        _played(case, setting.name, one.record) for case, one in zip(cases, graded, strict=True)
    ]


def _played(case: Case, setting: str, record: ItemRecord) -> Played:
    margins = [check.data["margin"] for check in record.checks if "margin" in check.data]
    played = Played(
        case=case,
        setting=setting,
        score=record.score,
        points=record.auto_points,
        margin=max(margins, default=None),
        surprise="",
    )
    return replace(played, surprise=_surprise(played, record))


def _surprise(played: Played, record: ItemRecord) -> str:
    told = "; ".join(
        f"{check.use}: {check.feedback} {check.hint} {check.staff_note}".strip()
        for check in record.checks
        if check.score < check.points
    )
    if record.status is Status.GRADER_FAULT:
        return f"met a fault of the grader: {told}"
    expected = played.case.expected
    if expected.right:
        return "" if played.accepted else f"false reject: {told or record.feedback}"
    if played.false_accept:
        return f"false accept: {record.score:g} of {record.auto_points:g} points"
    for name, words in expected.loses.items():
        lost = [
            check
            for check in record.checks
            if check.use.rpartition(".")[2] == name and check.score < check.points
        ]
        if not lost:
            return f"{name} noticed nothing; {told}"
        if not any(words in f"{check.feedback} {check.hint}" for check in lost):
            return f"{name} must say {words!r}, says {lost[0].feedback} {lost[0].hint}"
    return ""
