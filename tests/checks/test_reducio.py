"""Right strategies win, wrong ones lose, and every way to end a game has its own words."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import jax
import numpy as np
import pytest

from grader.checks.game import Game
from grader.checks.interface import Bench, Outcome, SubmissionFault
from grader.checks.reducio import AccuracyParams, check_accuracy, read_answer
from grader.draws import SeededDraws
from grader.model import Status
from grader.rubric import load_rubric
from tests.checks.inprocess import InProcessSession, bench_for
from tests.checks.strategies import GAME, IMPORTS, METHOD, RIGHT, SWALLOWS, answering

ROOT = Path(__file__).parents[2]
TIERS = (0.5, 0.8, 0.95)


@pytest.fixture(autouse=True)
def _restore_precision() -> Iterator[None]:
    """A submission may turn x64 on; in this process that would outlive it."""
    yield
    jax.config.update("jax_enable_x64", False)  # type: ignore[no-untyped-call]  # jax leaves it untyped


def judge(
    source: str, draws: int = 20, *, names: dict[str, str] | None = None, **rest: Any
) -> Outcome:
    """The finding of a game in this process."""
    bench = bench_for(IMPORTS + source)
    cast("InProcessSession", bench.session)._context.names = names or {}
    bench.memo["tiers"] = rest.pop("tiers", TIERS)
    return check_accuracy(AccuracyParams(draws=draws, **rest), bench)


@pytest.mark.parametrize("strategy", RIGHT)
def test_right_strategies_win(strategy: str) -> None:
    """Jacobians by every transformation, gradients, Hessians, differences in double precision."""
    found = judge(RIGHT[strategy])
    assert found.value >= 0.95, found
    assert found.feedback == found.hint == ""


def test_a_method_that_keeps_things_wins() -> None:
    """A compiled function on `self`, a helper, `self.key`, what its constructor sets."""
    found = judge(METHOD, names=GAME)
    assert found.value == 1.0, found


@pytest.mark.parametrize(
    "body",
    [
        "return widest(vmap(grad(h))(points(200)))",
        "return widest(jnp.concatenate([hessian(h)(x) for x in points(3)]))",
        "return widest(jnp.concatenate([jacrev(grad(h))(x) for x in points(3)]))",
        "return widest(jnp.apply_along_axis(grad(h), 1, points(200)))",
    ],
)
def test_right_strategies_win_the_scalar_form(body: str) -> None:
    """Gradients and Hessians of ‖sin(W2 cos(W1 x))‖²."""
    found = judge(answering(body), form="scalar")
    assert found.value >= 0.95, found


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("return 42", "the same in every round"),
        ("return int(count(jacfwd(h)(jnp.ones(100)))) - 1", "off by the same number"),
        ("return 1 + count(jacfwd(h)(jnp.ones(100)))", "off by the same number"),
        ("return count(jacfwd(h)(jnp.ones(100)), 1e-9)", "raise the threshold"),
        ("return count(jacfwd(h)(jnp.ones(100)), 3e4)", "lower the threshold"),
        (
            "return count((vmap(h)(1 + 1e-3 * jnp.eye(100)) - h(jnp.ones(100))) / 1e-3)",
            "finite differences in float32",
        ),
        ("return True", "whole number"),
        ("return None", "whole number"),
        ("return float('nan')", "whole number"),
        ("return 36.5", "whole number"),
        ("return jacfwd(h)(jnp.ones(100))", "whole number"),
        ("return str(int(count(jacfwd(h)(jnp.ones(100)))))", "whole number"),
        ("return [int(count(jacfwd(h)(jnp.ones(100))))]", "whole number"),
        ("return 10 ** 18", "rounding is counted as rank"),
        ("return -3", "the same in every round"),
    ],
)
def test_wrong_answers_lose_and_are_explained(source: str, hint: str) -> None:
    """With the count of right rounds and one step to take."""
    found = judge(answering(source))
    assert found.value < 0.5
    assert "expected r in at least 95% of 20 rounds" in found.feedback
    assert hint in found.hint
    assert "\n" not in found.feedback


def test_a_game_of_rounds_that_raise_is_the_exception() -> None:
    """The first one's status, words and hint."""
    with pytest.raises(SubmissionFault, match="ZeroDivisionError") as caught:
        judge(answering("return 1 // 0"))
    assert caught.value.status is Status.ERRORED


def test_a_round_that_raises_is_lost_and_the_game_goes_on() -> None:
    """What was raised is told beside the count."""
    source = "n = [0]\n" + answering(
        "n[0] += 1\nif n[0] == 2: raise KeyError('odd one')\nif n[0] == 4: return object()\n"
        "return count(jacfwd(h)(jnp.ones(100)))"
    )
    found = judge(source, draws=20)
    assert 0.8 <= found.value < 0.95
    assert found.data["raised"] == 2
    assert (
        "(2 raised); the first that raised: your code raised KeyError: 'odd one'" in found.feedback
    )


@pytest.mark.parametrize(
    ("source", "names", "name"),
    [
        (answering("return 5").replace("(h)", "(self)").replace("5", "self.r"), {}, "r"),
        ("class Game:\n    def harry_answers(self): return len(self.W1)", GAME, "W1"),
        (SWALLOWS.format("W2"), GAME, "W2"),
    ],
)
def test_reading_a_secret_loses_the_game(source: str, names: dict[str, str], name: str) -> None:
    """Whatever is answered."""
    found = judge(source, names=names)
    assert found.value == 0
    assert f"reading self.{name} is against the rules" in found.feedback


def test_asking_too_much_ends_the_game() -> None:
    """In one round; the feedback names the limit."""
    source = answering("for _ in range(60): h(np.zeros(100))\nreturn 5")
    with pytest.raises(
        SubmissionFault, match="asked for more than 50 points in one round"
    ) as caught:
        judge(source, max_queries=50)
    assert caught.value.status is Status.FAILED


def test_points_are_counted_and_not_calls() -> None:
    """Five Jacobians in one batch are five points a round."""
    found = judge(RIGHT["stacked, by vmap"], max_queries=5)
    assert found.value == 1.0
    assert found.data["points_per_round"] == 5
    with pytest.raises(SubmissionFault, match="more than 4 points"):
        judge(RIGHT["stacked, by vmap"], max_queries=4)


def test_the_oracles_time_is_bounded() -> None:
    """Whoever keeps the grader busy ends the game."""
    with pytest.raises(SubmissionFault) as caught:
        judge(RIGHT["stacked, by vmap"], oracle_seconds=1e-6)
    assert caught.value.status is Status.TIMED_OUT


def test_the_record_counts_and_names_no_draw() -> None:
    """Rounds right and played, an interval, counts by bands of r, points and times."""
    found = judge(RIGHT["stacked, by vmap"], draws=10, tiers=(1.0,))
    data = dict(found.data)
    assert (data["right"], data["played"], data["draws"]) == (10, 10, 10)
    assert data["interval"] == pytest.approx([0.6915029, 1.0])
    assert sum(band["played"] for band in data["by_r"]) == 10
    assert 0 < data["oracle_milliseconds_per_round"] < data["milliseconds_per_round"]


def test_the_same_seed_is_the_same_game() -> None:
    """A regrade repeats every draw; another item or secret has its own."""

    def by_bands(seed: int) -> Any:
        bench = bench_for("def harry_answers(h): return 0", seed=seed)
        bench.memo["tiers"] = (0.0, 0.01)
        return check_accuracy(AccuracyParams(draws=60), bench).data["by_r"]

    assert by_bands(1) == by_bands(1) != by_bands(2)


class Counting(InProcessSession):
    """Says how often a round was asked for, and answers by a rule of its own."""

    def __init__(self, rights: Sequence[bool | Status], pause: float = 0) -> None:
        super().__init__("def harry_answers(h): return 0")
        self._rights, self._pause = rights, pause
        self.rounds = 0
        self.drawn: list[int] = []

    def serve(self, probe: str, method: str, *args: Any, **options: Any) -> Any:
        """The next of `rights`: a right answer, a wrong one, or a fault."""
        assert (probe, method, args) == ("reducio", "play", ("vector",))
        right = self._rights[self.rounds]
        self.rounds += 1
        if self.rounds > 200:
            time.sleep(self._pause)
        if isinstance(right, Status):
            raise SubmissionFault(right, "the end", "a step")
        oracle = options["answer"].__self__
        self.drawn.append(oracle._game.r)
        return {"answer": oracle._game.r if right else 0, "read": []}


def played_by(
    rights: Sequence[bool | Status],
    tiers: Sequence[float] = TIERS,
    *,
    pause: float = 0,
    **params: Any,
) -> tuple[Outcome, Counting]:
    session = Counting(rights, pause)
    draws = SeededDraws(b"", "tests", "4")
    bench = Bench(session, draws, cast("Any", None), 1, "cpu", lambda _done, _all: None)
    bench.memo["tiers"] = tiers
    found = check_accuracy(AccuracyParams(**{"draws": len(rights), **params}), bench)
    return found, session


def play(rights: Sequence[bool | Status], *rest: Any, **options: Any) -> tuple[Outcome, int]:
    found, session = played_by(rights, *rest, **options)
    return found, session.rounds


@pytest.mark.parametrize(
    ("rights", "rounds", "value"),
    [
        ([True] * 200, 190, 1.0),
        ([False] * 200, 101, 0.0),
        ([True, False] * 100, 199, 100 / 199),  # the last chance of half is the 100th right one
        ([True] * 189 + [False] * 11, 200, 0.945),
        ([False] * 10 + [True] * 190, 200, 0.95),
    ],
)
def test_the_game_stops_when_it_is_decided(rights: list[bool], rounds: int, value: float) -> None:
    """And its value reaches the tiers of the full game."""
    found, played = play(rights)
    assert played == rounds
    assert found.value == pytest.approx(value)
    assert [found.value >= bar for bar in TIERS] == [sum(rights) / 200 >= bar for bar in TIERS]


@pytest.mark.parametrize("status", [Status.TIMED_OUT, Status.KILLED, Status.OUT_OF_MEMORY])
def test_a_game_that_can_not_go_on_keeps_the_rounds_so_far(status: Status) -> None:
    """Those not played count as wrong; what ended it is told."""
    found, _ = play([True] * 120 + [status] * 80)
    assert found.value == 0.6
    assert "got it in 120 of the 120 played; then the end" in found.feedback
    assert found.hint == "a step"


@pytest.mark.parametrize("status", [Status.TIMED_OUT, Status.KILLED, Status.OUT_OF_MEMORY])
def test_a_game_that_ends_too_early_is_what_ended_it(status: Status) -> None:
    """Its status says more than the few rounds that were right."""
    with pytest.raises(SubmissionFault, match="the end, in round 4 of 200, 3 right") as caught:
        play([True] * 3 + [status] * 197)
    assert caught.value.status is status


LONGER: dict[str, Any] = {"draws": 200, "extend_to": 1000}
LUCKY = [True] * 190 + [False] * 10
"""190 of 200 right, whatever the chance of it."""


@pytest.mark.parametrize(
    ("rights", "rounds", "value", "draws"),
    [
        ([True] * 1000, 197, 1.0, 200),
        (([True] * 3 + [False] * 7) * 100, 166, 51 / 166, 200),
        (LUCKY + [False] * 800, 691, 190 / 691, 1000),
        ([False] * 16 + [True] * 984, 966, 950 / 966, 1000),  # 92 % at first, and then all
        (LUCKY + [True] * 760 + [False] * 40, 960, 950 / 960, 1000),
    ],
)
def test_a_close_game_is_extended(
    rights: list[bool], rounds: int, value: float, draws: int
) -> None:
    """All its rounds count; clear games end as before."""
    found, played = play(rights, **LONGER)
    assert played == rounds == found.data["rounds"] == found.data["played"]
    assert found.value == pytest.approx(value)
    assert (found.data["draws"], found.data["stopped"]) == (draws, "decided")


def test_the_feedback_of_an_extended_game_names_its_rounds() -> None:
    """The student sees how many were played."""
    found, _ = play(LUCKY + [False] * 800, **LONGER)
    assert "in at least 95% of 1000 rounds, got it in 190 of the 691 played" in found.feedback
    assert sum(band["played"] for band in found.data["by_r"]) == 691


@pytest.mark.parametrize("status", [Status.TIMED_OUT, Status.KILLED, Status.OUT_OF_MEMORY])
@pytest.mark.parametrize("right", [190, 189])
def test_what_ends_an_extension_costs_nothing(status: Status, right: int) -> None:
    """The first 200 rounds count, and those alone; the record says what happened."""
    rights = [True] * right + [False] * (200 - right) + [False] * 30 + [status]
    found, played = play(rights, **LONGER)
    assert found.value == right / 200
    assert (found.data["right"], found.data["played"], found.data["draws"]) == (right, 200, 200)
    assert (played, found.data["rounds"]) == (231, 230)
    assert found.data["stopped"] == f"close, but then {status} in round 231"
    assert sum(band["played"] for band in found.data["by_r"]) == 200
    assert found.data["too_small"] == 200 - right
    assert ("then the end" in found.feedback) is False


def test_a_slow_game_is_not_extended() -> None:
    """By the pace of the first rounds, 1000 would take too long."""
    found, played = play(LUCKY, **LONGER, extend_seconds=1e-3)
    assert (found.value, played) == (0.95, 200)
    assert found.data["stopped"] == "close, but 1000 rounds would take too long"


def test_an_extension_that_gets_slow_costs_nothing() -> None:
    """It stops when its time is over."""
    found, played = play(LUCKY + [False] * 800, **LONGER, extend_seconds=2, pause=2)
    assert (found.value, played, found.data["rounds"]) == (0.95, 201, 201)
    assert found.data["stopped"] == "close, but then the time was over"


def test_asking_too_much_in_an_extension_costs_nothing() -> None:
    """More than the announced rounds, and the oracle's limits, were promised to nobody."""
    source = "n = []\n" + answering(
        "n.append(1)\nif len(n) > 25: h(np.zeros(100)); h(np.zeros(100))\n"
        "return count(jacfwd(h)(jnp.ones(100))) - (len(n) < 2)"
    )
    found = judge(source, draws=20, extend_to=30, max_queries=2)
    assert found.value == 0.95
    assert found.data["rounds"] == 25
    assert found.data["stopped"] == "close, but then FAILED in round 26"


def test_reading_a_secret_in_an_extension_loses_the_game() -> None:
    """The rules hold in every round."""
    source = (
        "n = []\nclass Game:\n    def harry_answers(self):\n        n.append(1)\n"
        "        h = self.hermione_computes_function\n"
        "        return self.r if len(n) > 12 else count(jacfwd(h)(jnp.ones(100))) - (len(n) < 2)"
    )
    found = judge(source, draws=10, extend_to=20, names=GAME)
    assert found.value == 0
    assert "reading self.r" in found.feedback


def test_a_submission_that_raises_in_an_extension_loses_those_rounds() -> None:
    """A raise is a wrong answer there too."""
    found, _ = play(LUCKY + [Status.ERRORED] * 800, **LONGER)
    assert found.value == pytest.approx(190 / 691)
    assert found.data["raised"] == 491


@pytest.mark.parametrize(("right", "passes"), [(184, True), (183, False)])
def test_the_benefit_of_doubt_reads_the_upper_end(right: int, *, passes: bool) -> None:
    """184 of 200 are 92 %, and may well be 95 %."""
    found, _ = play([False] * (200 - right) + [True] * right, benefit_of_doubt=True)
    assert (found.value >= 0.95) is passes
    assert found.data["right"] / found.data["played"] < 0.95
    assert ("in at least 184 of 200 rounds" in found.feedback) is not passes


def test_round_after_round_has_the_same_draw_in_every_game() -> None:
    """Whether it is extended or not."""
    draws = SeededDraws(b"", "tests", "4")
    expected = [Game.draw(draws.rng("game", number)).r for number in range(1000)]
    for params in (dict[str, Any](draws=200), LONGER):
        session = played_by(LUCKY + [False] * 800, **params)[1]
        assert session.drawn == expected[: session.rounds]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (37, 37),
        (37.0, 37),
        (np.array(37), 37),
        (np.array([37]), 37),
        (np.array(37, np.float32), 37),
        (np.array(37, np.uint8), 37),
        (-1, -1),
        (True, None),
        (np.array(True), None),
        (37.5, None),
        (float("nan"), None),
        (float("inf"), None),
        (np.array(np.nan), None),
        (37 + 0j, None),
        (np.array(37 + 0j), None),
        (np.array([37, 37]), None),
        (np.array([[37]]), None),
        (np.array([]), None),
        ("37", None),
        ([37], None),
        ({"r": 37}, None),
        (None, None),
    ],
)
def test_read_answer_takes_whole_numbers_alone(value: Any, number: int | None) -> None:
    """Of any numeric type, alone or in an array of one."""
    found = read_answer(value)
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(
    "changes",
    [{"draws": 0}, {"max_queries": 0}, {"form": "tensor"}, {"n": 1}, {"extend_to": 200}],
)
def test_parameters_are_checked(changes: dict[str, Any]) -> None:
    """A rubric with others is refused when it is read."""
    with pytest.raises(ValueError, match=next(iter(changes))):
        AccuracyParams(**changes)


def test_the_rubric_plays_the_assignments_game() -> None:
    """200 rounds for grades of 15, 10 and 5 points, on one thread."""
    item = load_rubric(ROOT / "rubrics" / "ps1.yaml").item("4")
    (row,) = item.checks
    params = AccuracyParams(**row.parameters())
    assert (params.draws, params.form, row.thresholds) == (200, "vector", TIERS)
    assert (params.extend_to, params.benefit_of_doubt) == (1000, False)
    assert params.extend_seconds <= 0.7 * item.limits.wall_seconds
    assert AccuracyParams(**row.parameters(practice=True)).extend_to is None
    assert item.limits.threads == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_reference_wins_two_thousand_rounds() -> None:
    """At least 99.5 % of them."""
    source = (ROOT / "reference" / "reducio.py").read_text(encoding="utf-8")
    bench = bench_for(source)
    bench.memo["tiers"] = (1.0,)
    found = check_accuracy(AccuracyParams(draws=2000), bench)
    assert found.data["right"] >= 1990


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("strategy", RIGHT)
def test_right_strategies_win_the_full_game(strategy: str) -> None:
    """200 rounds, as grades are given by."""
    if strategy == "given up late":
        pytest.skip("it is right in 19 rounds alone")
    assert judge(RIGHT[strategy], draws=200).value >= 0.95
