"""What of a run is graded already, and how results become records in its store."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from grader.assembly import GradedItem, assemble_record, item_record, refreshed
from grader.batch.keys import Terms, differences, item_key, record_key
from grader.batch.messages import Result
from grader.errors import UsageError
from grader.model import Environment, ItemRecord, Record, Status, SubmissionInfo
from grader.rubric import Item
from grader.store import KeptItem, Store

UNREADABLE = "unreadable"
ASIDE = "aside"
NO_KEY = ("", "")


class Ledger:
    """Knows by key which items of a file need grading, and writes a record when they have it."""

    def __init__(self, store: Store, terms: Terms, baseline_key: Callable[[], str]) -> None:
        """Nothing is read yet.

        Args:
            store: Of the run.
            terms: By which everything is graded now.
            baseline_key: Says which network that is done with; asked only where it matters.
        """
        self._store = store
        self._terms = terms
        self._baseline_key = baseline_key
        self._keys = {item.id: item_key(terms, item) for item in terms.items if item.checks}
        self._unreadable = f"{UNREADABLE} {terms.environment.grader_version}"
        self._aside = f"{ASIDE} {record_key(terms, {n: (k, '') for n, k in self._keys.items()})}"

    def missing(self, sha256: str, kind: str) -> tuple[str, ...]:
        """Items of the file that are to be graded, in the rubric's order.

        None of a file that was put aside because no worker process survived it; it is graded again
        on purpose, or where anything that grades it has changed.
        """
        if self._closed(sha256, kind):
            return ()
        kept = self._kept(sha256, kind)
        return tuple(name for name in self._keys if name not in kept)

    def settled(self, sha256: str, kind: str) -> bool:
        """Whether the file's record is the one that grading it now would give."""
        if self._closed(sha256, kind):
            return True
        kept = self._kept(sha256, kind)
        known = self._store.record_key(sha256, kind)
        return kept.keys() == self._keys.keys() and known == self._record_key(kept)

    def _closed(self, sha256: str, kind: str) -> bool:
        """Whether grading the file now, as it was graded before, is known to be of no use."""
        return self._store.record_key(sha256, kind) in {self._unreadable, self._aside}

    def settle(self, result: Result) -> Record | None:
        """Write what became of a task, in one transaction.

        A fault of ours is shown in the record and not kept, so that the next run tries again; but
        a file that ended every worker process is put aside.

        Returns:
            The record; None where the file can't be read.

        Raises:
            UsageError: it was graded in another environment than the run's.
        """
        if result.error:
            error = result.error
            self._store.put_unreadable(result.sha256, result.kind, self._unreadable, error)
            return None
        record, key, fresh = self.preview(result)
        self._store.put_record(record, key, fresh)
        return record

    def preview(self, result: Result) -> tuple[Record, str, list[KeptItem]]:
        """The record that `result` leads to, its key, and the items of it that may be kept."""
        if result.environment is not None:
            self._demand_alike(result.environment)
        graded = {item.record.id: item for item in self._graded(result)}
        fresh = [
            KeptItem(
                key=self._keys[name],
                baseline=item.baseline,
                dataset=item.dataset,
                record=item.record,
            )
            for name, item in graded.items()
            if item.record.status is not Status.GRADER_FAULT
        ]
        kept = self._kept(result.sha256, result.kind)
        old = self._store.kept_items(result.sha256, result.kind, kept.values())
        kept = {name: key for name, key in kept.items() if name not in graded}
        kept |= {item.record.id: (item.key, item.baseline) for item in fresh}
        items = [graded.get(item.id) or self._old(item, old, kept) for item in self._terms.items]
        record = assemble_record(
            self._terms.rubric,
            SubmissionInfo(name=result.file, sha256=result.sha256, kind=result.kind),
            items,
            result.environment or self._terms.environment,
            **self._rest(result),
        )
        return record, self._aside if result.fatal else self._record_key(kept), fresh

    def _graded(self, result: Result) -> Sequence[GradedItem]:
        if not result.fault:
            return result.graded
        return [
            GradedItem(
                record=item_record(
                    self._terms.rubric.item(name), Status.GRADER_FAULT, staff_note=result.fault
                )
            )
            for name in result.items
        ]

    def _old(
        self,
        item: Item,
        old: dict[tuple[str, str], KeptItem],
        kept: dict[str, tuple[str, str]],
    ) -> GradedItem:
        if not item.checks:
            return GradedItem(record=item_record(item, Status.NEEDS_HAND))
        found = old.get(kept.get(item.id, NO_KEY))
        if found is None:
            return GradedItem(record=item_record(item, Status.SKIPPED))
        return GradedItem(
            record=refreshed(item, found.record), baseline=found.baseline, dataset=found.dataset
        )

    def _rest(self, result: Result) -> dict[str, Any]:
        """Notes, times, aliases and what the record replaces."""
        previous = self._store.record(result.sha256, result.kind)
        rest: dict[str, Any] = {
            "notes": result.notes,
            "started": result.started,
            "seconds": result.seconds,
            "aliases": dict(self._terms.options.aliases),
        }
        if previous is not None:
            rest["regrade_of"] = record_name(previous)
            if not result.graded:
                names = ("notes", "started", "seconds")
                rest |= {name: getattr(previous, name) for name in names}
        return rest

    def _kept(self, sha256: str, kind: str) -> dict[str, tuple[str, str]]:
        """Item id -> (key, baseline) of its record that still holds."""
        there: dict[str, set[str]] = {}
        for key, baseline in self._store.kept_keys(sha256, kind):
            there.setdefault(key, set()).add(baseline)
        kept = {}
        for name, key in self._keys.items():
            baselines = there.get(key, set())
            if "" in baselines:
                kept[name] = (key, "")
            elif baselines and self._baseline_key() in baselines:
                kept[name] = (key, self._baseline_key())
        return kept

    def _record_key(self, kept: dict[str, tuple[str, str]]) -> str:
        keys = {item.id: kept.get(item.id, NO_KEY) for item in self._terms.items}
        return record_key(self._terms, keys)

    def _demand_alike(self, environment: Environment) -> None:
        differing = differences(self._terms.environment, environment)
        if differing:
            raise UsageError(
                "a worker must grade in the same environment as the run, "
                f"differs in {'; '.join(differing)}; install the same versions everywhere"
            )


def record_name(record: Record) -> str:
    """What a record that replaces this one calls it."""
    return f"{record.submission.sha256}:{record.rubric_sha256}:{record.started}"


def changed_items(
    before: Record | None, after: Record
) -> Iterator[tuple[ItemRecord | None, ItemRecord]]:
    """Items whose points or status differ between two records, as (before, after)."""
    old = {item.id: item for item in before.items} if before is not None else {}
    for item in after.items:
        was = old.get(item.id)
        if was is None or (item.score, item.status) != (was.score, was.status):
            yield was, item
