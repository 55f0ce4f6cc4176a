"""Which of a student's files is graded, and in words why, and what became of the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.batch.candidates import Candidate, with_counts
from grader.batch.instead import listed

MAX_UNREAD = 3
"""Files of which it is said why they can't be read."""


@dataclass(frozen=True)
class Choice:
    """The file that is graded."""

    candidate: Candidate
    notes: tuple[str, ...]
    later: tuple[str, ...] = ()
    """Files that were submitted after it."""
    unread: tuple[str, ...] = ()
    """Those notes that say why another file can't be read: it may be the real submission."""


def choose(found: Sequence[Candidate], names: Sequence[str]) -> Choice:
    """The file that defines most of the asked names; of several the later, then a notebook.

    A file that can't be read goes after each one that defines a name: nobody knows what is in it.

    Args:
        found: At least one.
        names: That the rubric asks for.
    """
    found, notes = with_counts(sorted(found, key=_overall, reverse=True), names)
    best: dict[tuple[str, str], Candidate] = {}
    for one in found:
        known = best.get(one.series, one)
        best[one.series] = max(known, one, key=_in_series)
    chosen = max(best.values(), key=_overall)
    others = [one for one in found if one is not chosen]
    earlier = [one for one in others if _is_earlier(one, chosen)]
    rivals = [one for one in others if not _is_earlier(one, chosen)]
    later = [one.shown for one in rivals if _is_later(one, chosen)]
    told = _reasons(chosen, earlier, rivals, later, len(names))
    unread = tuple(_unread(others))
    return Choice(chosen, (*told, *unread, *notes), tuple(later), unread)


_Key = tuple[object, ...]


def _in_series(one: Candidate) -> _Key:
    """Rank among attempts of one file name: a module of the same attempt is a notebook's export."""
    return one.defined, one.claim.attempt, one.is_notebook, one.claim.upload, *_rest(one)


def _overall(one: Candidate) -> _Key:
    """Rank among all. Attempts of different names can't be compared, uploads can.

    Where nothing is defined the notebook may hold at least what is graded by hand.
    """
    for_hand = one.is_notebook and not one.defined.all
    time = one.claim.upload, one.claim.attempt
    return one.defined, for_hand, not one.error, *time, one.is_notebook, *_rest(one)


def _rest(one: Candidate) -> _Key:
    return -one.depth, one.member.size, one.shown


def _attempt(one: Candidate) -> int:
    return one.claim.attempt


def _is_earlier(one: Candidate, chosen: Candidate) -> bool:
    """Whether it is an earlier attempt of the same file."""
    return one.series == chosen.series and _attempt(one) < _attempt(chosen)


def _is_later(one: Candidate, chosen: Candidate) -> bool:
    if one.series == chosen.series:
        return _attempt(one) > _attempt(chosen)
    return one.claim.upload > chosen.claim.upload


def _reasons(
    chosen: Candidate,
    earlier: Sequence[Candidate],
    rivals: Sequence[Candidate],
    later: Sequence[str],
    asked: int,
) -> Iterator[str]:
    if earlier:
        yield (
            f"attempt {_attempt(chosen)} is graded; earlier attempts: "
            f"{listed(sorted(one.shown for one in earlier))}"
        )
    if rivals:
        why = _why(chosen, max(rivals, key=_overall), asked)
        others = sorted(f"{one.shown}{_counted(one, asked)}" for one in rivals)
        yield f"graded: {chosen.shown}, {why}; not graded: {listed(others)}"
    elif chosen.zipped_in:
        yield f"taken from a zip: {chosen.shown}"
    if later:
        fewer = ", with fewer of the asked names" if chosen.defined.all else ""
        yield (
            f"the graded file is not the latest one: later came {listed(sorted(later))}{fewer}; "
            "where another file should be graded, ask the course staff"
        )


def _unread(others: Sequence[Candidate]) -> Iterator[str]:
    """Why files that are not graded can't be read."""
    failed = sorted((one for one in others if one.error), key=_overall, reverse=True)
    for one in failed[:MAX_UNREAD]:
        # The error begins with the file's name.
        why = one.error.partition(": ")[2] or one.error
        yield f"{one.shown} can't be read and was not graded: {why}"
    if len(failed) > MAX_UNREAD:
        yield f"{len(failed) - MAX_UNREAD} more files can't be read"


def _why(chosen: Candidate, rival: Candidate, asked: int) -> str:
    """What decided against the best of the other files."""
    if chosen.defined != rival.defined:
        return f"which defines most of the asked names ({_tally(chosen, asked)})"
    if rival.error and not chosen.error:
        return "which can be read"
    if chosen.claim.upload > rival.claim.upload or _attempt(chosen) > _attempt(rival):
        return "the later one"
    if chosen.is_notebook > rival.is_notebook:
        return "the notebook"
    if chosen.depth < rival.depth:
        return "in the fewest folders"
    return "the larger one" if chosen.member.size > rival.member.size else "the last by name"


def _counted(one: Candidate, asked: int) -> str:
    if one.error:
        return " (can't be read)"
    return f" (defines {_tally(one, asked)})" if asked else ""


def _tally(one: Candidate, asked: int) -> str:
    defined = one.defined
    if defined.all and not defined.whole:
        return f"{defined.all} of {asked}, all of them stubs"
    return f"{defined.whole} of {asked}"
