"""How a download of Canvas names students: `doejane_LATE_1234_567890_ps1-2.ipynb`.

A student may choose the display name and the names of files, never the numbers between them. So
each is read from the side that the student does not control, and where both sides could hide a
second number the claim is `doubtful`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from grader.batch.claims import Claim, ClassClaims
from grader.batch.tree import Member

ATTEMPT = re.compile(r"(?P<base>.+)-(?P<number>[0-9]{1,3})", re.DOTALL)
ANONYMOUS = re.compile(
    r"(?P<early>LATE_)?anon_(?P<id>[A-Za-z0-9]{1,20})_(?P<late>LATE_)?"
    r"(?:(?P<upload>[0-9]{1,40})_(?P<file>.+)|(?P<typed>text\.html|link\.html))",
    re.DOTALL,
)
"""`LATE_anon_x1y2z_567890_ps1.ipynb`, where an assignment is graded anonymously."""
LATE = "late"
TYPED = {"text.html": "a text typed into Canvas", "link.html": "a link typed into Canvas"}
"""What Canvas itself names a submission that is no file."""
SMALLEST_UPLOAD = 0.01
"""Of the smallest certain upload of a class: less is a date or a version, no number of Canvas."""
MOST_READINGS = 50
"""Of one name; one with more is doubtful anyway."""
FEW_STUDENTS = 3
"""With certain names; of fewer nothing follows about users' numbers."""
APART = 20
"""How many times a class's users' numbers must fit into those of its uploads to be told apart."""
LEAST_USER = 4
LEAST_UPLOAD = 5
"""Digits: a student's own numbers have fewer, as a date's have."""
YEARS = range(1990, 2100)
LAST_DAY = 1231
"""Of a year, as a number."""


@dataclass(frozen=True)
class _Reading:
    """One way to read a name of Canvas's."""

    before: str
    """Display name with what marks a late hand-in."""
    user: str
    upload: str
    file: str


class Canvas:
    """`doejane_LATE_1234_567890_ps1-2.ipynb`: user, upload, and the file with its attempt."""

    name = "canvas"

    def read(self, member: Member) -> Sequence[Claim]:
        """The first two numbers count: students choose the file's name freely.

        A display name holds numbers only where somebody wants to deceive: see `finish`.
        """
        first = next(readings(member.path.name), None) or _typed(member.path.name)
        if first is None or len(member.path.parts) > 1:
            return []
        name, _, late = first.before.rpartition("_")
        is_late = late.casefold() == LATE and bool(name)
        if not is_late:
            name = first.before
        return [
            Claim(
                student=first.user,
                name=name,
                late=is_late,
                # Nobody has a hundred digits, and Python refuses thousands.
                upload=int(first.upload[:40]),
                file=first.file,
                member=member,
                layout=self.name,
                place=f"canvas: {name}_{first.user}",
            )
        ]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """With attempts and doubts."""
        return ClassClaims(list(_with_attempts(list(_with_doubts(claims)))))


class AnonymousCanvas:
    """`LATE_anon_x1y2z_567890_ps1-2.ipynb`: Canvas writes all but the file's name at the end."""

    name = "canvas-anonymous"

    def read(self, member: Member) -> Sequence[Claim]:
        """By the beginning alone, which no student controls."""
        match = ANONYMOUS.fullmatch(member.path.name)
        if match is None or len(member.path.parts) > 1:
            return []
        student = f"anon_{match['id']}"
        return [
            Claim(
                student=student,
                late=bool(match["early"] or match["late"]),
                upload=int(match["upload"] or 0),
                file=match["file"] or _typed_file(match["typed"]),
                member=member,
                layout=self.name,
                place=f"canvas-anonymous: {student}",
            )
        ]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """With attempts."""
        return ClassClaims(list(_with_attempts(claims)))


def is_dated(name: str) -> bool:
    """Whether what looks like user and upload is a year and a day, as in `ps1_2026_11_27.py`."""
    first = next(readings(name), None)
    if first is None or len(first.user) > len("2026") or len(first.upload) > len("1231"):
        return False
    return int(first.user) in YEARS and int(first.upload) <= LAST_DAY


def are_several_users(names: Sequence[str]) -> bool:
    """Whether Canvas seems to have named files of more than one user among `names`.

    Students number their files, too, such as `ps1_2_1_a.py`: small numbers tell nothing. Each
    reading of a name counts, so that nobody can hide a true number behind another one.
    """
    users = [_likely_users(name) for name in names]
    known = [found for found in users if found]
    return len(known) > 1 and len(set.union(*known)) > 1


def _likely_users(name: str) -> set[str]:
    found = list(islice(readings(name), MOST_READINGS + 1))
    users = {
        reading.user
        for reading in found
        if len(reading.user) >= LEAST_USER and len(reading.upload) >= LEAST_UPLOAD
    }
    return users if len(found) <= MOST_READINGS else {*users, ""}


def readings(name: str) -> Iterator[_Reading]:
    """Each way to read a name: any two numbers beside each other may be user and upload."""
    parts = name.split("_")
    for at in range(1, len(parts) - 2):
        user, upload = parts[at], parts[at + 1]
        if _is_number(user) and _is_number(upload) and any(parts[at + 2 :]):
            yield _Reading("_".join(parts[:at]), user, upload, "_".join(parts[at + 2 :]))


def _typed(name: str) -> _Reading | None:
    """`doejane_1234_text.html`: what a student typed has no upload."""
    before, _, typed = name.rpartition("_")
    before, mark, user = before.rpartition("_")
    if typed not in TYPED or not mark or not _is_number(user):
        return None
    return _Reading(before, user, "0", _typed_file(typed))


def _typed_file(typed: str) -> str:
    return f"{typed} ({TYPED[typed]})"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and not text.startswith("0")


def _with_doubts(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Marks names that hold a second pair of numbers which could be user and upload.

    `jane_12_567_2026_10_ps1.ipynb` could be of a student who is called `jane_12`. It can't be
    where two files of `jane` would have the same upload, as they do where a date comes first, nor
    where that upload is much too small, as a month is: the class's own tell what Canvas counts to,
    nor where that user's number is one of an upload: `jane_12_567890_3012345_ps1.ipynb`.
    """
    uploaded = [claim for claim in claims if claim.upload and claim.file not in TYPED]
    certain = [claim for claim in uploaded if not any(_later_readings(claim))]
    # A student's numbers could only lower it, which makes more doubts and never fewer.
    least = min((claim.upload for claim in certain or uploaded), default=0) * SMALLEST_UPLOAD
    no_users = _numbers_of_uploads(certain)
    later = [_later_readings(claim) for claim in claims]
    uses = Counter(key for readings in later for key in readings)
    for claim, found in zip(claims, later, strict=True):
        doubtful = len(found) >= MOST_READINGS or any(
            uses[key] == 1
            and int(reading.upload[:40]) >= least
            and int(reading.user[:40]) not in no_users
            for key, reading in found.items()
        )
        # `bob_111_1234_text.html` may be what 1234 typed, whose display name is `bob_111`.
        doubtful |= claim.file in TYPED
        yield replace(claim, doubtful=doubtful)


def _later_readings(claim: Claim) -> dict[tuple[str, int, str], _Reading]:
    """A name's other readings, by what they take for the upload: (student, place, number).

    Of one student the numbers at one place are of one reading, so nobody can fake a repetition.
    """
    return {
        (claim.student, reading.before.count("_"), reading.upload): reading
        for reading in islice(readings(claim.member.path.name), 1, MOST_READINGS + 1)
    }


def _numbers_of_uploads(certain: Sequence[Claim]) -> range:
    """Those that are no user's: about as large as the class's uploads, if users' are far smaller.

    Canvas gives both numbers and students choose neither, so a user's can't be made to lie there.
    """
    users = {int(claim.student[:40]) for claim in certain}
    uploads = [claim.upload for claim in certain]
    if len(users) < FEW_STUDENTS or max(users) * APART > min(uploads):
        return range(0)
    return range(min(uploads) // 2, 2 * max(uploads))


def _with_attempts(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Canvas counts attempts up behind the file's name; `hw-1.ipynb` may be just a name.

    A number counts where the class has the same name without one, or with several.
    """
    stems = {claim.stem for claim in claims}
    numbered = [match for stem in stems if (match := ATTEMPT.fullmatch(stem))]
    bases = Counter(match["base"] for match in numbered)
    for claim in claims:
        match = ATTEMPT.fullmatch(claim.stem)
        if match and (match["base"] in stems or bases[match["base"]] > 1):
            yield replace(claim, attempt=int(match["number"]) + 1)
        else:
            yield claim
