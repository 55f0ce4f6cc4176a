"""What a name needs to work as it did at one place of the hand-in.

The rule, which is Python's own, applied to the hand-in up to that place:

- The place is the end of the cell in which the asked name was last defined. A module is one cell,
  unless `# %%` or `# In [1]:` marks cut it.
- A name that is used while a statement runs means what it meant right before that statement.
- A name that is used inside a function means what it means at the place, when the function will be
  called. Where nothing before the place binds it, the first binding after the place counts.
- With a binding come all changes of its object up to the place, and after a binding that may not
  happen, such as one in a loop, also the one before it.
- Settings of the libraries that the slice imports belong to it, as `kinds.sets` has it.
- Statements on which nothing depends in this way are not taken: experiments, plots, downloads.
- Where `eval` and its like may use or bind any name, all plain definitions before the place come.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from grader.submission.kinds import is_plain_definition, sets
from grader.submission.program import BUILTINS, WELL_KNOWN, Program, star_names
from grader.submission.statements import Statement

MAX_STEPS = 1_000_000
"""Steps along names for one item; real hand-ins need some thousands."""


class TangledError(Exception):
    """What a name depends on can't be followed in reasonable time."""


class Closure:
    """Collects the statements that names need at one place.

    Args:
        program: The hand-in.
        limit: Number of the first statement behind the place.
    """

    def __init__(self, program: Program, limit: int) -> None:
        self._program = program
        self._limit = limit
        self.taken: set[int] = set()
        self.final: dict[str, list[int]] = {}
        """Name used in functions -> the statements that make it what it is at the place."""
        self.notes: list[str] = []
        self._unresolved = False
        self._statements: list[int] = []
        self._names: list[str] = []
        self._reached: dict[int, frozenset[str]] = {}
        self._steps = 0

    def take_all(self, name: str) -> None:
        """Take everything that `name` needs.

        Raises:
            TangledError: that can't be found out in reasonable time.
        """
        self._names.append(name)
        self._follow()
        self._take_settings()
        if call := self._unforeseeable():
            self.notes.append(
                f"{call} may use or bind any name, so all definitions before it were taken"
            )
            for at in range(self._limit):
                if is_plain_definition(self._program.statements[at]):
                    self._take(at)
            self._follow()
            self._take_settings()
        self._note_stars()
        self._note_rebindings(name)

    def _follow(self) -> None:
        while self._statements or self._names:
            while self._statements:
                self._take_needs(self._statements.pop())
            if self._names:
                self._settle(self._names.pop())

    def _take(self, at: int) -> None:
        if at not in self.taken:
            self.taken.add(at)
            self._statements.append(at)

    def _take_needs(self, at: int) -> None:
        """Take what statement `at` needs to run; what its functions need is settled at the end."""
        one = self._program.statements[at]
        self._names.extend(one.later)
        waiting, seen = {*one.now, *(one.later if one.runs_functions else ())}, set[str]()
        while waiting:
            name = waiting.pop()
            seen.add(name)
            for binding in self._bindings(name, at):
                self._take(binding)
                # Statement `at` may call what it uses.
                waiting |= self._callable(binding) - seen
                for change in self._program.changes(name, binding, at):
                    self._count(1)
                    waiting |= self._callable(change) - seen
        for name in one.names - one.imported.keys():
            limit = max(self._limit, self._program.cell_end(at))
            for change in self._program.changes(name, at + 1, limit):
                self._count(1)
                self._take(change)

    def _callable(self, at: int) -> frozenset[str]:
        """The names used by functions that what statement `at` has made may call, at any time.

        These are its own functions and those that it got hold of, such as `F` in `jax.grad(F)`.
        """
        waiting = [at] if at not in self._reached else []
        while waiting:
            top = waiting[-1]
            one = self._program.statements[top]
            earlier = {binding for name in one.now for binding in self._program.binding(name, top)}
            unknown = [binding for binding in earlier if binding not in self._reached]
            self._count(1 + len(earlier))
            if unknown:
                waiting += unknown
                continue
            found = one.later.union(*(self._reached[binding] for binding in earlier))
            self._count(len(found))
            self._reached[top] = found
            waiting.pop()
        return self._reached[at]

    def _settle(self, name: str) -> None:
        """Take what makes `name` what it is at the place."""
        if name in self.final:
            return
        found = self._bindings(name, self._limit)
        if not found and name not in BUILTINS:
            events = self._program.events(name)
            found = list(events[bisect_left(events, self._limit) :][:1])
        self.final[name] = found
        for at in found:
            self._take(at)

    def _bindings(self, name: str, limit: int) -> list[int]:
        found = self._program.binding(name, limit)
        self._count(1 + len(found))
        if not found and name not in BUILTINS:
            self._unresolved = True
            for at in self._unknown_stars(limit):
                self._take(at)
        return found

    def _unknown_stars(self, limit: int) -> Iterator[int]:
        for at in self._program.stars:
            if at < limit and not star_names(self._program.statements[at].star):
                yield at

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TangledError

    def _take_settings(self) -> None:
        """Take the settings, made before the place, of the libraries that are imported so far."""
        before = -1
        while before != len(self.taken):
            before = len(self.taken)
            packages = set(self._packages())
            for at in self._program.settings:
                if at >= self._limit or at in self.taken:
                    continue
                names = self._program.statements[at].now
                self._count(sum(len(self._program.events(name)) for name in names))
                if sets(self._program, at, packages):
                    self._take(at)
            self._follow()

    def _packages(self) -> Iterator[str]:
        for at in self.taken:
            one = self._program.statements[at]
            yield from one.imported.values()

    def _unforeseeable(self) -> str:
        """The call that makes the slice uncertain, and where; empty where there is none."""
        for at in sorted(self.taken):
            one = self._program.statements[at]
            if one.effects.unforeseeable:
                return f"`{one.effects.unforeseeable}` in {one.place}"
        for one in self._program.statements[: self._limit] if self._unresolved else ():
            if one.effects.unforeseeable_now:
                return f"`{one.effects.unforeseeable}` in {one.place}"
        return ""

    def _note_stars(self) -> None:
        for one in self._statements_taken():
            known = star_names(one.star) or one.star.partition(".")[0] in WELL_KNOWN
            if one.star and not known:
                self.notes.append(
                    f"{one.place} imports every name of `{one.star}`, which are not known here"
                )

    def _note_rebindings(self, asked: str) -> None:
        """Say which names mean something else further down."""
        for name, found in sorted(self.final.items()):
            if not found or name == asked or found[0] >= self._limit:
                continue
            events = self._program.events(name)
            one = self._program.statements[found[0]]
            for at in events[bisect_left(events, self._limit) :]:
                other = self._program.statements[at]
                if self._program.surely_binds(at, name) and other.source != one.source:
                    self.notes.append(
                        f"`{name}` is what {one.place} made it; {other.place} binds it anew"
                    )
                    break

    def _statements_taken(self) -> Iterable[Statement]:
        return (self._program.statements[at] for at in sorted(self.taken))
