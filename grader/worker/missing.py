"""What stands in for packages that are not installed, so that importing them alone costs nothing.

An import at the top level whose package is missing binds a placeholder, which raises where it is
used. Colab's own modules do nothing when called. An import in a `try` fails as ever: there the
submission says itself what to do without the package.
"""

import ast
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

COLAB = "google.colab"
COLAB_MODULES = (
    "google",
    COLAB,
    f"{COLAB}.data_table",
    f"{COLAB}.drive",
    f"{COLAB}.files",
    f"{COLAB}.output",
    f"{COLAB}.patches",
    f"{COLAB}.userdata",
)


class Placeholder:
    """Bound to the name of an import whose package is not installed."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __call__(self, *_args: Any, **_options: Any) -> NoReturn:
        """Say that the package is missing, whatever is asked."""
        raise ModuleNotFoundError(f"No module named {self._module!r}", name=self._module)

    def __getattr__(self, name: str) -> NoReturn:
        """As a call; names that are not for callers are missing in the usual way."""
        if name.startswith("_"):
            raise AttributeError(name)
        self()

    def __mro_entries__(self, _bases: object) -> NoReturn:
        """As a call, where a class is derived from it."""
        self()


class _Silent(types.ModuleType):
    """A module in which everything is a function that does nothing."""

    def __call__(self, *_args: Any, **_options: Any) -> None:
        pass

    def __getattr__(self, name: str) -> "_Silent":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Silent(name)


def bind_placeholder(source: str, error: ModuleNotFoundError, namespace: dict[str, Any]) -> bool:
    """Bind the name of an import that failed.

    Args:
        source: Of the statement; a slice has one import of one name in it.
        error: What it raised.
        namespace: Where it was executed.

    Returns:
        False where it is another statement, or does not say which names it binds.
    """
    match ast.parse(source).body:
        case [*_, ast.Import(names=[ast.alias(name=module, asname=None)])]:
            # Of `import torch.absent` the package itself is there.
            name = module.partition(".")[0]
            namespace[name] = sys.modules.get(name) or Placeholder(error.name or module)
        case [*_, ast.Import(names=[alias]) | ast.ImportFrom(names=[alias])] if alias.name != "*":
            namespace[alias.asname or alias.name] = Placeholder(error.name or alias.name)
        case _:
            return False
    return True


def provide_colab(sources: Sequence[str]) -> None:
    """Make Colab's modules importable, where `sources` import them without asking whether they can.

    Elsewhere a notebook may find out by an import, or by name, whether it runs on Colab.
    """
    relevant = [ast.parse(source) for source in sources if COLAB in source]
    mentions = {guarded for tree in relevant for guarded in _mentions(tree)}
    if mentions == {False}:
        for name in COLAB_MODULES:
            sys.modules.setdefault(name, _Silent(name))


def _mentions(tree: ast.AST) -> Iterator[bool]:
    """For each mention of Colab's modules: whether it is more than an import outside of a `try`."""
    waiting = [(tree, False)]
    while waiting:
        node, guarded = waiting.pop()
        match node:
            case ast.Import(names=names) if any(one.name.startswith(COLAB) for one in names):
                yield guarded
            case ast.ImportFrom(module=str(module)) if module.startswith(COLAB):
                yield guarded
            case ast.ImportFrom(module="google"):
                yield guarded
            case ast.Constant(value=str(text)) if COLAB in text:
                yield True
        guarded = guarded or isinstance(node, ast.Try)
        waiting += [(part, guarded) for part in ast.iter_child_nodes(node)]
