"""A hand-in as a straight line of statements, with where each name is bound and changed."""

import builtins
import importlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from itertools import chain
from types import MappingProxyType

from grader.submission.statements import Statement, Unused

BUILTINS = frozenset(dir(builtins)) | {
    "__name__", "__file__", "__doc__", "__builtins__", "get_ipython", "display", "In", "Out",
}  # fmt: skip
"""Names that are there without being bound."""
ENUMERABLE = frozenset(
    {"math", "cmath", "random", "itertools", "functools", "operator", "collections", "time"}
    | {"numpy", "numpy.linalg", "numpy.random", "numpy.fft"}
)
"""Modules of which the names are known here; the grader imports them for itself anyway."""
WELL_KNOWN = frozenset({"jax", "torch", "torchvision", "scipy", "matplotlib", "pylab", "typing"})
"""Packages whose star imports bind what one expects."""
MAX_CALLED = 500_000
"""Effects of functions that call functions; beyond them a tangle's effects are not followed."""


class Program:
    """The statements of a hand-in in order, indexed by the names that they bind and change."""

    def __init__(
        self,
        statements: Sequence[Statement],
        unused: Sequence[Unused],
        disabled: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.statements = tuple(statements)
        self.unused = tuple(unused)
        self.disabled = disabled
        """Name whose definition stands in a comment or a string -> what to say of it."""
        self._events: dict[str, list[int]] = {}
        self._sure: dict[str, list[int]] = {}

    def events(self, name: str) -> Sequence[int]:
        """The statements that bind `name`, surely or perhaps, in order."""
        found = self._events.get(name)
        if found is None:
            stars = [at for at in self.stars if name in star_names(self.statements[at].star)]
            found = self._events[name] = sorted({*self._bound.get(name, ()), *stars})
        return found

    def binding(self, name: str, limit: int) -> list[int]:
        """The statements before `limit` that together make `name` what it is there, latest first.

        Those are the last one that surely binds it, and all after it that may.
        """
        events = self.events(name)
        found = []
        for at in reversed(events[: bisect_left(events, limit)]):
            found.append(at)
            if self.surely_binds(at, name):
                break
        return found

    def surely_binds(self, at: int, name: str) -> bool:
        """Whether statement `at` leaves nothing of what `name` was."""
        statement = self.statements[at]
        return name in statement.binds or bool(statement.star) or name in statement.deletes

    def changes(self, name: str, start: int, limit: int) -> Sequence[int]:
        """The statements in `[start, limit)` that may change the object of `name`."""
        if name not in self._parents:
            limit = min(limit, self._next_sure(name, start, limit) + 1)
        found = self._changed.get(self._group(name), ())
        return found[bisect_left(found, start) : bisect_left(found, limit)]

    def package(self, name: str, limit: int) -> str:
        """The package from which `name` is imported before `limit`; empty where it is not."""
        found = self.binding(name, limit)
        return self.statements[found[0]].imported.get(name, "") if found else ""

    def cell_end(self, at: int) -> int:
        """The number of the first statement behind the cell of statement `at`."""
        return self._cell_ends[self.statements[at].cell]

    def _next_sure(self, name: str, start: int, limit: int) -> int:
        found = self._sure.get(name)
        if found is None:
            found = [at for at in self.events(name) if self.surely_binds(at, name)]
            self._sure[name] = found
        at = bisect_left(found, start)
        return found[at] if at < len(found) else limit

    @cached_property
    def stars(self) -> tuple[int, ...]:
        """The star imports."""
        return tuple(at for at, one in enumerate(self.statements) if one.star)

    @cached_property
    def settings(self) -> tuple[int, ...]:
        """The statements that may change how a library works."""
        return tuple(at for at, one in enumerate(self.statements) if one.effects.settings)

    @cached_property
    def _cell_ends(self) -> Mapping[int, int]:
        return {one.cell: at + 1 for at, one in enumerate(self.statements)}

    @cached_property
    def _bound(self) -> Mapping[str, list[int]]:
        found = defaultdict(list)
        called = self._called((one.names, one.rebinds) for one in self.statements)
        for at, one in enumerate(self.statements):
            # A name that was deleted is a mistake or a tidy-up; a builtin of that name is back.
            for name in one.names | (one.deletes & BUILTINS) | called[at]:
                found[name].append(at)
        return found

    @cached_property
    def _changed(self) -> Mapping[str, list[int]]:
        """By the groups of `_group`."""
        found = defaultdict(list)
        called = self._called((one.names, one.touches) for one in self.statements)
        for at, one in enumerate(self.statements):
            for name in {self._group(name) for name in one.effects.changes | called[at]}:
                found[name].append(at)
        return found

    def _called(
        self, own: Iterable[tuple[frozenset[str], frozenset[str]]]
    ) -> Sequence[frozenset[str]]:
        """What the functions that each statement mentions do to names.

        Args:
            own: Names of a function, and what it does itself.
        """
        reach = defaultdict[str, set[str]](set)
        for names, done in own:
            for name in names if done else ():
                reach[name] |= done
        self._spread(reach)
        found, room = [], MAX_CALLED
        for one in self.statements:
            called = [reach[name] for name in one.now if name in reach]
            room -= sum(map(len, called))
            found.append(frozenset(chain.from_iterable(called) if room > 0 else ()))
        return found

    def _spread(self, found: dict[str, set[str]]) -> None:
        """Add to what each function does what the functions that it calls do."""
        callers = defaultdict[str, set[str]](set)
        for one in self.statements if found else ():
            for used in one.later | one.effects.passes:
                callers[used] |= one.names
        waiting, room = list(found), MAX_CALLED
        while waiting and room > 0:
            name = waiting.pop()
            for caller in callers[name]:
                known = found.setdefault(caller, set())
                room -= 1 + len(found[name])
                if not found[name] <= known:
                    known |= found[name]
                    waiting.append(caller)

    def _group(self, name: str) -> str:
        """One name for all that may hold the same object, or a part of it, at some time."""
        return _end(self._parents, name)

    @cached_property
    def _parents(self) -> dict[str, str]:
        parents: dict[str, str] = {}
        for one in self.statements:
            for names in one.effects.shares:
                first, *others = names
                for name in others:
                    parents[_end(parents, name)] = _end(parents, first)
        return parents


def _end(parents: dict[str, str], name: str) -> str:
    """Where the chain of parents ends; halves it on the way, so that long ones stay cheap."""
    while (up := parents.get(name, name)) != name:
        parents[name] = name = parents.get(up, up)
    return name


@cache
def star_names(module: str) -> frozenset[str]:
    """The names that `from MODULE import *` binds, none where they are not known here."""
    if module not in ENUMERABLE:
        return frozenset()
    found = importlib.import_module(module)
    names = getattr(found, "__all__", None) or [one for one in dir(found) if one[0] != "_"]
    return frozenset(names)
