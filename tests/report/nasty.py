"""Hand-ins whose every text is an attack."""

import msgspec

from grader.model import HandCriterion, ItemRecord, Status
from grader.report.interface import Graded, HandGiven
from tests.records import NASTY, nasty_record


def nasty() -> Graded:
    """A graded hand-in: names, feedback, output and a person's comment."""
    made = nasty_record()
    by_hand = ItemRecord(
        id="1.1b",
        title=NASTY,
        points=5.0,
        auto_points=0.0,
        hand_points=5.0,
        status=Status.NEEDS_HAND,
        score=0.0,
        hand=(HandCriterion(text=NASTY, points=5.0),),
        notes=(NASTY,),
    )
    items = tuple(by_hand if item.id == "1.1b" else item for item in made.items)
    return Graded(
        student=NASTY,
        name=NASTY,
        file=NASTY,
        record=msgspec.structs.replace(
            made, items=items, title=NASTY, notes=(NASTY,), aliases={NASTY: NASTY}
        ),
        hand={"1.1b": HandGiven(points=4.0, criteria=(4.0,), comment=NASTY)},
    )


def nasty_unread() -> Graded:
    """A hand-in that can't be read."""
    return Graded(student="other", name=NASTY, file=NASTY, error=NASTY)
