"""How nbgrader's exchange names uploads: `jdoe+ps1+2024-03-01 12:30:45.123456 UTC+Xy3`.

What it has collected, `submitted/jdoe/ps1/`, is folders of students, see `plain`.
"""

import re
from collections.abc import Sequence

from grader.batch.claims import Claim, ClassClaims, with_attempts_by_time
from grader.batch.tree import Member
from grader.names import clean_name, short_name

EXCHANGE_FOLDER = re.compile(
    r"(?P<id>[^+]+)\+(?P<assignment>.+)\+(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[ _]"
    r"[0-9]{2}[^0-9+][0-9]{2}[^0-9+][0-9]{2}[^+]*)(?:\+[^+]*)?",
    re.DOTALL,
)
COURSE_FOLDERS = {"source", "release", "submitted", "autograded", "feedback"}
"""Beside each other in a course's folder."""
SUBMITTED = "submitted"
OWN_FILES = {"timestamp.txt", "submission_secret.txt"}
WARNING = (
    "nbgrader's exchange lets every user of its machine add a folder in another's name, and only "
    "`nbgrader collect` checks who has; collect first and grade the folder submitted"
)
NAMED = 5
"""Assignments in one note."""
DIGITS = 14
"""Of a time to the second."""


class Exchange:
    """A folder for each upload in nbgrader's inbound folder."""

    name = "nbgrader"

    def read(self, member: Member) -> Sequence[Claim]:
        """By the folder at the top; a username holds no plus sign."""
        if len(member.path.parts) == 1:
            return []
        top = member.path.parts[0]
        match = EXCHANGE_FOLDER.fullmatch(top)
        if match is None:
            return []
        digits = "".join(char for char in match["time"] if char.isdecimal() and char.isascii())
        file = "" if member.path.name in OWN_FILES else member.path.name
        return [
            Claim(
                student=match["id"],
                member=member,
                file=file,
                upload=int(digits[:DIGITS]),
                layout=self.name,
                place=f"nbgrader: {match['id']}",
            )
        ]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """Of the assignment that most have submitted: an exchange holds all of a course."""
        owners: dict[str, set[str]] = {}
        for claim in claims:
            owners.setdefault(_assignment(claim), set()).add(claim.student)
        chosen = max(sorted(owners), key=lambda name: len(owners[name]), default="")
        kept = [claim for claim in claims if _assignment(claim) == chosen]
        others = sorted(owners.keys() - {chosen}, key=lambda name: (-len(owners[name]), name))
        notes = [WARNING]
        if others:
            names = ", ".join(f"{_shown(name)} ({len(owners[name])})" for name in others[:NAMED])
            notes.append(
                f"of {_shown(chosen)} alone; left out with their students: {names}"
                f"{', ...' if len(others) > NAMED else ''}; give a folder with one assignment"
            )
        return ClassClaims(with_attempts_by_time(kept), notes)


def _assignment(claim: Claim) -> str:
    match = EXCHANGE_FOLDER.fullmatch(claim.member.path.parts[0])
    return match["assignment"] if match else ""


def _shown(name: str) -> str:
    return short_name(clean_name(name))
