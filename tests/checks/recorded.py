"""A session that plays back what a right submission answered, with chosen answers replaced."""

import copy
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.checks.interface import Bench, Reply
from tests.checks.inprocess import InProcessSession

Key = tuple[str, str]
"""`call` or a probe's name, and the name of the function or method."""
Replace = Callable[[Key, int, Any], Any]
"""Given the key of a request, how many like it came before, and the true answer: an answer."""


@dataclass
class Tape:
    """Answers by request, in order."""

    answers: dict[Key, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def places(self) -> list[tuple[Key, int]]:
        """Every answer that there is."""
        return [(key, number) for key, some in self.answers.items() for number in range(len(some))]


class Recorder(InProcessSession):
    """Writes every answer to a tape."""

    def __init__(self, source: str, tape: Tape) -> None:
        self._tape = tape
        super().__init__(source)

    def call_watched(self, name: str, *args: Any) -> Reply:
        """As a session's, noted."""
        reply = super().call_watched(name, *args)
        told = {"result": reply.value, "inputs": list(reply.inputs)}
        self._tape.answers["call", name].append(copy.deepcopy(told))
        return reply

    def probe(
        self, probe: str, method: str, *args: Any, answer_bytes: int = 0, **options: Any
    ) -> Any:
        """As a session's, noted."""
        value = super().probe(probe, method, *args, answer_bytes=answer_bytes, **options)
        self._tape.answers[probe, method].append(copy.deepcopy(value))
        return value


class Player:
    """Answers from a tape, as `replace` has changed it; past its end with the last answer."""

    def __init__(self, tape: Tape, replace: Replace) -> None:
        self._tape, self._replace = tape, replace
        self._asked: Counter[Key] = Counter()
        self.generation = 1
        self.cpu_seconds = 0.0

    def _next(self, key: Key) -> Any:
        number, known = self._asked[key], self._tape.answers.get(key)
        self._asked[key] += 1
        if not known:
            return None
        return self._replace(key, number, copy.deepcopy(known[min(number, len(known) - 1)]))

    def call(self, name: str, *args: Any, **_limits: Any) -> Any:
        """As a session's."""
        return self.call_watched(name, *args).value

    def call_watched(self, name: str, *_args: Any) -> Reply:
        """As a session's."""
        told = self._next(("call", name))
        told = told if isinstance(told, Mapping) else {"result": told}
        inputs = told.get("inputs")
        return Reply(told.get("result"), tuple(inputs) if isinstance(inputs, list) else ())

    def probe(self, probe: str, method: str, *_args: Any, **_options: Any) -> Any:
        """As a session's."""
        return self._next((probe, method))

    def serve(self, probe: str, method: str, *_args: Any, **_options: Any) -> Any:
        """As a session's; nothing is asked meanwhile."""
        return self._next((probe, method))

    def restart(self) -> None:
        """As a session's."""
        self.generation += 1

    def without_submission(self) -> "Player":
        """A session that answers truly."""
        return Player(self._tape, lambda _key, _number, answer: answer)


def with_session(bench: Bench, session: Any) -> Bench:
    """A fresh bench with the same draws and baseline."""
    return Bench(
        session=session,
        draws=bench.draws,
        baseline=bench.baseline,
        threads=bench.threads,
        device=bench.device,
        progress=bench.progress,
        kept=bench.kept,
    )
