"""Grade one item: take its slice, run its checks in a sandbox, turn what they find into points."""

import time
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

import grader.checks  # noqa: F401 - registers the checks
from grader.assembly import item_record
from grader.checks.interface import CHECKS, Bench, Draws, Outcome
from grader.checks.margins import watched
from grader.errors import GraderError
from grader.faults import SubmissionFault, Tampering
from grader.model import CheckRecord, ItemRecord, Status
from grader.rubric import Item, Row
from grader.sandbox import Limits, Sandbox
from grader.scoring import item_status, row_points, score
from grader.session import ItemSession
from grader.submission import Submission, slice_for

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

OUR_FAULT = "the grader itself failed on this; it costs you nothing and staff will grade it again"
NO_GPU = (
    "{} mentions a GPU; there is none here, so arrays and tensors stay on the CPU (`is_cuda` is "
    "False), and what only a GPU has fails; to have code that runs on both, write "
    '`device = "cuda" if torch.cuda.is_available() else "cpu"`'
)

MOST_DATA_BYTES = 1 << 20
"""Of a check's measurements as JSON."""


@dataclass(frozen=True)
class ItemSetting:
    """Everything that an item is graded with, besides the submission."""

    sandbox: Sandbox
    draws: Draws
    baseline: Callable[[], "Baseline"]
    threads: int
    device: str
    practice: bool
    aliases: Mapping[str, str]
    progress: Callable[[int, int], None]
    kept: dict[Hashable, Any]
    """What checks of this item have made once for all submissions."""
    starved: Callable[[], None] = lambda: None
    """Called when the item ran out of time while other processes had the processors."""


def grade_item(item: Item, submission: Submission, setting: ItemSetting) -> ItemRecord:
    """Grade `item` of `submission`.

    A fault of the submission becomes feedback, a fault of the grader the status GRADER_FAULT.

    Raises:
        GraderError: something that a person must mend before anything can be graded.
    """
    if not item.checks:
        return item_record(item, Status.NEEDS_HAND)
    began = time.monotonic()
    wanted = {name: alias for name, alias in setting.aliases.items() if name in _names(item)}
    part = slice_for(submission, item.requires, optional=item.optional, aliases=wanted)
    if part.staff_note:
        # The loader itself failed: that is the grader's mistake, whatever the text was.
        return item_record(
            item, Status.GRADER_FAULT, feedback=OUR_FAULT, staff_note=part.staff_note
        )
    missing = [text for name, text in part.missing.items() if name in item.requires]
    if missing:
        return item_record(
            item, Status.MISSING, feedback=missing[0], notes=(*missing[1:], *part.notes)
        )
    gpu_as_cpu = bool(part.gpu) and setting.device == "cpu"
    session = ItemSession(
        setting.sandbox,
        _limits(item, setting),
        part.chunks,
        part.bound,
        gpu_as_cpu=gpu_as_cpu,
    )
    bench = Bench(
        session=session,
        draws=setting.draws,
        baseline=setting.baseline,
        threads=setting.threads,
        device=setting.device,
        progress=setting.progress,
        kept=setting.kept,
    )
    try:
        checks = tuple(_graded_rows(item, session, bench, practice=setting.practice))
        abuse = _close(session)
    finally:
        session.abandon()
    if session.starved:
        setting.starved()
    if abuse is not None:
        checks = tuple(_annulled(check, abuse) for check in checks)
    status = item_status(item, checks)
    return item_record(
        item,
        status,
        score=float(sum(Fraction(str(check.score)) for check in checks)),
        checks=checks,
        notes=(*part.notes, *([NO_GPU.format(part.gpu)] if gpu_as_cpu else ())),
        output=session.output(),
        seconds=round(time.monotonic() - began, 3),
        peak_memory_bytes=session.peak_bytes,
    )


def _graded_rows(
    item: Item, session: ItemSession, bench: Bench, *, practice: bool
) -> Iterator[CheckRecord]:
    for row, points in zip(item.checks, row_points(item), strict=True):
        began = time.monotonic()
        with watched() as ratios:
            found = _run(row, bench, practice=practice)
        if isinstance(found, Tampering):
            session.abuse = found
        seconds = round(time.monotonic() - began, 3)
        common: dict[str, Any] = {
            "name": row.title,
            "use": row.use,
            "points": float(points),
            "seconds": seconds,
        }
        match found:
            case Outcome():
                given = score(found.value, points, row)
                full = given >= points
                yield CheckRecord(
                    **common,
                    status=Status.PASSED if full else Status.PARTIAL if given else Status.FAILED,
                    score=float(given),
                    feedback=found.feedback,
                    hint=found.hint,
                    staff_note=found.staff_note,
                    data=_kept_data({**found.data, **_margin(ratios)}),
                )
            case SubmissionFault():
                yield CheckRecord(
                    **common,
                    status=found.status,
                    score=0.0,
                    feedback=found.feedback,
                    hint=found.hint,
                    staff_note=found.staff_note,
                )
            case _:
                yield CheckRecord(
                    **common,
                    status=Status.GRADER_FAULT,
                    score=0.0,
                    feedback=OUR_FAULT,
                    staff_note=found,
                )


def _kept_data(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Measurements, left out where a submission has made them longer than any chart needs."""
    return data if len(msgspec.json.encode(data)) <= MOST_DATA_BYTES else {}


def _margin(ratios: Sequence[float]) -> dict[str, float]:
    """The largest error over what was allowed; JSON knows no NaN and no infinity."""
    if not ratios or not all(map(isfinite, ratios)):
        return {}
    return {"margin": max(ratios)}


def _run(row: Row, bench: Bench, *, practice: bool) -> Outcome | SubmissionFault | str:
    """What the check finds: an outcome, a fault of the submission, or our own traceback."""
    spec = CHECKS[row.use]
    try:
        # The rubric has been validated, so the parameters fit.
        params = spec.params(**row.parameters(practice=practice))
        bench.memo["tiers"] = row.thresholds
        return spec.run(params, bench)
    except SubmissionFault as fault:
        return fault
    except GraderError:
        raise
    except Exception:  # noqa: BLE001 - whatever goes wrong in a check must not cost the student
        return traceback.format_exc(limit=-6)


def _close(session: ItemSession) -> SubmissionFault | None:
    try:
        session.close()
    except SubmissionFault as fault:
        return fault
    return session.abuse


def _annulled(check: CheckRecord, abuse: SubmissionFault) -> CheckRecord:
    """Who tampers with the channel loses the item: no answer that came over it can be believed."""
    return CheckRecord(
        name=check.name,
        use=check.use,
        status=abuse.status,
        points=check.points,
        score=0.0,
        feedback=abuse.feedback,
        hint=abuse.hint,
        staff_note=abuse.staff_note,
        seconds=check.seconds,
    )


def _limits(item: Item, setting: ItemSetting) -> Limits:
    limits = item.limits
    return Limits(
        wall_seconds=limits.wall_seconds,
        memory_bytes=int(limits.memory_gib * (1 << 30)),
        threads=min(limits.threads, setting.threads),
        processes=limits.processes,
        output_bytes=limits.output_kib * 1024,
    )


def _names(item: Item) -> tuple[str, ...]:
    return (*item.requires, *item.optional)
