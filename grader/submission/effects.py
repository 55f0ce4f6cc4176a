"""What a statement does besides binding names: changes to objects, settings, the unforeseeable.

A change counts where the source shows it: an attribute or an element is assigned, a method is
called for its effect, or a function is called that is known to change its arguments. That a call
changes its arguments otherwise is not seen.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from grader.submission.expressions import parts_of, path_of, root_of

CHANGING_METHODS = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "fill", "insert"}
    | {"pop", "popitem", "popleft", "put", "remove", "reverse", "rotate", "setdefault", "setflags"}
    | {"sort", "update", "difference_update", "intersection_update", "symmetric_difference_update"}
)
CHANGING_FUNCTIONS = frozenset(
    {"copyto", "delattr", "fill_diagonal", "heapify", "heappop", "heappush", "heappushpop"}
    | {"heapreplace", "insort", "insort_left", "insort_right", "next", "place", "put", "putmask"}
    | {"put_along_axis", "setattr", "setitem", "shuffle"}
)
"""Functions that change an argument; so do torch's, whose names end in `_`."""
SETTING = re.compile(
    r"(set|seterr|setrecursionlimit|set\w*_\w+|use_\w+|(en|dis)able_\w+|(manual_)?seed"
    r"|simplefilter|filterwarnings)$"
)
"""Functions of a library that change how it works from then on, by the last part of the name."""
MAX_NAME = 100
"""Characters of a name that are matched: a name of thousands takes time in their square."""
SETTING_PLACES = frozenset({"config", "environ", "path"})
"""Parts of a library whose methods change how it works: `jax.config.update`, `sys.path.append`."""
COMPLETING = re.compile("def|register")
"""Methods that complete a function, such as `defvjp` and `defjvp` of JAX."""
UNFORESEEABLE = frozenset({"eval", "exec", "globals", "execfile"})
LOCAL_VIEWS = frozenset({"locals", "vars"})
"""As `globals`, at the top level and with no argument alone."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
NO_SETTINGS = (ast.For, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
"""Statements that do more than change a setting."""


@dataclass
class Effects:
    """What one top-level statement does, besides what its names say."""

    changes: set[str] = field(default_factory=set)
    """Roots of the objects that it changes while it runs."""
    stores: set[str] = field(default_factory=set)
    """Those of them of which it assigns a part, or which it completes as by `f.defvjp(…)`."""
    changes_later: set[str] = field(default_factory=set)
    """Roots that functions defined here change when called; some may be local to them."""
    augmented: set[str] = field(default_factory=set)
    """Names bound by `x += 1`, which uses them too."""
    walrus: set[str] = field(default_factory=set)
    """Names bound within an expression, perhaps not every time."""
    settings: set[str] = field(default_factory=set)
    """Roots of the calls and assignments that may change how a library works."""
    unforeseeable: str = ""
    """The call that may use or bind any name at all, such as `eval`."""
    unforeseeable_now: bool = False
    """It is made while the statement runs."""
    shares: list[frozenset[str]] = field(default_factory=list)
    """Sets of names that may hold parts of one object from now on."""
    passes: set[str] = field(default_factory=set)
    """Roots of what it hands on to other names or to functions, which may call it later."""
    calls: bool = False
    """Something is called while the statement runs."""
    callees: set[tuple[str, str]] = field(default_factory=set)
    """Root and last part of the name of each thing called meanwhile that has a name."""
    unrunnable: str = ""
    """What only a function, or a notebook, may contain at this place."""


def effects_of(statement: ast.stmt) -> Effects:
    """The effects of one top-level statement."""
    found = Effects()
    only_settings = not isinstance(statement, NO_SETTINGS)
    for node, deferred in _nodes(statement):
        match node:
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                _store(found, root_of(node), deferred=deferred)
            case ast.Call():
                _call(found, node, deferred=deferred)
            case ast.Expr(value=ast.Call(func=func)):
                only_settings &= _expression(found, path_of(func), deferred=deferred)
            case _ if not deferred:
                _at_top(found, node)
    if not only_settings:
        found.settings.clear()
    return found


def _nodes(statement: ast.stmt) -> Iterator[tuple[ast.AST, bool]]:
    """Every node, and whether it waits for a function to be called."""
    waiting: list[tuple[ast.AST, bool]] = [(statement, False)]
    while waiting:
        node, deferred = waiting.pop()
        yield node, deferred
        inside = _body(node) if isinstance(node, FUNCTIONS) else ()
        waiting.extend((part, True) for part in inside)
        held = {id(part) for part in inside}
        waiting.extend(
            (child, deferred) for child in ast.iter_child_nodes(node) if id(child) not in held
        )


def _body(node: ast.AST) -> Iterable[ast.AST]:
    body = getattr(node, "body", [])
    return body if isinstance(body, list) else [body]


def _expression(found: Effects, path: tuple[str, ...], *, deferred: bool) -> bool:
    """A call for its effect alone; whether nothing but settings comes of it."""
    if len(path) > 1:
        _change(found, path[0], deferred=deferred)
    if deferred:
        return True
    if len(path) > 1 and COMPLETING.match(path[-1]):
        found.stores.add(path[0])
    if _is_setting(path):
        found.settings.add(path[0])
        return True
    return path == ("print",)


def _store(found: Effects, root: str, *, deferred: bool) -> None:
    _change(found, root, deferred=deferred)
    if root and not deferred:
        found.stores.add(root)
        found.settings.add(root)


def _call(found: Effects, node: ast.Call, *, deferred: bool) -> None:
    path = path_of(node.func)
    name = path[-1] if path else getattr(node.func, "attr", "")
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    if not deferred:
        found.calls = True
        found.callees |= {(path[0], name)} if path else set()
        found.passes |= _roots(arguments)
    if len(path) > 1 and name in CHANGING_METHODS:
        _change(found, path[0], deferred=deferred)
    elif isinstance(node.func, ast.Attribute) and name in CHANGING_METHODS:
        _change(found, root_of(node.func), deferred=deferred)
    if name in CHANGING_FUNCTIONS or (name.endswith("_") and not name.endswith("__")):
        for root in _roots(arguments):
            _change(found, root, deferred=deferred)
        if name == "setattr" and not deferred and node.args and (root := root_of(node.args[0])):
            found.stores.add(root)
    if call := _unforeseeable(node, path, deferred=deferred):
        found.unforeseeable = found.unforeseeable or call
        found.unforeseeable_now |= not deferred


def _unforeseeable(node: ast.Call, path: tuple[str, ...], *, deferred: bool) -> str:
    """The call's name where it may use or bind names that the source does not show."""
    match path:
        case (name,) if name in UNFORESEEABLE:
            return name
        case (name,) if name in LOCAL_VIEWS and not deferred and not node.args:
            return name
        case ("setattr" | "getattr" as name,) if node.args and root_of(node.args[0]) == "sys":
            return f"{name}(sys.modules…)"
    match node.func:
        case ast.Attribute(
            attr="run_cell" | "ex" | "push" as name, value=ast.Call(func=ast.Name(id="get_ipython"))
        ):
            return f"get_ipython().{name}"
    return ""


def _at_top(found: Effects, node: ast.AST) -> None:
    """What only counts where it runs at once."""
    match node:
        case ast.AugAssign(target=ast.Name(id=name)):
            found.augmented.add(name)
            found.changes.add(name)
        case ast.NamedExpr(target=ast.Name(id=name)):
            found.walrus.add(name)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _share(found, target, value)
        case (
            ast.AnnAssign(target=target, value=ast.expr() as value)
            | ast.For(target=target, iter=value)
        ):
            _share(found, target, value)
        case ast.FunctionDef(decorator_list=several) | ast.ClassDef(decorator_list=several):
            found.passes |= {
                root_of(one.func if isinstance(one, ast.Call) else one) for one in several
            }
        case ast.comprehension(is_async=1):
            found.unrunnable = "await"
        case ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            found.unrunnable = "await"
        case ast.Return() | ast.Yield() | ast.YieldFrom():
            found.unrunnable = type(node).__name__.removesuffix("From").lower()


def _share(found: Effects, target: ast.expr, value: ast.expr) -> None:
    rows = (ast.Tuple, ast.List)
    pairs = [(target, value)]
    if isinstance(target, rows) and isinstance(value, rows) and len(target.elts) == len(value.elts):
        pairs = list(zip(target.elts, value.elts, strict=True))
    for taker, giver in pairs:
        given = _roots([giver])
        found.passes |= given
        if given and (taken := _roots([taker])):
            found.shares.append(frozenset(given | taken))


def _roots(nodes: Iterable[ast.expr]) -> set[str]:
    """The names of the objects that expressions give on, or parts of these."""
    return {root_of(part) for node in nodes for part in parts_of(node)} - {""}


def _change(found: Effects, root: str, *, deferred: bool) -> None:
    if root:
        (found.changes_later if deferred else found.changes).add(root)


def _is_setting(path: tuple[str, ...]) -> bool:
    return bool(path) and (
        SETTING.match(path[-1][:MAX_NAME]) is not None or not SETTING_PLACES.isdisjoint(path[:-1])
    )
