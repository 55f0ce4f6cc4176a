"""The family of compressed networks, right and wrong, for tests on a small network."""

from collections.abc import Mapping
from pathlib import Path

from grader.selftest import load_families

FAMILIES = Path(__file__).parents[1] / "validity"
FUNCTION = ("truncation", "edge_ranks")
"""Rows on what the network computes."""

_CASES = {
    case.name: case
    for case in load_families(FAMILIES)
    if case.item == "3.2" and not case.mutant and not case.full_size
}

RIGHT: Mapping[str, str] = {
    name: case.source for name, case in _CASES.items() if case.expected.right
}
"""Title -> source; each earns every row."""

WRONG: Mapping[str, tuple[str, Mapping[str, str]]] = {
    name: (case.source, case.expected.loses)
    for name, case in _CASES.items()
    if not case.expected.right
}
"""Title -> source, and the rows that it loses with words that the student is told there."""

PLAIN = RIGHT["√s on both sides"]
HEAD = PLAIN[: PLAIN.index("class Low")]
"""Imports and the helpers of all sources."""


def changed(*pairs: tuple[str, str]) -> str:
    """`PLAIN` with each old text replaced by a new one."""
    source = PLAIN
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source
