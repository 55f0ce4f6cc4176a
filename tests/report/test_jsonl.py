"""grader/report/jsonl.py: a run for programs."""

from collections.abc import Iterator

import msgspec

from grader.report.interface import Graded, HandGiven
from grader.report.jsonl import render_jsonl
from tests.records import record
from tests.report import samples
from tests.report.conftest import Golden
from tests.report.nasty import nasty, nasty_unread


def test_jsonl_survives_a_round_trip() -> None:
    """Each line is a hand-in and is read back equal, hostile texts and all."""
    run = [*samples.class_of(6), nasty(), nasty_unread()]
    lines = b"".join(render_jsonl(run)).splitlines()
    assert [msgspec.json.decode(line, type=Graded) for line in lines] == run


def test_jsonl_is_as_it_was(golden: Golden) -> None:
    """Lines of known hand-ins are the golden ones."""
    hand = {"1.1b": HandGiven(points=2.5, criteria=(2.5, None), comment="UA only")}
    judged = Graded(student="u1", name="Ada", file="ps1.ipynb", record=record(), hand=hand)
    golden("run.jsonl", b"".join(render_jsonl([judged, nasty_unread()])))


def test_jsonl_is_written_as_it_is_read() -> None:
    """A run of any size is never in memory as a whole."""
    asked = 0

    def run() -> Iterator[Graded]:
        nonlocal asked
        for graded in samples.class_of(3):
            asked += 1
            yield graded

    lines = render_jsonl(run())
    next(lines)
    assert asked == 1
