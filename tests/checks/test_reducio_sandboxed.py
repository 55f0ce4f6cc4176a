"""Games in a real sandbox: over the channel, in a process that may do as it likes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from grader.checks.interface import Bench, Outcome, SubmissionFault
from grader.checks.oracle import Form
from grader.checks.reducio import AccuracyParams, check_accuracy
from grader.draws import SeededDraws
from grader.errors import SandboxError
from grader.model import Status
from grader.sandbox import Limits, Sandbox, choose_guards, choose_launcher
from grader.session import ItemSession
from grader.submission import Chunk
from tests.checks.strategies import GAME, IMPORTS, METHOD, RIGHT, SWALLOWS, answering

ROOT = Path(__file__).parents[2]
TIERS = (0.5, 0.8, 0.95)


@pytest.fixture(scope="module")
def warm() -> Iterator[Sandbox]:
    """A real sandbox that has imported JAX."""
    try:
        made = Sandbox(
            choose_launcher("bubblewrap"), choose_guards(), modules=["numpy", "jax", "jax.numpy"]
        )
    except SandboxError as exc:
        pytest.skip(f"no sandbox here: {exc}")
    with made:
        yield made


def graded(
    sandbox: Sandbox,
    source: str,
    *,
    draws: int,
    seconds: float = 60,
    names: dict[str, str] | None = None,
    form: Form = "vector",
    secret: bytes = b"hidden",
    **params: Any,
) -> Outcome:
    """The finding of a game in a real sandbox."""
    session = ItemSession(
        sandbox,
        Limits(wall_seconds=seconds),
        [Chunk(IMPORTS + source, "cell 1", 1)],
        names or {"harry_answers": "harry_answers"},
    )
    bench = Bench(
        session,
        SeededDraws(secret, "tests", "4"),
        cast("Any", None),
        1,
        "cpu",
        lambda _done, _all: None,
        {"tiers": TIERS},
    )
    try:
        return check_accuracy(AccuracyParams(draws=draws, form=form, **params), bench)
    finally:
        session.abandon()


def test_the_reference_wins_in_the_sandbox(warm: Sandbox) -> None:
    """With five points a round."""
    source = (ROOT / "reference" / "reducio.py").read_text(encoding="utf-8")
    found = graded(warm, source, draws=40)
    assert found.value == 1.0, found
    assert found.data["points_per_round"] == 5


@pytest.mark.parametrize("secret", [b"2023", b"2024", b"2025", b"2026"])
def test_other_secrets_give_the_same_points_in_the_sandbox(warm: Sandbox, secret: bytes) -> None:
    """No round of ten may be lost, by two right solvers."""
    reference = (ROOT / "reference" / "reducio.py").read_text(encoding="utf-8")
    for source in (reference, RIGHT["stacked, by vmap"]):
        assert graded(warm, source, draws=10, secret=secret).value >= TIERS[-1]


def test_a_game_that_outlasts_the_item_keeps_its_first_rounds(warm: Sandbox) -> None:
    """A close game is extended until the item's own time is over, which costs nothing."""
    source = "import time\nn = []\n" + answering(
        "n.append(1)\nif len(n) > 25: time.sleep(60)\n"
        "return count(jacfwd(h)(jnp.ones(100))) - (len(n) == 3)"
    )
    found = graded(warm, source, draws=20, extend_to=40, seconds=12, extend_seconds=1000)
    assert found.value == 0.95
    assert found.data["rounds"] == 25
    assert found.data["stopped"] == "close, but then TIMED_OUT in round 26"


def test_a_method_wins_in_the_sandbox(warm: Sandbox) -> None:
    """The loader's own names reach the probe."""
    found = graded(warm, METHOD, draws=20, names=GAME)
    assert found.value == 1.0, found


def test_the_scalar_form_is_won_in_the_sandbox(warm: Sandbox) -> None:
    """By gradients at many points."""
    source = answering("return widest(vmap(grad(h))(points(200)))")
    assert graded(warm, source, draws=10, form="scalar").value == 1.0


def test_asking_without_end_ends_in_the_sandbox(warm: Sandbox) -> None:
    """The process is ended in the middle of its question."""
    source = answering("for _ in range(10 ** 7): h(np.zeros(100, np.float32))\nreturn 5")
    with pytest.raises(SubmissionFault, match="more than 300 points in one round"):
        graded(warm, source, draws=10, max_queries=300)


def test_swallowing_errors_wins_nothing_in_the_sandbox(warm: Sandbox) -> None:
    """Neither a secret read nor a question refused can be hidden."""
    found = graded(warm, SWALLOWS.format("r"), draws=10, names=GAME)
    assert "against the rules" in found.feedback


def test_a_sleeping_round_ends_the_game_in_the_sandbox(warm: Sandbox) -> None:
    """The item's time is one for all rounds."""
    source = "import time\nn = []\n" + answering(
        "n.append(1)\nif len(n) > 2: time.sleep(1e6)\nreturn 5"
    )
    with pytest.raises(SubmissionFault, match="in round 3 of 10") as caught:
        graded(warm, source, draws=10, seconds=4)
    assert caught.value.status is Status.TIMED_OUT


def test_threads_that_go_on_asking_break_nothing_in_the_sandbox(warm: Sandbox) -> None:
    """Between rounds nothing is asked, so the channel stays in step."""
    source = "import threading\n" + answering(
        "def nag():\n    while True:\n"
        "        try: h(jnp.ones(100))\n        except Exception: pass\n"
        "threading.Thread(target=nag, daemon=True).start()\n"
        "return count(jacfwd(h)(jnp.ones(100)))"
    )
    assert graded(warm, source, draws=4).value == 1.0


def test_exits_are_lost_rounds_and_end_at_last(warm: Sandbox) -> None:
    """Each round gets a fresh process, and the finding is what happened."""
    with pytest.raises(SubmissionFault, match="exit code 0"):
        graded(warm, "import os\n" + answering("os._exit(0)"), draws=4)
