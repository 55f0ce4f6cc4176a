"""Lets a submission play rounds of the game: as a function of Hermione's, or a method of Game."""

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import jax

from grader.worker.interface import ProbeContext
from grader.worker.namespace import find
from grader.worker.oracle_client import Link, make_function
from grader.worker.plain import to_plain

ANSWERS = "harry_answers"
FUNCTION = "hermione_computes_function"
SECRETS = ("r", "W1", "W2")
"""Attributes of the original game that an answer must not read."""
TRACEBACK = "Traceback (most recent call last)"
Oracle = Callable[[Any], jax.Array]


class RuleError(Exception):
    """An answer read what it has to find out."""


def play(context: ProbeContext, form: str) -> dict[str, Any]:
    """One round; which draw it is about, the grader alone decides.

    Args:
        context: The loaded submission.
        form: `vector` or `scalar`; the first round settles it.

    Returns:
        `answer`, what the submission returned; `read`, the secrets that it tried to read.
    """
    player: _Player | None = context.state.get("player")
    if player is None:
        player = context.state["player"] = _Player(context, form)
    with player.link.round():
        try:
            # Within the round: the answer may be an array whose value is still to be asked for.
            answer = to_plain(player.answer())
        except BaseException as exc:
            if player.read:
                answer = None
            elif player.link.refused:
                raise RuntimeError(f"an array of an earlier round needs {FUNCTION} again") from None
            elif TRACEBACK in (text := str(exc)):
                # JAX's account of an error inside a callback: every frame, and the error last.
                last = text.partition("\n----")[0].rstrip().rpartition("\n")[2]
                raise RuntimeError(last).with_traceback(exc.__traceback__) from None
            else:
                raise
    return {"answer": answer, "read": sorted(player.read)}


class _Player:
    """One for all rounds: what a submission stores on `self` is there in the next."""

    def __init__(self, context: ProbeContext, form: str) -> None:
        self.link = Link(context.ask_now)
        self.read: set[str] = set()
        self._oracle = make_function(self.link, form)
        owner, _, method = context.names.get(ANSWERS, ANSWERS).rpartition(".")
        if owner:
            player = self._impersonate(find(context.namespace, owner))
            self._function = getattr(player, method)
            needs = _needs(self._function, required=True)
        else:
            self._function = find(context.namespace, ANSWERS)
            needs = _needs(self._function, required=False) or [FUNCTION]
            game = context.namespace.get("Game")
            if needs[0] == "self":
                player = self._impersonate(game if isinstance(game, type) else _Plain)
        if not needs:
            self._arguments: tuple[Any, ...] = ()
        else:
            self._arguments = (player,) if needs[0] == "self" else (self._oracle,)

    def answer(self) -> Any:
        """What the submission says."""
        return self._function(*self._arguments)

    def _impersonate(self, found: Any) -> Any:
        """An object of a class like the submission's, with the oracle and without the secrets."""
        base: type = found if isinstance(found, type) else type(found)
        for cls in base.__mro__:
            # It may be called as a function of the class, or of one above.
            if FUNCTION in vars(cls):
                setattr(cls, FUNCTION, staticmethod(lambda *args: self._oracle(args[-1])))
        rest = _Rest(base, None if isinstance(found, type) else found)
        inherited: Callable[..., Any] | None = getattr(base, "__getattr__", None)

        def lookup(instance: Any, name: str) -> Any:
            # Python comes here only for what is not found otherwise.
            if not name.startswith("__") and name in rest.attributes():
                return instance.__dict__.setdefault(name, rest.attributes()[name])
            if inherited is not None:
                return inherited(instance, name)
            raise AttributeError(f"{base.__name__!r} object has no attribute {name!r}")

        members = {
            "__module__": base.__module__,
            "__getattr__": lookup,
            FUNCTION: staticmethod(self._oracle),
            **{name: _Secret(name, self.read) for name in SECRETS},
        }
        made = types.new_class(base.__name__, (base,), exec_body=lambda body: body.update(members))
        create: Any = made.__new__
        try:
            return create(made)
        except TypeError:  # it wants the constructor's arguments
            return object.__new__(made)


def _needs(function: Any, *, required: bool) -> list[str]:
    """Names of the positional parameters, those without default alone where asked so."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return [
        parameter.name
        for parameter in parameters
        if parameter.kind in positional
        and not (required and parameter.default is not inspect.Parameter.empty)
    ]


class _Plain:
    """What `self` is an object of where the submission has no class."""


class _Rest:
    """What else the submission's object would have: a `key`, and what its constructor sets.

    The constructor of the original draws matrices of its own, which takes a second; so it is run
    only when something is asked for that is not there, on an object that is then thrown away.
    """

    def __init__(self, base: type, ready: Any) -> None:
        self._base = base
        self._ready = ready
        self._found: dict[str, Any] | None = None

    def attributes(self) -> Mapping[str, Any]:
        """Name -> value."""
        if self._found is None:
            self._found = {}  # in case the constructor comes here again
            self._found = {"key": jax.random.PRNGKey(0)} | self._constructed()
        return self._found

    def _constructed(self) -> dict[str, Any]:
        try:
            ready = self._base(*_stand_ins(self._base)) if self._ready is None else self._ready
            found = dict(vars(ready))
        except Exception:  # noqa: BLE001 - a submission's constructor may raise anything
            return {}
        return {name: value for name, value in found.items() if name not in (*SECRETS, FUNCTION)}


def _stand_ins(base: type) -> list[Any]:
    """Arguments for the constructor's parameters that have no default."""
    required = [
        parameter.name
        for parameter in inspect.signature(base).parameters.values()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    return [0 if "seed" in name else jax.random.PRNGKey(0) for name in required]


class _Secret:
    """Stands where the original has a secret; a submission reads there only what it has put."""

    def __init__(self, name: str, read: set[str]) -> None:
        self._name = name
        self._read = read

    def __get__(self, instance: object | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if self._name in vars(instance):
            return vars(instance)[self._name]
        # Noted here too: the exception may be swallowed.
        self._read.add(self._name)
        raise RuleError(f"reading self.{self._name} is against the rules")

    def __set__(self, instance: object, value: Any) -> None:
        vars(instance)[self._name] = value

    def __delete__(self, instance: object) -> None:
        vars(instance).pop(self._name, None)
