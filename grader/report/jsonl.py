"""A run as JSON Lines, for programs: one hand-in a line, its record and hand scores in it."""

from collections.abc import Iterable, Iterator

import msgspec

from grader.report.interface import Graded


def render_jsonl(run: Iterable[Graded]) -> Iterator[bytes]:
    """One JSON object a line; `msgspec.json.decode(line, type=Graded)` reads it back."""
    for graded in run:
        yield msgspec.json.encode(graded, order="deterministic") + b"\n"
