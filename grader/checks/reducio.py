"""Check of problem 4: Harry names r, round after round, each with a new draw."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field
from threadpoolctl import threadpool_limits

from grader.checks.diagnosis import Notes
from grader.checks.game import Game
from grader.checks.interface import Bench, Outcome, Params, SubmissionFault, Value, check, failed
from grader.checks.oracle import Form, Oracle
from grader.checks.rounds import Tally
from grader.model import Status

SECRETS = ("r", "W1", "W2")
"""Attributes of the original game that an answer must not read."""
ENDS = frozenset({Status.TIMED_OUT, Status.KILLED, Status.OUT_OF_MEMORY})
"""Faults in one round after which there is no other; a round that only raises is lost."""


class AccuracyParams(Params):
    """Parameters of `reducio.accuracy`."""

    draws: int = Field(default=200, gt=0)
    """Rounds of the game."""
    max_queries: int = Field(default=200_000, gt=0)
    """Points at which the function may be asked for in one round, derivatives or not."""
    oracle_seconds: float = Field(default=120, gt=0)
    """Time that the grader spends on answers in all rounds; honest games take a second or so."""
    form: Form = "vector"
    """`vector`: sin(W2 cos(W1 x)); `scalar`: its squared 2-norm."""


@dataclass
class _Match:
    """A game, as far as it has been played."""

    tally: Tally
    notes: Notes = field(default_factory=Notes)
    ended: SubmissionFault | None = None
    """What made further rounds impossible."""
    read: str = ""
    """The secret that the submission tried to read."""


@check("reducio.accuracy", AccuracyParams, calls=["harry_answers"])
def check_accuracy(params: AccuracyParams, bench: Bench) -> Outcome:
    """`harry_answers` names r in nearly every round."""
    thresholds = sorted(bench.memo.get("tiers", (1.0,)))
    oracle = Oracle(params.form, max_queries=params.max_queries, seconds=params.oracle_seconds)
    began = time.perf_counter()
    # The products are small: threads cost more than they bring, by far on a busy machine.
    with threadpool_limits(limits=1, user_api="blas"):
        match = _play(params, bench, oracle, thresholds)
    seconds = time.perf_counter() - began
    if match.read:
        return failed(
            f"harry_answers: reading self.{match.read} is against the rules",
            "find r from values and derivatives of hermione_computes_function alone",
        )
    tally, notes, ended = match.tally, match.notes, match.ended
    if ended is not None and tally.lowest < thresholds[0]:
        # What ended the game says more than how many rounds were right until then.
        raise _at_round(ended, tally)
    if notes.raised is not None and notes.lost == tally.played:
        raise notes.raised
    played = max(tally.played, 1)
    data = {
        "right": tally.right,
        "played": tally.played,
        "draws": tally.draws,
        "interval": list(tally.interval()),
        **notes.counts(),
        "points_per_round": oracle.points / played,
        "milliseconds_per_round": 1e3 * seconds / played,
        "oracle_milliseconds_per_round": 1e3 * oracle.seconds / played,
    }
    # Rounds that can't be played count as wrong; those that need not be played count as the others.
    value = tally.right / played if ended is None else tally.lowest
    if value >= thresholds[-1]:
        return Outcome(value, data=data)
    feedback = (
        f"harry_answers: expected r in at least {thresholds[-1]:.0%} of {params.draws} rounds, got "
        f"it in {tally.right} of the {tally.played} played{notes.summary()}"
    )
    if ended is not None:
        feedback += f"; then {ended.feedback}"
    return Outcome(value, feedback, notes.hint() if ended is None else ended.hint, data=data)


def _play(
    params: AccuracyParams, bench: Bench, oracle: Oracle, thresholds: Sequence[float]
) -> _Match:
    """Rounds until the game is decided, or can't go on."""
    match = _Match(Tally(params.draws))
    while not match.tally.decided(thresholds):
        number = match.tally.played
        bench.progress(number, params.draws)
        game = Game.draw(bench.draws.rng("game", number))
        oracle.start(game)
        try:
            reply = bench.session.serve(
                "reducio",
                "play",
                params.form,
                answer=oracle.answer,
                # One more than the oracle allows, which says itself what was too much.
                max_queries=params.max_queries + 1,
            )
        except SubmissionFault as fault:
            match.ended = oracle.refusal or (fault if fault.status in ENDS else None)
            if match.ended is not None:
                break
            match.notes.lose(game.r, fault)
            match.tally = match.tally.after(right=False)
            continue
        account = reply if isinstance(reply, dict) else {}
        read = account.get("read")
        match.read = next((name for name in SECRETS if isinstance(read, list) and name in read), "")
        if match.read:
            break
        answer = account.get("answer")
        right = match.notes.add(game.r, read_answer(answer), answer)
        match.tally = match.tally.after(right=right)
    return match


def read_answer(value: Value) -> int | None:
    """The whole number that an answer stands for, None where it stands for none.

    A number may come as int, float or an array of shape () or (1,); 37.0 is 37, True is no number.
    """
    if isinstance(value, np.ndarray):
        if value.shape not in {(), (1,)} or value.dtype.kind not in "iuf":
            return None
        value = value.reshape(()).item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN and infinity are no integers.
    return int(value) if isinstance(value, int) or value.is_integer() else None


def _at_round(fault: SubmissionFault, tally: Tally) -> SubmissionFault:
    if not tally.played:
        return fault
    return SubmissionFault(
        fault.status,
        f"{fault.feedback}, in round {tally.played + 1} of {tally.draws}, "
        f"{tally.right} right until then",
        fault.hint,
        fault.staff_note,
    )
