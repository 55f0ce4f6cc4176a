"""Keep what was handed in, and see that no hand-in takes the place of another student's."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from grader.batch.conflicts import conflict_id
from grader.batch.discover import HandIn
from grader.errors import SubmissionError
from grader.names import clean_name, first_few, same_name_key, short_name
from grader.store import Entry, Store

SHOWN = 5
"""Students in one note."""
NUMBERED = {"moodle", "blackboard", "brightspace"}
"""Layouts whose number names a student beyond doubt, whatever the display name is by now."""


@dataclass(frozen=True)
class Intake:
    """What was kept."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    """What became of decisions, and whose files are new."""


def take_in(store: Store, hand_ins: Sequence[HandIn], counts: Collection[str] = ()) -> Intake:
    """Keep what was handed in, one file in memory at a time.

    A student's new file replaces the earlier one. Where an earlier entry of the run is somebody
    else's by its layout or its name, or its id differs in capitals alone, both are in conflict, and
    stay so until staff decide, whatever later sources hold.

    Args:
        store: Of the run.
        hand_ins: Of the sources that this command was given.
        counts: Ids in conflict that staff have decided for.
    """
    earlier: dict[str, list[Entry]] = {}
    for entry in store.entries():
        key = same_name_key(entry.contested or entry.student)
        earlier.setdefault(key, []).append(entry)
    decisions = _Decisions(
        frozenset(counts),
        present={hand_in.student for hand_in in hand_ins},
        used={hand_in.decided for hand_in in hand_ins},
    )
    settled: list[HandIn] = []
    for hand_in in hand_ins:
        known = earlier.get(same_name_key(hand_in.contested or hand_in.student), [])
        settled += _settled(store, hand_in, known, decisions)
    entries: list[Entry] = []

    def read() -> Iterator[tuple[Entry, bytes]]:
        for hand_in in settled:
            entry, content = _entry(hand_in)
            entries.append(entry)
            yield entry, content

    store.put_entries(read())
    written = {entry.student for entry in entries}
    over = [student for student in decisions.over if student not in written]
    for student in over:
        store.drop_entry(student)
    before = {entry.student: entry for known in earlier.values() for entry in known}
    changes = [(before.get(entry.student, entry), entry) for entry in entries]
    absent = sorted({entry.student for entry in store.entries()} - written)
    unused = sorted(set(counts) - decisions.used)
    return Intake(tuple(entries), tuple(_notes(changes, over, absent, unused)))


@dataclass
class _Decisions:
    """What staff have decided, and what follows."""

    counts: frozenset[str]
    present: set[str]
    """Students of the sources."""
    used: set[str]
    """Of `counts`, those that decided something."""
    over: dict[str, None] = field(default_factory=dict)
    """Entries that a decision leaves out."""


def _settled(
    store: Store, hand_in: HandIn, known: Sequence[Entry], decisions: _Decisions
) -> Iterator[HandIn]:
    """The hand-in, in conflict where an earlier entry of another student has its id.

    Nothing where staff have decided for that entry.
    """
    side = conflict_id(hand_in.student, hand_in.place)
    rivals = [entry for entry in known if hand_in.contested or _is_rival(entry, hand_in, side)]
    own = any(entry.student == hand_in.student and entry not in rivals for entry in known)
    chosen = [
        entry
        for entry in rivals
        if entry.student in decisions.counts
        and (entry.student not in decisions.present or not hand_in.contested)
    ]
    asked = {side, hand_in.student} if own and rivals else {side}
    winning = set() if hand_in.contested else asked & decisions.counts
    if hand_in.decided or winning:
        decisions.used |= winning
        decisions.over |= dict.fromkeys(
            entry.student for entry in known if entry.student != hand_in.student
        )
        yield hand_in
    elif chosen:
        decisions.used.add(chosen[0].student)
        _keep(store, chosen[0])
        student = chosen[0].contested or chosen[0].student
        decisions.over |= dict.fromkeys(
            entry.student for entry in known if entry.student != student
        )
    elif rivals:
        for entry in known:
            if not entry.contested:
                store.mark_contested(entry.student, entry.student)
        if not hand_in.contested:
            student = hand_in.student if own else side
            hand_in = replace(hand_in, student=student, contested=hand_in.student)
        yield hand_in
    else:
        yield hand_in


def _keep(store: Store, entry: Entry) -> None:
    """Give an earlier entry the id that it contests."""
    if entry.contested and entry.contested != entry.student:
        kept = msgspec.structs.replace(entry, student=entry.contested, contested="")
        store.put_entries([(kept, store.content(entry.sha256) if entry.sha256 else b"")])
    else:
        store.mark_contested(entry.student, "")


def _is_rival(entry: Entry, hand_in: HandIn, side: str) -> bool:
    """Whether an earlier entry that has the hand-in's id may be another student's.

    Args:
        entry: The earlier one.
        hand_in: In no conflict within its own sources.
        side: What the hand-in is called in a conflict.
    """
    if entry.student != hand_in.student:
        return entry.student != side
    if entry.layout and entry.layout != hand_in.layout:
        return True
    if entry.layout in NUMBERED and not hand_in.doubtful:
        return False
    return same_name_key(entry.name) != same_name_key(hand_in.name)


def _notes(
    changes: Sequence[tuple[Entry, Entry]],
    over: Sequence[str],
    absent: Sequence[str],
    unused: Sequence[str],
) -> Iterator[str]:
    """What the reader should know.

    Args:
        changes: Each entry before and now.
        over: Entries that a decision has left out.
        absent: Entries of earlier sources alone.
        unused: Decisions that have decided nothing.
    """
    if new := [now.student for before, now in changes if before.sha256 != now.sha256]:
        yield f"another file than before counts of {first_few(new, SHOWN)}"
    if renamed := [now.student for before, now in changes if before.name != now.name]:
        yield f"another display name than before: {first_few(renamed, SHOWN)}"
    if over:
        yield f"decided by --counts, so no longer in the run: {first_few(over, SHOWN)}"
    if absent:
        students = "1 student" if len(absent) == 1 else f"{len(absent)} students"
        yield (
            f"{students} of the run not in these sources: {first_few(absent, SHOWN)}; their "
            "results stay; if these are the same people under new ids, grade into a new folder"
        )
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
        layout=hand_in.layout,
    )
    return entry, content
