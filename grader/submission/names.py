"""Which names a statement binds, and which it uses: when it runs, and when what it defines runs.

The compiler's own symbol tables decide what is global; nothing is compiled further than that.
"""

import ast
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


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def names_of(source: str, statement: ast.stmt) -> Names:
    """The names of one statement.

    Args:
        source: Its source, with a future import above where annotations are not evaluated.
        statement: What was parsed of it.

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
    own = _comprehension_names(statement)
    return Names(
        frozenset(binds - own),
        frozenset(now - own),
        frozenset(later | rebinds),
        frozenset(rebinds),
    )


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


def _comprehension_names(statement: ast.stmt) -> set[str]:
    """Names that are variables of comprehensions and nothing else while the statement runs.

    From Python 3.12 on the compiler counts them among the names of the module.
    """
    inside, outside = set[str](), set[str]()
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(statement, frozenset())]
    while waiting:
        node, hidden = waiting.pop()
        if isinstance(node, ast.Name):
            (inside if node.id in hidden else outside).add(node.id)
        elif isinstance(node, COMPREHENSIONS):
            first = node.generators[0].iter
            # The first iterable belongs to the scope outside.
            waiting.append((first, hidden))
            hidden |= {
                part.id
                for generator in node.generators
                for part in ast.walk(generator.target)
                if isinstance(part, ast.Name)
            }
            waiting.extend((part, hidden) for part in _parts(node) if part is not first)
        else:
            outside |= _other_names(node)
            waiting.extend((part, hidden) for part in _parts(node))
    return inside - outside


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What lies within a node and runs when it does."""
    match node:
        case ast.Lambda(args=arguments):
            yield arguments
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node.args
            yield from node.decorator_list
        case _ if isinstance(node, COMPREHENSIONS):
            for generator in node.generators:
                yield from (generator.target, generator.iter, *generator.ifs)
            yield from (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        case _:
            yield from ast.iter_child_nodes(node)


def _other_names(node: ast.AST) -> set[str]:
    """Names that a node binds without a node for the name."""
    match node:
        case ast.alias(name=name, asname=None):
            return {name.partition(".")[0]}
        case ast.alias(asname=str(name)) | ast.MatchMapping(rest=str(name)):
            return {name}
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
        ):
            return {name}
    return set()
