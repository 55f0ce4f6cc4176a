"""Keep what was handed in, and see that no hand-in takes the place of another student's."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from grader.batch.conflicts import conflict_id
from grader.batch.discover import HandIn
from grader.errors import SubmissionError
from grader.names import clean_name, same_name_key, short_name
from grader.store import Entry, Store

SHOWN = 5
"""Students in one note."""


@dataclass(frozen=True)
class Intake:
    """What was kept."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    """What became of decisions, and whose files are new."""


def take_in(store: Store, hand_ins: Sequence[HandIn], counts: Collection[str] = ()) -> Intake:
    """Keep what was handed in, one file in memory at a time.

    A student's new file replaces the earlier one. Where an earlier entry of the run is somebody
    else's by its name, or its id differs in capitals alone, both are in conflict.

    Args:
        store: Of the run.
        hand_ins: Of the sources that this command was given.
        counts: Ids in conflict that staff have decided for.
    """
    earlier: dict[str, list[Entry]] = {}
    for entry in store.entries():
        key = same_name_key(entry.contested or entry.student)
        earlier.setdefault(key, []).append(entry)
    settled: list[HandIn] = []
    decided = {hand_in.decided for hand_in in hand_ins}
    for hand_in in hand_ins:
        known = earlier.get(same_name_key(hand_in.contested or hand_in.student), [])
        settled += _settled(store, hand_in, known, counts, decided)
    entries: list[Entry] = []

    def read() -> Iterator[tuple[Entry, bytes]]:
        for hand_in in settled:
            entry, content = _entry(hand_in)
            entries.append(entry)
            yield entry, content

    store.put_entries(read())
    _drop_settled(store, entries)
    before = {entry.student: entry.sha256 for known in earlier.values() for entry in known}
    new = [
        entry.student
        for entry in entries
        if before.get(entry.student, entry.sha256) != entry.sha256
    ]
    unused = sorted(set(counts) - decided)
    return Intake(tuple(entries), tuple(_notes(new, unused)))


def _settled(
    store: Store,
    hand_in: HandIn,
    known: Sequence[Entry],
    counts: Collection[str],
    decided: set[str],
) -> Iterator[HandIn]:
    """The hand-in, in conflict where an earlier entry of another student has its id.

    Nothing where staff have decided for that entry; what counts is added to `decided`.
    """
    rivals = [entry for entry in known if _is_rival(entry, hand_in)]
    if rivals and not hand_in.contested:
        other = conflict_id(hand_in.student, hand_in.place)
        if other in counts:
            decided.add(other)
            for entry in rivals:
                if entry.student != hand_in.student:
                    store.mark_contested(entry.student, entry.student)
        elif chosen := [entry for entry in rivals if entry.student in counts]:
            decided.add(chosen[0].student)
            store.mark_contested(chosen[0].student, "")
            return
        else:
            hand_in = replace(hand_in, student=other, contested=hand_in.student)
    if hand_in.contested:
        for entry in known:
            if not entry.contested:
                store.mark_contested(entry.student, entry.student)
    yield hand_in


def _is_rival(entry: Entry, hand_in: HandIn) -> bool:
    if entry.contested and entry.student != entry.contested:
        # One side of a conflict that the sources no longer have.
        return False
    if entry.student != hand_in.student:
        return True
    names = {same_name_key(name) for name in (entry.name, hand_in.name) if name}
    return len(names) > 1


def _drop_settled(store: Store, entries: Sequence[Entry]) -> None:
    """Forget the sides of conflicts that are no more."""
    present = {entry.student for entry in entries}
    clear = {same_name_key(entry.student) for entry in store.entries() if not entry.contested}
    over = [
        entry.student
        for entry in store.entries()
        if entry.contested
        and entry.student not in present
        and same_name_key(entry.contested) in clear
    ]
    for student in over:
        store.drop_entry(student)


def _notes(new: Sequence[str], unused: Sequence[str]) -> Iterator[str]:
    if new:
        more = f" and {len(new) - SHOWN} more" if len(new) > SHOWN else ""
        yield f"another file than before counts of {', '.join(new[:SHOWN])}{more}"
    for student in unused:
        yield f"--counts {short_name(clean_name(student))}: nothing in conflict is called so"


def _entry(hand_in: HandIn) -> tuple[Entry, bytes]:
    notes, content, sha256 = hand_in.notes, b"", ""
    if hand_in.member is not None:
        try:
            content = hand_in.member.read()
            sha256 = hashlib.sha256(content).hexdigest()
        except SubmissionError as exc:
            notes = (str(exc), *notes)
    entry = Entry(
        student=hand_in.student,
        name=hand_in.name,
        attempt=hand_in.attempt,
        late=hand_in.late,
        file=hand_in.file,
        sha256=sha256,
        notes=notes,
        contested=hand_in.contested,
    )
    return entry, content
