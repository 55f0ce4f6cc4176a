"""YAML as plain values, with the line of every key; faults of the YAML itself by line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from grader.errors import RubricError

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
"""A rubric has a few hundred; aliases of aliases would multiply without end."""

Place = tuple[str | int, ...]
"""Keys and numbers that lead to a value, e.g. ("items", 3, "points")."""


@dataclass
class Source:
    """A rubric as it was written."""

    name: str
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    """Line, from 1, of each value's key."""
    faults: list[str] = field(default_factory=list)

    def fault(self, place: Place, text: str) -> str:
        """`file:line: key: text` for the value at `place`, or the nearest above it."""
        known = place
        while known and known not in self.lines:
            known = known[:-1]
        return f"{self.name}:{self.lines.get(known, 1)}: {name_of(place)}: {text}"


def name_of(place: Place) -> str:
    """A place as people write it: `items[3].points`; `rubric` for the whole."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".") or "rubric"


def read_source(path: Path) -> Source:
    """The YAML at `path`, by the safe subset of its types alone.

    Raises:
        RubricError: the file can't be read, is too large or is no YAML.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise RubricError([f"{path}:1: rubric: must be at most 1 MiB, got {size} bytes"])
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise RubricError([f"{path}:1: rubric: must be a file that can be read: {exc}"]) from exc
    except UnicodeDecodeError as exc:
        raise RubricError([f"{path}:1: rubric: must be UTF-8 text: {exc}"]) from exc
    source = Source(str(path))
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise RubricError([f"{path}:{line}: rubric: must be YAML: {exc.problem}"]) from exc
    except yaml.YAMLError as exc:
        raise RubricError([f"{path}:1: rubric: must be YAML: {exc}"]) from exc
    if root is None:
        raise RubricError([f"{path}:1: rubric: must have keys, the file is empty"])
    source.value = _Builder(source).build(root, ())
    return source


class _Builder:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._loader = yaml.SafeLoader("")
        self._nodes = 0

    def build(self, node: yaml.Node, place: Place) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise RubricError([f"{self._source.name}:1: rubric: has more than {MAX_NODES} values"])
        self._source.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(part, (*place, at)) for at, part in enumerate(node.value)]
        try:
            return self._loader.construct_object(node)  # type: ignore[no-untyped-call]
        except (yaml.YAMLError, ValueError) as exc:
            self._source.faults.append(self._source.fault(place, f"can't be read: {exc}"))
            return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            here = (*place, key)
            if key in found:
                self._source.faults.append(
                    f"{self._source.name}:{key_node.start_mark.line + 1}: {name_of(here)}: "
                    f"stands twice, first in line {self._source.lines[here]}; remove one"
                )
                continue
            self._source.lines[here] = key_node.start_mark.line + 1
            found[key] = self.build(value_node, here)
        return found
