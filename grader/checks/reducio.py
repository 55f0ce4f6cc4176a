"""Check of problem 4: Harry names r, round after round, each with a new draw."""

import time
from dataclasses import dataclass, field, replace
from math import inf
from typing import Self

import numpy as np
from pydantic import Field, model_validator
from threadpoolctl import threadpool_limits

from grader.checks.bar import needed
from grader.checks.diagnosis import Notes
from grader.checks.game import Game
from grader.checks.interface import (
    Bench,
    Outcome,
    Params,
    SubmissionFault,
    Tampering,
    Value,
    check,
    failed,
)
from grader.checks.oracle import Form, Oracle
from grader.checks.rounds import Rule, Tally
from grader.model import Status

SECRETS = ("r", "W1", "W2")
"""Attributes of the original game that an answer must not read."""
LARGEST_ANSWER = 1_000_000
"""By absolute value; r is 95 at most."""
ENDS = frozenset({Status.TIMED_OUT, Status.KILLED, Status.OUT_OF_MEMORY})
"""Faults in one round after which there is no other; a round that only raises is lost."""


class AccuracyParams(Params):
    """Parameters of `reducio.accuracy`."""

    draws: int = Field(default=200, gt=0)
    """Rounds of the game."""
    extend_to: int | None = Field(default=None, gt=0)
    """Rounds of the game where it is close: where the 95 % interval (Clopper-Pearson) for the
    chance of a right answer, after `draws` rounds, holds a bar of the tiers. All rounds count then.
    A game that can't be played so far, for want of time or else, is decided by its first `draws`
    rounds. `null`: no game is extended."""
    extend_seconds: float = Field(default=200, gt=0)
    """Time for all rounds of an extended game, less than the item's `wall_seconds`. By the pace of
    the first `draws` rounds it must suffice, else the game is not extended."""
    benefit_of_doubt: bool = False
    """Whether the tiers read the upper end of that interval, instead of the share of right rounds:
    nobody loses points whose true chance may well be above the bar, and some below it get them."""
    max_queries: int = Field(default=200_000, gt=0)
    """Points at which the function may be asked for in one round, derivatives or not."""
    oracle_seconds: float = Field(default=120, gt=0)
    """Time that the grader spends on answers in all rounds; honest games take a second or so."""
    form: Form = "vector"
    """`vector`: sin(W2 cos(W1 x)); `scalar`: its squared 2-norm."""

    @model_validator(mode="after")
    def _extends(self) -> Self:
        if self.extend_to is not None and self.extend_to <= self.draws:
            raise ValueError(f"extend_to: must be more than draws, got {self.extend_to}")
        return self


@dataclass
class _Match:
    """A game, as far as it counts."""

    tally: Tally
    notes: Notes = field(default_factory=Notes)
    ended: SubmissionFault | None = None
    """What made further rounds impossible."""
    read: str = ""
    """The secret that the submission tried to read."""
    rounds: int = 0
    """All that were played, also those that do not count."""
    stopped: str = ""
    """Why no more were played, for the record; empty where all were."""

    def count(self, *, right: bool) -> None:
        """Note one more round."""
        self.tally = self.tally.after(right=right)
        self.rounds += 1


@check("reducio.accuracy", AccuracyParams, calls=["harry_answers"])
def check_accuracy(params: AccuracyParams, bench: Bench) -> Outcome:
    """`harry_answers` names r in nearly every round."""
    bars = tuple(sorted(bench.memo.get("tiers", (1.0,))))
    rule = Rule(params.draws, bars, params.extend_to, params.benefit_of_doubt)
    oracle = Oracle(params.form, max_queries=params.max_queries, seconds=params.oracle_seconds)
    began = time.perf_counter()
    # The products are small: threads cost more than they bring, by far on a busy machine.
    with threadpool_limits(limits=1, user_api="blas"):
        match = _Play(params, bench, oracle, rule).game()
    seconds = time.perf_counter() - began
    if match.read:
        return failed(
            f"harry_answers: reading self.{match.read} is against the rules",
            "find r from values and derivatives of hermione_computes_function alone",
        )
    tally, notes, ended = match.tally, match.notes, match.ended
    # Rounds that can't be played count as wrong; those that need not be played count as the others.
    value = rule.final(tally, lost=ended is not None)
    if ended is not None and value < bars[0]:
        # What ended the game says more than how many rounds were right until then.
        raise _at_round(ended, tally)
    if notes.raised is not None and notes.lost == tally.played:
        raise notes.raised
    data = {
        "right": tally.right,
        "played": tally.played,
        "draws": tally.draws,
        "interval": list(tally.interval()),
        "rounds": match.rounds,
        "stopped": match.stopped,
        **notes.counts(),
        "points_per_round": oracle.points / max(match.rounds, 1),
        "milliseconds_per_round": 1e3 * seconds / max(match.rounds, 1),
        "oracle_milliseconds_per_round": 1e3 * oracle.seconds / max(match.rounds, 1),
    }
    if value >= bars[-1]:
        return Outcome(value, data=data)
    least = f"{bars[-1]:.0%}"
    if params.benefit_of_doubt:
        least = str(needed(rule, bars[-1], tally.draws))
    feedback = (
        f"harry_answers: expected r in at least {least} of {tally.draws} rounds, got "
        f"it in {tally.right} of the {tally.played} played{notes.summary()}"
    )
    if ended is not None:
        feedback += f"; then {ended.feedback}"
    return Outcome(value, feedback, notes.hint() if ended is None else ended.hint, data=data)


class _Play:
    """Plays rounds until the game is decided, or can't go on."""

    def __init__(self, params: AccuracyParams, bench: Bench, oracle: Oracle, rule: Rule) -> None:
        self._params, self._bench, self._oracle, self._rule = params, bench, oracle, rule
        self._began = time.perf_counter()

    def game(self) -> _Match:
        """The whole game, extended where it is close and there is time."""
        params, match = self._params, _Match(Tally(self._params.draws))
        self._play(match)
        longer, first = params.extend_to, match.tally
        if match.read or match.ended or longer is None or self._rule.decided(first):
            return match
        share = first.played / longer
        if self._seconds > share * params.extend_seconds or (
            self._oracle.seconds > share * params.oracle_seconds
        ):
            match.stopped = f"close, but {longer} rounds would take too long"
            return match
        whole = replace(match, tally=replace(first, draws=longer), notes=match.notes.copy())
        self._play(whole, params.extend_seconds)
        if whole.read or self._rule.decided(whole.tally):
            return whole
        # More than `draws` rounds were announced to nobody: what ends them costs nothing.
        match.rounds, match.stopped = whole.rounds, f"close, but then {whole.stopped}"
        return match

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._began

    def _play(self, match: _Match, seconds: float = inf) -> None:
        """Rounds until nothing can change any more, the game can't go on, or the time is over."""
        while match.tally.played < match.tally.draws and not self._rule.decided(match.tally):
            if self._seconds > seconds:
                match.stopped = "the time was over"
                return
            self._round(match)
            if match.read or match.ended is not None:
                break
        if match.ended is not None:
            match.stopped = f"{match.ended.status} in round {match.rounds + 1}"
        elif match.tally.played < match.tally.draws:
            match.stopped = "decided"

    def _round(self, match: _Match) -> None:
        number = match.tally.played
        self._bench.progress(number, match.tally.draws)
        game = Game.draw(self._bench.draws.rng("game", number))
        self._oracle.start(game)
        try:
            reply = self._bench.session.serve(
                "reducio",
                "play",
                self._params.form,
                answer=self._oracle.answer,
                # One more than the oracle allows, which says itself what was too much.
                max_queries=self._params.max_queries + 1,
            )
        except Tampering:
            raise
        except SubmissionFault as fault:
            match.ended = self._oracle.refusal or (fault if fault.status in ENDS else None)
            if match.ended is None:
                match.notes.lose(game.r, fault)
                match.count(right=False)
            return
        account = reply if isinstance(reply, dict) else {}
        read = account.get("read")
        names = {name for name in read if isinstance(name, str)} if isinstance(read, list) else ()
        match.read = next((name for name in SECRETS if name in names), "")
        if not match.read:
            answer = account.get("answer")
            match.count(right=match.notes.add(game.r, read_answer(answer), answer))


def read_answer(value: Value) -> int | None:
    """The whole number that an answer stands for, None where it stands for none.

    A number may come as int, float or an array of shape () or (1,); 37.0 is 37, True is no number.
    One beyond `LARGEST_ANSWER` is read as that, so that statistics of answers don't overflow.
    """
    if isinstance(value, np.ndarray):
        if value.shape not in {(), (1,)} or value.dtype.kind not in "iuf":
            return None
        value = value.reshape(()).item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN and infinity are no integers.
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(max(-LARGEST_ANSWER, min(value, LARGEST_ANSWER)))


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
