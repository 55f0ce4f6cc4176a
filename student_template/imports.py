"""Import statements: take them off a cell, and write many as one sorted block."""

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Import:
    """One imported name."""

    module: str
    name: str = ""
    """What is taken from the module; empty for `import module`."""
    alias: str = ""
    """What it is called instead; empty where it keeps its name."""

    @property
    def bound(self) -> str:
        """The name that the importing module gets."""
        return self.alias or self.name or self.module.partition(".")[0]


def read_imports(node: ast.stmt) -> list[Import]:
    """The names that a statement imports; none where it is no import."""
    if isinstance(node, ast.Import):
        return [Import(name.name, "", name.asname or "") for name in node.names]
    if isinstance(node, ast.ImportFrom):
        return [Import(node.module or "", name.name, name.asname or "") for name in node.names]
    return []


def split_imports(text: str) -> tuple[list[Import], str]:
    """The imports that a cell begins with, and the rest of it."""
    imports: list[Import] = []
    end = 0
    for node in ast.parse(text).body:
        found = read_imports(node)
        if not found:
            break
        imports += found
        end = node.end_lineno or node.lineno
    return imports, "\n".join(text.splitlines()[end:]).strip("\n")


def write_imports(imports: Iterable[Import]) -> str:
    """One block: the standard library, then packages; in each `import`, then `from`; sorted."""
    sections: dict[bool, dict[tuple[bool, str], list[Import]]] = {False: {}, True: {}}
    for one in set(imports):
        ours = one.module.partition(".")[0] not in sys.stdlib_module_names
        key = (bool(one.name), one.module if one.name else _text(one))
        sections[ours].setdefault(key, []).append(one)
    return "\n\n".join(
        "\n".join(_statement(section[key]) for key in sorted(section))
        for section in sections.values()
        if section
    )


def _statement(imports: list[Import]) -> str:
    first = imports[0]
    if not first.name:
        return f"import {_text(first)}"
    names = ", ".join(_text(one) for one in sorted(imports, key=_by_case))
    return f"from {first.module} import {names}"


def _text(one: Import) -> str:
    return (one.name or one.module) + (f" as {one.alias}" if one.alias else "")


def _by_case(one: Import) -> tuple[int, str]:
    """CONSTANTS, then Classes, then names."""
    kind = 0 if one.name.isupper() and len(one.name) > 1 else 1 if one.name[0].isupper() else 2
    return kind, one.name
