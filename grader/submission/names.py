"""Which names a statement binds, and which it uses: when it runs, and when what it defines runs.

The compiler's own symbol tables decide what is global; nothing is compiled further than that.
"""

import symtable
from collections.abc import Iterator
from dataclasses import dataclass

from grader.submission.python import scopes


@dataclass(frozen=True)
class Names:
    """Names of one top-level statement in the module's namespace."""

    binds: frozenset[str]
    now: frozenset[str]
    """Used while the statement runs: decorators, defaults, class bodies, comprehensions."""
    later: frozenset[str]
    """Used by functions that it defines, whenever these are called."""
    rebinds: frozenset[str]
    """Declared `global` and bound by such a function."""


def names_of(source: str) -> Names:
    """The names of one statement.

    Raises:
        BrokenSourceError: it breaks a rule of scopes.
    """
    top = scopes(source)
    binds, now = set[str](), set[str]()
    later, rebinds = set[str](), set[str]()
    for symbol in top.get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            binds.add(symbol.get_name())
        if symbol.is_referenced():
            now.add(symbol.get_name())
    for table, deferred in _inner(top):
        for symbol in table.get_symbols():
            name = symbol.get_name()
            in_class = table.get_type() == "class" and symbol.is_assigned()
            if not symbol.is_global() and not in_class:
                continue
            if symbol.is_referenced():
                (later if deferred else now).add(name)
            if symbol.is_declared_global() and symbol.is_assigned():
                (rebinds if deferred else binds).add(name)
    return Names(frozenset(binds), frozenset(now), frozenset(later | rebinds), frozenset(rebinds))


def _inner(top: symtable.SymbolTable) -> Iterator[tuple[symtable.SymbolTable, bool]]:
    """Every inner scope, and whether it runs only when a function is called."""
    waiting = [(child, False) for child in top.get_children()]
    while waiting:
        table, deferred = waiting.pop()
        deferred = deferred or _is_function(table)
        yield table, deferred
        waiting.extend((child, deferred) for child in table.get_children())


def _is_function(table: symtable.SymbolTable) -> bool:
    # A comprehension is a function to the compiler, and runs at once: its iterator is named `.0`.
    return table.get_type() == "function" and ".0" not in table.get_identifiers()
