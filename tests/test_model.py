"""Records: what they say as a whole, and their JSON form."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import (
    SCHEMA_VERSION,
    CheckRecord,
    ItemRecord,
    Record,
    Status,
    SubmissionInfo,
    from_json,
    to_json,
)
from grader.names import LONGEST_NAME, clean_name
from tests.records import NASTY, item, nasty_record, record


@pytest.mark.parametrize(
    "made", [record(), nasty_record(), record(made=())], ids=["plain", "nasty", "empty"]
)
def test_a_record_is_read_back_as_it_was_written(made: Record) -> None:
    """Nothing is lost or changed on the way to JSON and back."""
    assert from_json(to_json(made)) == made


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_survives(text: str) -> None:
    """Names and feedback of every script come back."""
    made = record(text, (item("1", Status.ERRORED, 0.0, (), text),))
    assert from_json(to_json(made)) == made


def test_to_json_is_text_for_people_and_diffs() -> None:
    """Indented UTF-8 with a line's end, the same bytes each time."""
    raw = to_json(nasty_record())
    assert raw == to_json(nasty_record())
    assert raw.endswith(b"}\n")
    assert json.loads(raw)["submission"]["name"] == clean_name(NASTY)
    assert json.loads(raw)["schema_version"] == SCHEMA_VERSION
    assert b'\n  "assignment": "ps1"' in raw


def test_to_json_does_not_depend_on_the_order_of_keys() -> None:
    """Equal records give equal bytes."""
    made = record()
    turned = msgspec.structs.replace(
        made,
        environment=msgspec.structs.replace(
            made.environment, packages=dict(sorted(made.environment.packages.items(), reverse=True))
        ),
    )
    assert to_json(turned) == to_json(made)


def changed(**values: object) -> bytes:
    return json.dumps(json.loads(to_json(record())) | values).encode()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(changed(score="1"), id="score as text"),
        pytest.param(changed(items=[{"id": "1"}]), id="half an item"),
        pytest.param(changed(items=None), id="no items"),
    ],
)
def test_from_json_refuses_other_shapes(raw: bytes) -> None:
    """What is no record is told as such."""
    with pytest.raises(msgspec.ValidationError):
        from_json(raw)


@pytest.mark.parametrize("raw", [b"", b"{", b"not json", b"\xff"])
def test_from_json_refuses_what_is_no_json(raw: bytes) -> None:
    """A cut or foreign file is told as such."""
    with pytest.raises(msgspec.DecodeError):
        from_json(raw)


def test_from_json_refuses_a_later_version() -> None:
    """A record of a grader to come is not half understood."""
    with pytest.raises(msgspec.ValidationError, match="schema_version must be at most 1, got 2"):
        from_json(changed(schema_version=SCHEMA_VERSION + 1))


def test_from_json_passes_over_keys_that_it_does_not_know() -> None:
    """A field added within a version does no harm."""
    assert from_json(changed(added_later=1)) == record()


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([(Status.PASSED, 1.0), (Status.PASSED, 1.0)], Status.PASSED),
        ([(Status.PASSED, 1.0), (Status.FAILED, 0.0)], Status.PARTIAL),
        ([(Status.TIMED_OUT, 0.0), (Status.FAILED, 0.0)], Status.FAILED),
        ([(Status.PASSED, 1.0), (Status.GRADER_FAULT, 0.0)], Status.GRADER_FAULT),
    ],
)
def test_status_of_a_record_is_the_worst_news(
    items: list[tuple[Status, float]], status: Status
) -> None:
    """A fault of ours before lost points; some points are not none."""
    made = tuple(item(str(at), kind, score, ()) for at, (kind, score) in enumerate(items))
    assert record(made=made).status is status


def test_a_record_never_changes() -> None:
    """Records are frozen."""
    with pytest.raises(AttributeError):
        record().score = 93.0  # type: ignore[misc]  # the point of the test


def test_no_text_makes_a_record_of_megabytes() -> None:
    """Whatever check or loader made it; what is read back is what was written."""
    flood = "x" * 5_000_000
    check = CheckRecord(
        name="n",
        use="u",
        status=Status.FAILED,
        points=1.0,
        score=0.0,
        feedback=flood,
        hint=flood,
        staff_note=f"{flood}the end",
    )
    flooded = ItemRecord(
        id="1",
        title="t",
        points=1.0,
        auto_points=1.0,
        hand_points=0.0,
        status=Status.FAILED,
        score=0.0,
        checks=(check,),
        feedback=flood,
        hint=flood,
        staff_note=flood,
        output=flood,
        notes=(flood,) * 500,
    )
    made = msgspec.structs.replace(
        record(),
        items=(flooded,),
        notes=(flood,) * 500,
        submission=SubmissionInfo(name=f"{flood}\n::error::.py", sha256="ab", kind="module"),
    )
    raw = to_json(made)
    assert len(raw) < 1_000_000
    assert from_json(raw) == made
    assert check.staff_note.endswith("the end")
    assert made.submission.name.endswith(".py")
    assert len(made.submission.name) <= LONGEST_NAME
