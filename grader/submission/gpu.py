"""Which statement asks for a GPU without making sure that there is one.

It errs towards asking: the CPU then takes the GPU's place, which does no harm where none is used.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

DEVICES = frozenset({"cuda", "mps"})
JAX_PLATFORM = "gpu"
JAX_CALLS = frozenset(
    {"default_device", "device_count", "devices", "jit", "local_device_count", "local_devices"}
    | {"partial", "pmap", "update"}
)
"""Calls to which the word `gpu` names a device; elsewhere it is a word like any other."""
LIBRARIES = frozenset({"jax", "torch", "torchvision"})
METHODS = frozenset({"cuda", "pin_memory"})
"""Methods of tensors and modules that need a GPU."""
NEEDS_GPU = frozenset(
    {"Event", "Stream", "current_device", "current_stream", "default_stream", "device", "device_of"}
    | {"empty_cache", "get_device_capability", "get_device_name", "get_device_properties", "init"}
    | {"ipc_collect", "mem_get_info", "memory_summary", "reset_max_memory_allocated"}
    | {"reset_peak_memory_stats", "set_device", "set_stream", "synchronize"}
)
"""Parts of `torch.cuda` and `torch.mps` that fail without one, tensor types apart."""
TEST_CALLS = frozenset({"device_count", "is_available", "is_built"})
"""A test where they are called; a function that isn't called is always true."""
TESTS = frozenset({"is_cuda", "is_mps"})
MAX_CONDITION = 200
"""Nodes of a condition that are looked at: those within another's condition are met again."""

Conditional = ast.If | ast.IfExp


def first_request(statements: Sequence[ast.stmt]) -> int | None:
    """Which statement would fail on a machine without a GPU, as `.cuda()` and `device="mps"` do.

    What stands in a `try`, or depends on `is_available`, on a name that holds its answer or on the
    device of something, doesn't count, unless a GPU is asked for either way. Nor does a word such
    as "cuda" where nothing could take it for a device.

    Returns:
        The first one's index; None where there is none.
    """
    found = [at for at, one in enumerate(statements) if _asks_somewhere(one, frozenset())]
    if not found or not any(map(_uses_devices, statements)):
        return None
    answers = frozenset(_answers(statements))
    return next((at for at in found if _asks_somewhere(statements[at], answers)), None)


def _answers(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """Names that hold whether there is a GPU, such as `use_cuda = torch.cuda.is_available()`."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and _tests(node.value, frozenset()):
                yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def _uses_devices(statement: ast.stmt) -> bool:
    """Whether it imports a library that knows devices, or moves something to one."""
    for node in ast.walk(statement):
        match node:
            case ast.Import(names=names):
                if any(one.name.partition(".")[0] in LIBRARIES for one in names):
                    return True
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in LIBRARIES:
                return True
            case ast.Attribute(attr=name) if name == "to" or name in METHODS:
                return True
    return False


def _asks_somewhere(statement: ast.stmt, answers: AbstractSet[str]) -> bool:
    tested: dict[ast.AST, bool] = {}
    # The inner ones first, so that each node is looked at once, and without recursion.
    for node in reversed(list(ast.walk(statement))):
        if isinstance(node, Conditional) and _tests(node.test, answers):
            tested[node] = all(_asks_among(branch, tested) for branch in _branches(node))
    return _asks_among([statement], tested)


def _branches(node: Conditional) -> Iterator[Sequence[ast.AST]]:
    for branch in (node.body, node.orelse):
        yield branch if isinstance(branch, list) else [branch]


def _asks_among(nodes: Sequence[ast.AST], tested: Mapping[ast.AST, bool]) -> bool:
    waiting = [*nodes]
    while waiting:
        node = waiting.pop()
        if tested.get(node, False) or _asks(node):
            return True
        if node not in tested:
            waiting += _unguarded_parts(node)
    return False


def _asks(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return _names_device(node)
        case ast.Call():
            return _asks_by_call(node)
        case ast.Attribute(attr=name, value=ast.Attribute(attr="cuda" | "mps" as library)):
            return _needs_gpu(library, name)
        case ast.ImportFrom(module="torch.cuda" | "torch.mps" as module, names=names):
            return any(_needs_gpu(module.rpartition(".")[2], one.name) for one in names)
    return False


def _asks_by_call(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(attr=name):
            if name in METHODS:
                return True
        case ast.Name(id=name):
            pass
        case _:
            return False
    if name in {"device", "to"} and any(map(_is_index, call.args[:1])):
        return True
    if any(one.arg == "device" and _is_index(one.value) for one in call.keywords):
        return True
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return name in JAX_CALLS and any(
        isinstance(one, ast.Constant) and one.value == JAX_PLATFORM for one in given
    )


def _is_index(node: ast.expr) -> bool:
    """Whether it is a number, by which torch means a GPU."""
    return isinstance(node, ast.Constant) and type(node.value) is int


def _needs_gpu(library: str, name: str) -> bool:
    # Emptying the cache fails for MPS alone.
    harmless = name == "empty_cache" and library == "cuda"
    return name.endswith("Tensor") or (name in NEEDS_GPU and not harmless)


def _names_device(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return text.partition(":")[0] in DEVICES or text.startswith("torch.cuda.")
    return False


def _unguarded_parts(node: ast.AST) -> Iterator[ast.AST]:
    match node:
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
    return any(_is_test(part, answers) for part in islice(ast.walk(condition), MAX_CONDITION))


def _is_test(node: ast.AST, answers: AbstractSet[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in TEST_CALLS
        case ast.Attribute(attr=name):
            return name in TESTS
        case ast.Name(id=name):
            return name in answers
    return _names_device(node)
