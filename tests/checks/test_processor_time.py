"""What processor time says of a forward pass; real times are judged in the hostile corpus."""

from collections.abc import Iterable

import pytest

from grader.checks import processor_time
from grader.checks.compressed import Models
from grader.checks.interface import Bench, Outcome
from grader.checks.processor_time import TRIES, judge_processor_time
from grader.draws import SeededDraws
from tests.checks.compressed_family import PLAIN, changed
from tests.checks.inprocess import InProcessSession
from tests.checks.small_baseline import small_baseline

FACTORED, DENSE = 0.1, 0.5
REFERENCE = [FACTORED] * TRIES + [DENSE] * TRIES
"""Seconds of the grader's own networks."""


class ScriptedSession(InProcessSession):
    """A session whose requests take the seconds that a test says, in turn."""

    def __init__(self, source: str, seconds: Iterable[float]) -> None:
        super().__init__(source)
        self.left = iter(seconds)
        self._clock = 0.0
        self._reads = 0

    @property
    def cpu_seconds(self) -> float:
        """Read before and after each request."""
        self._reads += 1
        if self._reads % 2 == 0:
            self._clock += next(self.left)
        return self._clock

    def without_submission(self) -> InProcessSession:
        """The same script goes on."""
        session = ScriptedSession("", ())
        session.left = self.left
        return session


def judged(
    seconds: Iterable[float], source: str = PLAIN, device: str = "cpu"
) -> tuple[Outcome | None, int]:
    """The finding, and how many of the seconds were left."""
    session = ScriptedSession(source, seconds)
    bench = Bench(
        session=session,
        draws=SeededDraws(b"secret", "tests", "3.2"),
        baseline=small_baseline,
        threads=1,
        device=device,
        progress=lambda _done, _total: None,
    )
    finding = judge_processor_time(Models.of(bench), 3)
    return finding, len(list(session.left))


@pytest.fixture
def _any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge the small network too, in one batch."""
    monkeypatch.setattr(processor_time, "LEAST_OPERATIONS", 0)
    monkeypatch.setattr(processor_time, "SMALLEST", 2000)


@pytest.mark.usefixtures("_any_size")
def test_one_quick_pass_is_enough() -> None:
    """Noise makes a time longer, never shorter."""
    assert judged([*REFERENCE, 0.9, 0.6, 0.23]) == (None, 0)


@pytest.mark.usefixtures("_any_size")
def test_a_pass_that_is_always_slow_is_measured_again() -> None:
    """It is found only where it is slow beside a second measurement of the grader's networks."""
    slow = [0.45] * TRIES
    finding, left = judged([*REFERENCE, *slow, *REFERENCE, *slow])
    assert finding is not None
    assert "takes 0.45 s of processor time" in finding.feedback
    assert finding.value == left == 0
    busy = [3 * seconds for seconds in REFERENCE]
    assert judged([*REFERENCE, *slow, *busy, 0.45]) == (None, 0)


@pytest.mark.usefixtures("_any_size")
def test_a_disturbed_reference_is_measured_anew() -> None:
    """Where factored and dense networks seem to cost the same, the smallest times count."""
    disturbed = [0.4] * TRIES + [DENSE] * TRIES
    assert judged([*disturbed, *REFERENCE, 0.2]) == (None, 0)
    assert judged(disturbed * processor_time.ROUNDS) == (None, 0)


@pytest.mark.usefixtures("_any_size")
def test_large_batches_get_the_same_answers() -> None:
    """What is quick because it computes something else is not quick."""
    source = changed(("x = x.flatten(1)", "x = x.flatten(1) * (1 if len(x) < 1000 else 0)"))
    finding, _ = judged([*REFERENCE, 0.1], source)
    assert finding is not None
    assert "for batches of other sizes it computes something else" in finding.feedback


def test_small_networks_and_accelerators_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their times say nothing, and nothing is measured."""
    assert judged([1.0]) == (None, 1)
    monkeypatch.setattr(processor_time, "LEAST_OPERATIONS", 0)
    assert judged([1.0], device="cuda") == (None, 1)
