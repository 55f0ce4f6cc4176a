"""Put a record together from graded items, newly graded ones and ones that were kept alike."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from grader.model import Environment, HandCriterion, ItemRecord, Record, Status, SubmissionInfo
from grader.rubric import Item, Rubric


class GradedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item's record, and the network that it was graded with."""

    record: ItemRecord
    baseline: str = ""
    """The baseline's content hash; empty where the item asked for none."""
    dataset: str = ""
    """As the record names it; empty likewise."""
    starved: bool = False
    """Whether it ran out of time while other processes had the processors."""


def item_record(item: Item, status: Status, **rest: Any) -> ItemRecord:
    """A record of `item` with this status; the rest as `ItemRecord` takes it."""
    return ItemRecord(status=status, **_facts(item), **{"score": 0.0} | rest)


def refreshed(item: Item, record: ItemRecord) -> ItemRecord:
    """`record` with what the rubric says now of the item's title and its part for a person."""
    return msgspec.structs.replace(record, **_facts(item))


def assemble_record(
    rubric: Rubric,
    submission: SubmissionInfo,
    items: Sequence[GradedItem],
    environment: Environment,
    **rest: Any,
) -> Record:
    """The record of a submission.

    Args:
        rubric: That the items are of.
        submission: Which file.
        items: In the rubric's order; those that were asked for.
        environment: What they were graded in; the data is taken from the items.
        rest: Notes, times and aliases, as `Record` takes them.
    """
    records = [item.record for item in items]
    data = next((item for item in items if item.baseline), None)
    return Record(
        assignment=rubric.assignment,
        title=rubric.title,
        submission=submission,
        rubric_sha256=rubric.sha256,
        environment=msgspec.structs.replace(
            environment,
            dataset=data.dataset if data is not None else "",
            baseline=data.baseline if data is not None else "",
        ),
        items=tuple(records),
        total=_sum(record.points for record in records),
        auto_points=_sum(record.auto_points for record in records),
        hand_points=_sum(record.hand_points for record in records),
        score=_sum(record.score for record in records),
        **rest,
    )


def _sum(points: Iterable[float]) -> float:
    # Points have two decimals at most; their sum in binary fractions may not.
    return round(sum(points), 2)


def _facts(item: Item) -> Mapping[str, Any]:
    criteria = item.hand.criteria if item.hand is not None else ()
    return {
        "id": item.id,
        "title": item.title,
        "problem": item.problem,
        "points": float(item.points),
        "auto_points": float(item.auto_points),
        "hand_points": float(item.hand_points),
        "hand": tuple(HandCriterion(text=row.text, points=float(row.points)) for row in criteria),
    }
