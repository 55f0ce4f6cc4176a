"""How a download of Moodle names students: the display name, then Moodle's number, then a mark.

A student chooses the display name and the names of files, never the number.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from grader.batch.claims import Claim, ClassClaims
from grader.batch.tree import Member

MOODLE_FOLDER = re.compile(
    r"(?P<name>.*)_(?P<id>[0-9]+)_assignsubmission_(?:file|onlinetext)_?", re.DOTALL
)
"""`Jane Doe_1234567_assignsubmission_file_`: the last number counts, what is before it is chosen
by the student."""
MOODLE_MARK = re.compile(r"_(?P<id>[0-9]+)_assignsubmission_(?:file|onlinetext)(?=_)")
"""The same within the name of a file; what is behind it is chosen by the student as well.

Of several the first one counts, since files are named as easily as display names are hard to
change, and the name is doubtful.
"""


class Moodle:
    """A folder for each participant, or all in the file's name."""

    name = "moodle"

    def read(self, member: Member) -> Sequence[Claim]:
        """By the folder at the top alone: folders below are the student's own."""
        top = member.path.parts[0]
        if len(member.path.parts) > 1:
            match = MOODLE_FOLDER.fullmatch(top)
            return [_moodle_claim(member, match, member.path.name)] if match else []
        marks = list(MOODLE_MARK.finditer(top))
        if not marks:
            return []
        ids = {mark["id"] for mark in marks} - {marks[0]["id"]}
        mark = marks[0] if ids else marks[-1]
        claim = _moodle_claim(member, mark, top[mark.end() + 1 :], top[: mark.start()])
        return [replace(claim, doubtful=bool(ids), others=tuple(sorted(ids)))]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """Nothing more is known."""
        return ClassClaims(claims)


def _moodle_claim(
    member: Member, match: re.Match[str], file: str, name: str | None = None
) -> Claim:
    name = match["name"] if name is None else name
    place = f"moodle: {name}_{match['id']}"
    return Claim(match["id"], member, file=file, name=name, layout=Moodle.name, place=place)
