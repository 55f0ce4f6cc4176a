"""YAML as plain values, with the line of every key; faults of the YAML itself by line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from grader.errors import RubricError

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
"""A rubric has a few hundred; aliases of aliases would multiply without end."""
MAX_DEPTH = 20
"""A rubric's deepest value lies at 7; an alias of itself would have no end."""

Place = tuple[str | int, ...]
"""Keys and numbers that lead to a value, e.g. ("items", 3, "points")."""

_CORE = "tag:yaml.org,2002:"
_SCALARS = {
    f"{_CORE}{kind}"
    for kind in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge")
}
"""What PyYAML takes plain text for; a tag beyond them was written on purpose."""
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong."""

    line: int
    """From 1."""
    text: str
    """`key: what was expected and what came`."""


@dataclass
class Source:
    """A rubric as it was written."""

    name: str
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    """Line, from 1, of each value's key."""
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: Place, text: str) -> Fault:
        """A fault of the value at `place`, in its line or in that of the nearest above it."""
        known = place
        while known and known not in self.lines:
            known = known[:-1]
        return Fault(self.lines.get(known, 1), f"{name_of(place)}: {text}")

    def error(self, faults: Iterable[Fault]) -> RubricError:
        """The error that names each fault once, in the order of the lines."""
        return RubricError([f"{self.name}:{one.line}: {one.text}" for one in sorted(set(faults))])


def name_of(place: Place) -> str:
    """A place as people write it: `items[3].points`; `rubric` for the whole."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".") or "rubric"


def read_source(path: Path) -> Source:
    """The YAML at `path`: text, numbers, true, false, null, lists and keys with values alone.

    Of YAML 1.1's oddities none is obeyed: `yes`, `010`, `1:30` and dates are text, as YAML 1.2
    has it, and `1e-5` is a number.

    Raises:
        RubricError: the file can't be read, is too large or is no YAML.
    """
    source = Source(str(path))
    text = _read_text(path, source)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        step = "; indent with spaces" if exc.problem and r"'\t'" in exc.problem else ""
        problem = f"rubric: must be YAML: {exc.problem or exc.context}{step}"
        raise source.error([Fault(mark.line + 1 if mark else 1, problem)]) from exc
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        raise source.error([Fault(line, f"rubric: must be text, got {exc.character!r}")]) from exc
    except RecursionError as exc:
        raise source.error([Fault(1, "rubric: must not be nested that deep")]) from exc
    if root is None:
        raise source.error([Fault(1, "rubric: must have keys, the file is empty")])
    source.value = _Builder(source).build(root, ())
    return source


def _read_text(path: Path, source: Source) -> str:
    try:
        if path.exists() and not path.is_file():
            raise source.error([Fault(1, "rubric: must be a file, got a folder or a device")])
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise source.error([Fault(1, "rubric: must be at most 1 MiB, got more")])
        return raw.decode("utf-8")
    except OSError as exc:
        text = f"rubric: must be a file that can be read, got {exc.strerror!r}"
        raise source.error([Fault(1, text)]) from exc
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        text = f"rubric: must be UTF-8 text, got the byte 0x{exc.object[exc.start]:02x}"
        raise source.error([Fault(line, text)]) from exc


class _Builder:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes = 0

    def build(self, node: yaml.Node, place: Place) -> Any:
        self._nodes += 1
        line = node.start_mark.line + 1
        if self._nodes > MAX_NODES or len(place) > MAX_DEPTH:
            text = f"rubric: must have at most {MAX_NODES} values, {MAX_DEPTH} deep; got more"
            raise self._source.error([Fault(line, text)])
        self._source.lines.setdefault(place, line)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_CORE}map":
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_CORE}seq":
            return [self.build(part, (*place, at)) for at, part in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return _scalar(node)
        tag = node.tag.replace(_CORE, "!!")
        self._source.faults.append(
            self._source.fault(place, f"must have no tag, got {tag}; remove it")
        )
        return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                text = f"{name_of(place)}: keys must be words, got a list or keys"
                self._source.faults.append(Fault(line, text))
                continue
            key = key_node.value
            here = (*place, key)
            if key in found:
                first = self._source.lines[here]
                text = f"{name_of(here)}: must stand once, got it in line {first} too; remove one"
                self._source.faults.append(Fault(line, text))
                continue
            self._source.lines[here] = line
            found[key] = self.build(value_node, here)
        return found


def _scalar(node: yaml.ScalarNode) -> Any:
    """Text, number, boolean or None by YAML 1.2's rules."""
    text: str = node.value
    if node.style is not None:
        return text
    if node.tag == f"{_CORE}null":
        return None
    if text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text.lower()):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
