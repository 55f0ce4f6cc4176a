"""The files of one student that may be graded, those in zips included, and what each defines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.batch.claims import Claim
from grader.batch.nested import MAX_ENTRIES, lasting, open_nested
from grader.batch.tree import MAX_FILE_BYTES, MIB, Member, file_stem, is_zip, shown_path
from grader.errors import SubmissionError
from grader.names import short_name
from grader.submission import gradable_name
from grader.submission.defined import Defined, count_defined

MAX_ZIPS = 4
"""Zips of one student that are opened, the latest ones; together of the size of one file."""
MAX_READ = 8
"""Files of one student that are parsed: those that mention most of the asked names."""
MAX_READ_BYTES = 2 * MAX_FILE_BYTES
"""Of these together; a larger rest is not read."""
MAX_SCANNED_FILES = 500
MAX_SCANNED_BYTES = 64 * MIB
"""What of one student is searched for mentions."""
UNREAD = Defined()


@dataclass(frozen=True)
class Candidate:
    """A file of a student that may be graded."""

    claim: Claim
    """That of the zip, where it lies in one."""
    member: Member
    name: str
    """The file's own."""
    shown: str
    """As notes call it."""
    series: tuple[str, str]
    """Equal for attempts of one file: names of zip and file without attempt and suffix."""
    depth: int
    """How many folders it lies in."""
    defined: Defined = UNREAD
    error: str = ""
    """Why it can't be read; empty where it can, or where nobody tried."""

    @property
    def is_notebook(self) -> bool:
        """By its name."""
        return gradable_name(self.name) == ".ipynb"

    @property
    def zipped_in(self) -> str:
        """The zip's name; empty where it lies in none."""
        return "" if self.member is self.claim.member else short_name(self.claim.file)

    @property
    def lasting(self) -> Member:
        """The file, without a zip held in memory."""
        return lasting(self.claim.member, self.member) if self.zipped_in else self.member


@dataclass(frozen=True)
class Submitted:
    """All that one student has submitted."""

    candidates: tuple[Candidate, ...]
    others: tuple[str, ...]
    """Names of files that can't be graded."""
    notes: tuple[str, ...]
    """About zips."""
    unopened: tuple[str, ...] = ()
    """Those notes that say why a zip is not opened."""


def submitted(claims: Sequence[Claim]) -> Submitted:
    """The files of one student; whatever lies in a zip belongs to who has submitted the zip."""
    zips = [claim for claim in claims if is_zip(claim.file)]
    plain = [claim for claim in claims if gradable_name(claim.file)]
    uses = Counter(claim.file for claim in plain)
    found = [_plain(claim, alone=uses[claim.file] == 1) for claim in plain]
    others = [
        claim.file
        for claim in claims
        if claim.file and not gradable_name(claim.file) and not is_zip(claim.file)
    ]
    notes, unopened = list[str](), list[str]()
    room, entries = MAX_FILE_BYTES, MAX_ENTRIES
    for number, claim in enumerate(sorted(zips, key=_time, reverse=True)):
        room -= claim.member.size
        if number >= MAX_ZIPS or room < 0:
            others.append(claim.file)
            unopened.append(
                f"{short_name(claim.file)}: not opened, of one student at most {MAX_ZIPS} zips "
                f"of {MAX_FILE_BYTES // MIB} MiB are; submit the notebook or module itself"
            )
            continue
        try:
            nested = open_nested(claim.member, claim.file, entries)
        except SubmissionError as exc:
            others.append(claim.file)
            unopened.append(str(exc))
            continue
        entries -= nested.entries
        found += [_zipped(claim, member) for member in nested.members]
        others += nested.others or (() if nested.members else (claim.file,))
        notes += nested.notes
    return Submitted(tuple(found), tuple(others), (*unopened, *notes), tuple(unopened))


def with_counts(
    found: Sequence[Candidate], names: Sequence[str]
) -> tuple[list[Candidate], list[str]]:
    """The candidates with how many of `names` each defines, and notes.

    Args:
        found: The likeliest first, where several mention as many.
        names: That the rubric asks for.
    """
    if len(found) == 1 or not names:
        return list(found), []
    chosen, rest, notes = list(found), list[Candidate](), []
    if len(found) > MAX_READ:
        chosen, rest = _most_mentioning(found, names)
        notes.append(
            f"{len(found)} notebooks and modules, of which {MAX_READ} are read; submit the one "
            "that is to be graded alone"
        )
    room, counted = MAX_READ_BYTES, list[Candidate]()
    # The small ones first: large junk takes no other file's room.
    for one in sorted(chosen, key=lambda one: one.member.size):
        room -= _room_for(one)
        counted.append(_with_count(one, names, is_room=room >= 0))
    return [*counted, *rest], notes


def _plain(claim: Claim, *, alone: bool) -> Candidate:
    path = claim.member.path
    series = "", _without_attempt(claim)
    shown = short_name(claim.file) if alone else shown_path(path)
    return Candidate(claim, claim.member, claim.file, shown, series, len(path.parts))


def _zipped(claim: Claim, member: Member) -> Candidate:
    path = member.path
    series = _without_attempt(claim), file_stem(path.name).casefold()
    # Clean already.
    shown = f"{short_name(claim.file)}/{short_name(str(path))}"
    depth = len(claim.member.path.parts) + len(path.parts)
    return Candidate(claim, member, path.name, shown, series, depth)


def _without_attempt(claim: Claim) -> str:
    """The file's name without suffix and attempt."""
    path = PurePosixPath(claim.file)
    number = f"-{claim.attempt - 1}" if claim.attempt > 1 else ""
    # Canvas counts `ps1.ipynb.txt` up to `ps1.ipynb-1.txt`.
    return file_stem(f"{path.stem.removesuffix(number)}{path.suffix}").casefold()


def _time(claim: Claim) -> tuple[int, int, str]:
    return claim.upload, claim.attempt, claim.file


def _most_mentioning(
    found: Sequence[Candidate], names: Sequence[str]
) -> tuple[list[Candidate], list[Candidate]]:
    """The files in which most of the names occur, in whatever way, and the others."""
    words = [name.rpartition(".")[2].encode() for name in names]
    counts = dict.fromkeys(range(len(found)), 0)
    scanned = list(found)
    room = MAX_SCANNED_BYTES
    likeliest = range(min(len(found), MAX_SCANNED_FILES))
    for at in sorted(likeliest, key=lambda at: found[at].member.size):
        room -= _room_for(found[at])
        if room < 0:
            continue
        try:
            raw = found[at].member.read()
        except SubmissionError as exc:
            scanned[at] = replace(found[at], error=str(exc))
        else:
            counts[at] = sum(word in raw for word in words)
    # Of those that mention nothing, the readable ones first.
    order = sorted(counts, key=lambda at: (-counts[at], bool(scanned[at].error), at))
    return [scanned[at] for at in order[:MAX_READ]], [scanned[at] for at in order[MAX_READ:]]


def _room_for(candidate: Candidate) -> int:
    """Bytes that reading it takes; a file that is too large is refused by its size."""
    size = candidate.member.size
    return size if size <= MAX_FILE_BYTES else 0


def _with_count(candidate: Candidate, names: Sequence[str], *, is_room: bool) -> Candidate:
    if candidate.error:
        return candidate
    if not is_room:
        error = (
            f"{candidate.shown}: at most {MAX_READ_BYTES // MIB} MiB of one student are read; "
            "submit the file that is to be graded alone"
        )
        return replace(candidate, error=error)
    try:
        raw = candidate.member.read()
        return replace(candidate, defined=count_defined(candidate.name, raw, names))
    except SubmissionError as exc:
        return replace(candidate, error=str(exc))
