"""The slice of a hand-in that an item needs: its chunks, in order, for the worker to execute."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.submission.closure import Closure, TangledError
from grader.submission.gpu import first_request
from grader.submission.hints import explain_missing
from grader.submission.kinds import only_defines
from grader.submission.lookup import Definition, find_definition, owner_of
from grader.submission.program import Program

KEPT = "_grader_kept_{}"
"""Holds the value of a name while the slice binds it to something else."""


@dataclass(frozen=True)
class Chunk:
    """One statement of a hand-in, to be executed after those before it, in the same module."""

    source: str
    label: str
    """What the place is called: `cell 12`, counted from 1 over all cells of the notebook, Markdown
    included; or a module's file name."""
    first_line: int
    """The line of the cell or module, from 1, in which `source` begins. Where annotations are not
    evaluated by a future import, that import stands above the statement, within the line before
    it; a statement in line 1 then is reported one line too low."""


@dataclass(frozen=True)
class Slice:
    """What an item needs of a hand-in."""

    chunks: tuple[Chunk, ...] = ()
    bound: Mapping[str, str] = field(default_factory=dict)
    """Asked name -> where it is when the chunks have been executed: `grad_U`, its alias, or
    `Game.harry_answers`."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Asked name -> what to tell the student."""
    notes: tuple[str, ...] = ()
    gpu: str = ""
    """The place of a chunk that asks for a GPU without testing for one; empty where none does."""
    staff_note: str = ""
    """A traceback of the grader's own, where the slice could not be made."""


def slice_of(
    program: Program,
    requires: Sequence[str],
    *,
    optional: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Slice:
    """The slice that defines the asked names, each as it worked where it was last defined.

    `closure` has the rule. Every asked name has a place of its own. Where two of them need one name
    to mean different things, all bindings are executed in order, and at the end the name is put
    back to what the one asked first needs; a note says so.

    Args:
        program: The submission's.
        requires: Names that must be there; each may also be a method of a top-level class.
        optional: Names that are taken where they are plain top-level names, and need nothing that
            may take long or fail unless a required name needs it too.
        aliases: Asked name -> the submission's own name, or `Class.method`.
    """
    aliases = aliases or {}
    asked = dict.fromkeys((*requires, *optional))
    found: dict[str, Definition] = {}
    missing: dict[str, str] = {}
    for name in asked:
        alias = aliases.get(name)
        definition = find_definition(program, alias or name, methods=name in requires)
        if definition is None:
            missing[name] = explain_missing(program, name, alias=alias, known=asked)
        else:
            found[name] = definition
    assembly = _Assembly(program)
    for name, definition in found.items():
        try:
            left = assembly.add(definition, only_definitions=name not in requires)
        except TangledError:
            left = f"what `{name}` depends on is too tangled to be found out; simplify it"
        if left:
            missing[name] = left
    bound = {name: one.path for name, one in found.items() if name not in missing}
    notes = [*_method_notes(program, bound, found), *assembly.notes]
    return Slice(
        tuple(assembly.chunks()),
        bound,
        missing,
        tuple(dict.fromkeys(notes)),
        gpu=assembly.gpu_place(),
    )


def _method_notes(
    program: Program, bound: Mapping[str, str], found: Mapping[str, Definition]
) -> Iterator[str]:
    for name, path in bound.items():
        if path != name:
            place = program.statements[found[name].at].place
            yield f"`{name}` is `{path}` of {place}"


class _Assembly:
    """Puts the closures of several names together."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._taken: set[int] = set()
        self._final: dict[str, list[int]] = {}
        self.notes: list[str] = []

    def add(self, definition: Definition, *, only_definitions: bool) -> str:
        """Add what a definition needs.

        Args:
            definition: Of an asked name.
            only_definitions: Add nothing where that needs a statement which may take long or fail.

        Returns:
            Why nothing was added; empty where it was.

        Raises:
            TangledError: what it needs can't be found out.
        """
        closure = Closure(self._program, self._program.cell_end(definition.at))
        closure.take_all(definition.root)
        if owner := owner_of(self._program, definition):
            closure.take_all(owner)
        for at in sorted(closure.taken - self._taken) if only_definitions else ():
            if not only_defines(self._program, at):
                place = self._program.statements[at].place
                return f"`{definition.path}` is left out: it needs what {place} computes"
        self._taken |= closure.taken
        self.notes += closure.notes
        for name, statements in closure.final.items():
            known = self._final.setdefault(name, statements)
            if known != statements and known and statements:
                first, other = (
                    self._program.statements[one[0]].place for one in (known, statements)
                )
                self.notes.append(
                    f"`{name}` is needed as {first} made it and as {other} did; the first counts"
                )
        return ""

    def chunks(self) -> Iterator[Chunk]:
        """The chunks in the order in which they must be executed."""
        kept: dict[int, list[str]] = {}
        for name, statements in self._final.items():
            later = self._bound_later(name, statements)
            if later is not None:
                kept.setdefault(later, []).append(name)
        for at in sorted(self._taken):
            for name in kept.get(at, ()):
                yield self._assignment(KEPT.format(name), name)
            one = self._program.statements[at]
            yield Chunk(one.source, one.label, one.first_line)
        for name in (name for names in kept.values() for name in names):
            yield self._assignment(name, KEPT.format(name))

    def gpu_place(self) -> str:
        """Where the first statement taken is that asks for a GPU; empty where none does."""
        taken = [self._program.statements[at] for at in sorted(self._taken)]
        at = first_request([one.node for one in taken])
        return "" if at is None else taken[at].place

    def _bound_later(self, name: str, statements: Sequence[int]) -> int | None:
        """The first statement taken that binds `name` anew after the ones that are needed."""
        if not any(self._program.surely_binds(at, name) for at in statements):
            return None
        later = (at for at in self._program.events(name) if at > statements[0])
        return next((at for at in later if at in self._taken), None)

    def _assignment(self, target: str, source: str) -> Chunk:
        one = self._program.statements[self._final[target if target in self._final else source][0]]
        return Chunk(f"{target} = {source}", one.label, one.first_line)
