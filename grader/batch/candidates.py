"""The files of one student that may be graded, those in zips included, and what each defines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.batch.claims import Claim
from grader.batch.nested import lasting, open_nested
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
"""Of these together; a larger rest counts as defining nothing."""
MAX_SCANNED_FILES = 500
MAX_SCANNED_BYTES = 256 * MIB
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
    notes = []
    room = MAX_FILE_BYTES
    for number, claim in enumerate(sorted(zips, key=_time, reverse=True)):
        room -= claim.member.size
        if number >= MAX_ZIPS or room < 0:
            others.append(claim.file)
            notes.append(
                f"{short_name(claim.file)}: not opened, of one student at most {MAX_ZIPS} zips "
                f"of {MAX_FILE_BYTES // MIB} MiB are; submit the notebook or module itself"
            )
            continue
        try:
            nested = open_nested(claim.member, claim.file)
        except SubmissionError as exc:
            others.append(claim.file)
            notes.append(str(exc))
            continue
        found += [_zipped(claim, member) for member in nested.members]
        others += nested.others or (() if nested.members else (claim.file,))
        notes += nested.notes
    return Submitted(tuple(found), tuple(others), tuple(notes))


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
        room -= one.member.size
        counted.append(replace(one, defined=_defined(one, names)) if room >= 0 else one)
    return [*counted, *rest], notes


def _plain(claim: Claim, *, alone: bool) -> Candidate:
    path = claim.member.path
    series = "", _without_attempt(claim)
    shown = short_name(claim.file) if alone else shown_path(path)
    return Candidate(claim, claim.member, claim.file, shown, series, len(path.parts))


def _zipped(claim: Claim, member: Member) -> Candidate:
    path = member.path
    series = _without_attempt(claim), file_stem(path.name).casefold()
    shown = f"{short_name(claim.file)}/{shown_path(path)}"
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
    room = MAX_SCANNED_BYTES
    likeliest = range(min(len(found), MAX_SCANNED_FILES))
    for at in sorted(likeliest, key=lambda at: found[at].member.size):
        room -= found[at].member.size
        raw = _content(found[at]) if room >= 0 else b""
        counts[at] = sum(word in raw for word in words)
    order = sorted(counts, key=lambda at: (-counts[at], at))
    return [found[at] for at in order[:MAX_READ]], [found[at] for at in order[MAX_READ:]]


def _defined(candidate: Candidate, names: Sequence[str]) -> Defined:
    return count_defined(candidate.name, _content(candidate), names)


def _content(candidate: Candidate) -> bytes:
    """The file's bytes; none where it can't be read, so that it defines nothing."""
    try:
        return candidate.member.read()
    except SubmissionError:
        return b""
