"""A record as the `results.json` that Gradescope reads.

Source: the autograder specifications of Gradescope, "Output format". Every text is sent as plain
text, which Gradescope shows as it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

import msgspec

from grader.model import ItemRecord, Record, Status
from grader.report.clean import one_line, visible
from grader.report.interface import HandGiven
from grader.report.standing import NO_HAND, Part, record_standing
from grader.report.text import FAULT_WORDS, MARKS, points_text
from grader.report.view import names_of_faults

Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
MOST_OUTPUT = 20_000
"""Characters sent of what one item printed."""


def render_gradescope(
    record: Record,
    *,
    hand: Mapping[str, HandGiven] = NO_HAND,
    visibility: Visibility = "visible",
    leaderboard: bool = False,
) -> bytes:
    """`results.json`: one test for each check, one for what a person judges, one for the staff.

    Args:
        record: What was graded.
        hand: What persons gave, added to the score.
        visibility: When students see the tests; what is for staff stays hidden.
        leaderboard: Whether points and seconds enter the assignment's leaderboard.
    """
    standing = record_standing(record, hand)
    results: dict[str, Any] = {
        "score": standing.given,
        "execution_time": round(record.seconds),
        "output": _summary(record, standing.open),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "extra_data": {
            "schema_version": record.schema_version,
            "submission_sha256": record.submission.sha256,
            "rubric_sha256": record.rubric_sha256,
            "grader_version": record.environment.grader_version,
            "seed": record.environment.seed,
        },
        "tests": [*_tests(record, hand, visibility), *_staff_notes(record)],
    }
    if leaderboard:
        results["leaderboard"] = [
            {"name": "Points", "value": standing.given, "order": "desc"},
            {"name": "Seconds", "value": record.seconds, "order": "asc"},
        ]
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def _summary(record: Record, still_open: float) -> str:
    lines = [f"{one_line(record.title)}: {one_line(record.submission.name)}"]
    if faults := names_of_faults(record):
        lines.append(f"{faults}: {FAULT_WORDS}")
    if still_open:
        lines.append(f"{points_text(still_open)} points are still to be judged by a person")
    return "\n".join((*lines, *(f"note: {visible(note)}" for note in record.notes)))


def _tests(
    record: Record, hand: Mapping[str, HandGiven], visibility: Visibility
) -> Iterator[dict[str, Any]]:
    for item in record.items:
        if item.auto_points:
            for number, row in enumerate(_rows(item), start=1):
                yield row | {
                    "name_format": "text",
                    "number": _number(item, number),
                    "output_format": "text",
                    "tags": [tag for tag in (visible(item.id), one_line(item.problem)) if tag],
                    "visibility": visibility,
                }
        if item.hand_points:
            yield _hand(item, hand.get(item.id)) | {"visibility": visibility}


def _rows(item: ItemRecord) -> Iterator[dict[str, Any]]:
    if not item.checks:
        yield _test(item, item.title, item.auto_points, _told(item))
    for place, check in enumerate(item.checks):
        name = item.title if len(item.checks) == 1 else f"{item.title}: {check.name}"
        last = place == len(item.checks) - 1
        yield _test(check, name, check.points, _told(check) + (_told(item) if last else ""))


def _test(part: Part, name: str, worth: float, told: str) -> dict[str, Any]:
    fault = part.status is Status.GRADER_FAULT
    test: dict[str, Any] = {
        "max_score": worth,
        "status": "passed" if part.status is Status.PASSED else "failed",
        "name": f"{one_line(name)} ({MARKS[part.status]})",
        "output": FAULT_WORDS if fault else told.rstrip("\n"),
        "extra_data": {"status": part.status.value, "seconds": part.seconds},
    }
    # Without a score Gradescope shows no points: a fault of ours is not a lost point.
    return test if fault else {"score": part.score} | test


def _told(part: Part) -> str:
    lines = [visible(part.feedback)] if part.feedback else []
    if part.hint:
        lines.append(f"Hint: {visible(part.hint)}")
    if isinstance(part, ItemRecord):
        lines += [f"note: {visible(note)}" for note in part.notes]
        if part.output:
            lines += ["Printed:", visible(part.output[-MOST_OUTPUT:])]
    return "".join(f"{line}\n" for line in lines)


def _hand(item: ItemRecord, given: HandGiven | None) -> dict[str, Any]:
    lines = [f"{points_text(row.points)}: {visible(row.text)}" for row in item.hand]
    test: dict[str, Any] = {
        "max_score": item.hand_points,
        "name": f"{one_line(item.title)} (by hand)",
        "name_format": "text",
        "number": f"{visible(item.id)}.hand",
        "output_format": "text",
        "tags": [visible(item.id), "by hand"],
        "extra_data": {"status": Status.NEEDS_HAND.value},
    }
    if given is None:
        return test | {"output": "\n".join(("open for a person:", *lines))}
    if given.comment:
        lines.append(f"Comment: {visible(given.comment)}")
    full = given.points >= item.hand_points
    return test | {
        "score": given.points,
        "status": "passed" if full else "failed",
        "output": "\n".join(lines),
    }


def _staff_notes(record: Record) -> Iterator[dict[str, Any]]:
    notes = []
    for item in record.items:
        parts: tuple[Part, ...] = (item, *item.checks)
        notes += [f"{item.id} {part.staff_note}" for part in parts if part.staff_note]
    if notes:
        yield {
            "name": "For the staff",
            "name_format": "text",
            "number": "staff",
            "output": visible("\n".join(notes)),
            "output_format": "text",
            "tags": ["staff"],
            "visibility": "hidden",
            "extra_data": {},
        }


def _number(item: ItemRecord, number: int) -> str:
    return visible(item.id) if len(item.checks) <= 1 else f"{visible(item.id)}.{number}"
