"""Which statement asks for a GPU without making sure that there is one."""

import ast
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

from grader.submission.expressions import path_of

DEVICES = frozenset({"cuda", "mps"})
JAX_PLATFORM = "gpu"
JAX_CALLS = frozenset({"device_count", "devices", "local_devices", "update"})
"""Calls to which the word `gpu` names a device; elsewhere it is a word like any other."""
METHODS = frozenset({"cuda", "pin_memory"})
"""Methods of tensors and modules that need a GPU."""
NEEDS_GPU = frozenset(
    {"Event", "Stream", "current_device", "current_stream", "empty_cache", "get_device_name"}
    | {"get_device_properties", "init", "ipc_collect", "mem_get_info", "memory_summary"}
    | {"reset_max_memory_allocated", "reset_peak_memory_stats", "set_device", "synchronize"}
)
"""Parts of `torch.cuda` and `torch.mps` that fail without one, tensor types apart."""
TESTS = frozenset({"device_count", "is_available", "is_built", "is_cuda", "is_mps"})
MAX_CONDITION = 200
"""Nodes of a condition that are looked at: those within another's condition are met again."""


def first_request(statements: Sequence[ast.stmt]) -> int | None:
    """Which statement would fail on a machine without a GPU, as `.cuda()` and `device="mps"` do.

    What stands in a `try`, or depends on `is_available`, on a name that holds its answer or on the
    device of something, doesn't count.

    Returns:
        The first one's index; None where there is none.
    """
    found = [at for at, one in enumerate(statements) if _asks_somewhere(one, frozenset())]
    if not found:
        return None
    answers = frozenset(_answers(statements))
    return next((at for at in found if _asks_somewhere(statements[at], answers)), None)


def _answers(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """Names that hold whether there is a GPU, such as `use_cuda = torch.cuda.is_available()`."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and _tests(node.value, frozenset()):
                yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def _asks_somewhere(statement: ast.stmt, answers: AbstractSet[str]) -> bool:
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if _asks(node):
            return True
        waiting += _unguarded_parts(node, answers)
    return False


def _asks(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return _names_device(node)
        case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
            return True
        case ast.Call(func=func, args=args, keywords=keywords) if path_of(func)[-1:]:
            given = [*args, *(keyword.value for keyword in keywords)]
            return path_of(func)[-1] in JAX_CALLS and any(
                isinstance(one, ast.Constant) and one.value == JAX_PLATFORM for one in given
            )
        case ast.Attribute(attr=name, value=ast.Attribute(attr="cuda" | "mps" as library)):
            # Emptying the cache fails for MPS alone.
            harmless = name == "empty_cache" and library == "cuda"
            return name.endswith("Tensor") or (name in NEEDS_GPU and not harmless)
    return False


def _names_device(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return text.partition(":")[0] in DEVICES or text.startswith("torch.cuda.")
    return False


def _unguarded_parts(node: ast.AST, answers: AbstractSet[str]) -> Iterator[ast.AST]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) if _tests(test, answers):
            return
        case ast.Try(handlers=[_, *_]):
            for handler in node.handlers:
                yield from handler.body
            yield from (*node.orelse, *node.finalbody)
        case ast.Compare():
            # `device.type == "cuda"` asks for nothing.
            operands = (node.left, *node.comparators)
            yield from (one for one in operands if not isinstance(one, ast.Constant))
        case ast.Expr(value=ast.Constant()):
            return
        case _:
            yield from ast.iter_child_nodes(node)


def _tests(condition: ast.expr, answers: AbstractSet[str]) -> bool:
    return any(
        (isinstance(part, ast.Attribute) and part.attr in TESTS)
        or (isinstance(part, ast.Name) and part.id in answers)
        or _names_device(part)
        for part in islice(ast.walk(condition), MAX_CONDITION)
    )
