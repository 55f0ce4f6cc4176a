"""Records made by hand, for everything that reads them."""

from grader.model import (
    CheckRecord,
    Environment,
    HandCriterion,
    ItemRecord,
    Record,
    Status,
    SubmissionInfo,
)

NASTY = 'Šimon "O\'Brien", =cmd(1)\n<script>alert(1)</script> & ünïcode \u202e'
"""A text that breaks careless formats."""


def check(status: Status = Status.PASSED, score: float = 1.0, text: str = "") -> CheckRecord:
    return CheckRecord(
        name="right in every shape",
        use="calculus.gradient",
        status=status,
        points=1.0,
        score=score,
        feedback=text,
        hint="dF/dU has the shape of U" if text else "",
        staff_note="draw 3: 1.2e-3" if text else "",
        seconds=0.25,
    )


def items(text: str = "grad_U: expected shape (5, 3), got (3, 5)") -> tuple[ItemRecord, ...]:
    return (
        item("1.1a", Status.PASSED, 1.0, (check(),)),
        ItemRecord(
            id="1.1b",
            title="The Frobenius norm is unitarily invariant",
            points=5.0,
            auto_points=0.0,
            hand_points=5.0,
            status=Status.NEEDS_HAND,
            score=0.0,
            hand=(HandCriterion(text="uses U*U = I", points=3.0),),
        ),
        item("2.1a", Status.FAILED, 0.0, (check(Status.FAILED, 0.0, text),)),
        item("2.2", Status.TIMED_OUT, 0.0, (check(Status.TIMED_OUT, 0.0, text * 4),)),
        item("4", Status.PASSED, 1.0, (check(),)),
    )


def item(
    name: str, status: Status, score: float, checks: tuple[CheckRecord, ...], output: str = ""
) -> ItemRecord:
    return ItemRecord(
        id=name,
        title=f"Title of {name}",
        points=1.0,
        auto_points=1.0,
        hand_points=0.0,
        status=status,
        score=score,
        checks=checks,
        output=output,
        seconds=1.5,
    )


def record(name: str = "ps1.ipynb", made: tuple[ItemRecord, ...] | None = None) -> Record:
    made = items() if made is None else made
    return Record(
        assignment="ps1",
        title="Problem Set 1",
        submission=SubmissionInfo(name=name, sha256="ab" * 32, kind="notebook"),
        rubric_sha256="cd" * 32,
        environment=Environment(
            grader_version="0.1.0",
            python="3.11.7",
            packages={"numpy": "2.3.0", "torch": "2.13.0"},
            sandbox="bubblewrap",
            memory_limit="cgroup v1",
            device="cpu",
            threads=2,
            dataset="synthetic 0123",
            baseline="ef" * 32,
            seed="practice",
        ),
        items=made,
        total=sum(one.points for one in made),
        auto_points=sum(one.auto_points for one in made),
        hand_points=sum(one.hand_points for one in made),
        score=sum(one.score for one in made),
        started="2026-11-24T10:00:00+00:00",
        seconds=12.3,
    )


def nasty_record() -> Record:
    """A record whose every text is an attack."""
    return record(NASTY, (*items(NASTY), item(NASTY, Status.ERRORED, 0.0, (), NASTY)))
