"""What kinds of statements there are: definitions, settings of libraries, and all the rest."""

import ast
import re
from collections.abc import Set as AbstractSet

from grader.submission.expressions import path_of
from grader.submission.program import BUILTINS, Program
from grader.submission.python import DEFINITIONS
from grader.submission.statements import Statement

PLOTTING = frozenset({"matplotlib", "pylab", "seaborn", "plotly", "bokeh"})
"""Packages whose settings change no result."""
ALWAYS = re.compile(r"\benviron\b|\bsetrecursionlimit\b|\bsys\.path\b")
"""Settings that reach every library."""
TRANSFORMS = frozenset(
    {"array", "asarray", "grad", "hessian", "jacfwd", "jacobian", "jacrev", "jit", "partial"}
    | {"value_and_grad", "vmap"}
)
"""Functions of libraries that make functions or arrays of their arguments."""
CHEAP = (
    TRANSFORMS
    | {"PRNGKey", "arange", "default_rng", "device", "eye", "is_available"}
    | {"key", "linspace", "log", "namedtuple", "ones", "sqrt", "zeros"}
)
"""Functions of libraries that need neither time nor a network nor a file."""
SLOW_BUILTINS = frozenset({"open", "input", "eval", "exec", "compile", "__import__"})
MAX_LIGHT = 10
"""Bindings of one name, each of which may count; more are no light matter."""
IMPORTS = (ast.Import, ast.ImportFrom)


def is_plain_definition(one: Statement) -> bool:
    """Whether a statement only defines something, or may bind any name: no loop, no mere call."""
    match one.node:
        case ast.Assign(value=ast.Call(func=func)):
            return path_of(func)[-1:] != () and path_of(func)[-1] in TRANSFORMS
        case ast.Assign() | ast.AnnAssign() if not one.effects.calls:
            return True
    return isinstance(one.node, (*DEFINITIONS, *IMPORTS)) or one.effects.unforeseeable_now


def only_defines(program: Program, at: int) -> bool:
    """Whether a statement can neither take long nor fail for want of a network or a file."""
    one = program.statements[at]
    if isinstance(one.node, (*DEFINITIONS, *IMPORTS)):
        return True
    if isinstance(one.node, ast.Expr):
        return bool(one.effects.stores or one.effects.settings)
    if isinstance(one.node, (ast.For, ast.While, ast.With)):
        return False
    return all(_is_cheap(program, root, name, at) for root, name in one.effects.callees)


def _is_cheap(program: Program, root: str, name: str, at: int) -> bool:
    """Whether a call is of the hand-in's own function, or of a library's harmless one."""
    return root not in SLOW_BUILTINS and (name in CHEAP or not program.package(root, at))


def sets(program: Program, at: int, packages: AbstractSet[str]) -> bool:
    """Whether statement `at` is a setting that a slice needs which imports these packages.

    A setting is a call such as `jax.config.update(…)` or `np.random.seed(0)`, or an assignment such
    as `torch.backends.cudnn.benchmark = False` or `nn.Linear.forward = better`, also below an `if`
    with nothing else in it. It belongs to the package of the name that it begins with.
    `os.environ`, `sys.path` and the recursion limit are settings of every package; those of plots
    are none. A setting that needs results of experiments is no setting.
    """
    one = program.statements[at]
    known = {program.package(root, at) for root in one.effects.settings}
    everywhere = packages and known & {"os", "sys"} and ALWAYS.search(one.source)
    return bool(known & packages - PLOTTING or everywhere) and all(
        _is_light(program, name, at, calls=one.effects.calls) for name in one.now
    )


def _is_light(program: Program, name: str, limit: int, *, calls: bool) -> bool:
    """Whether a name can be had without running more than imports and one plain assignment.

    Args:
        program: The hand-in.
        name: The name.
        limit: Number of the statement that uses it.
        calls: That statement calls something; else a function is as light as any object.
    """
    found = program.binding(name, limit)
    if not found:
        return name in BUILTINS
    for at in found[:MAX_LIGHT]:
        one = program.statements[at]
        plain = isinstance(one.node, (ast.Assign, ast.AnnAssign)) and all(
            used in BUILTINS or program.package(used, at) for used in one.now
        )
        uncalled = isinstance(one.node, DEFINITIONS) and not calls
        if not (name in one.imported or plain or uncalled):
            return False
    return len(found) <= MAX_LIGHT
