"""How a download of Brightspace names students: `12345-67890 - Jane Doe - Mar 1, 2024 1230 PM`.

A folder for each upload, or all of that before the file's name. Brightspace writes the numbers in
front, of which the first is the student's or the group's, and the time; students choose the rest.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from grader.batch.claims import Claim, ClassClaims, with_attempts_by_time
from grader.batch.tree import Member

NUMBERS = re.compile(r"(?P<id>[0-9]{1,20})-[0-9]{1,20} - (?=\S)")
TIME_IN_FILE = re.compile(r" ?- (?P<time>[\w, .]{8,24} [0-9]{3,4} [AP]M) ?- ?(?=.)", re.DOTALL)
TIME = re.compile(
    r"(?P<first>\w{1,12})\.? (?P<second>\w{1,12})\.?,? (?P<year>[0-9]{4}),? "
    r"(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2}) ?(?P<half>[AP]M)?",
    re.IGNORECASE,
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
INDEX = "index.html"
"""Beside the folders lies a page with what students wrote."""
NOON = 12


class Brightspace:
    """A folder for each upload, or a file's name."""

    name = "brightspace"

    def read(self, member: Member) -> Sequence[Claim]:
        """By what is at the top: folders below are the student's own."""
        top, *rest = member.path.parts
        numbers = NUMBERS.match(top)
        if numbers is None:
            return []
        if rest:
            # A display name may hold a time as well; the one at the end is Brightspace's.
            name, mark, time = top[numbers.end() :].rpartition(" - ")
            file = member.path.name
            if not mark or not any(char.isdecimal() for char in time):
                return []
        else:
            match = TIME_IN_FILE.search(top, numbers.end())
            if match is None:
                return []
            name, time, file = top[numbers.end() : match.start()], match["time"], top[match.end() :]
        return [
            Claim(
                student=numbers["id"],
                name=name,
                member=member,
                file=file,
                upload=upload_time(time),
                layout=self.name,
                place=f"brightspace: {numbers['id']}",
            )
        ]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """With attempts, and a note where their times can't be read."""
        unknown = sum(not claim.upload for claim in claims)
        note = f"{unknown} times of upload can't be read, so attempts may be in another order"
        return ClassClaims(with_attempts_by_time(claims), [note] if unknown else [])


def upload_time(text: str) -> int:
    """`Mar 1, 2024 1230 PM` or `05 March 2026 612 PM` as a number that grows; else 0."""
    match = TIME.fullmatch(text.strip())
    if match is None:
        return 0
    first, second = match["first"], match["second"]
    month, day = (second, first) if first.isdecimal() else (first, second)
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % NOON + NOON * (match["half"].casefold() == "pm")
    try:
        number = MONTHS.index(month[:3].casefold()) + 1
        time = datetime(
            int(match["year"]), number, int(day), hour, int(match["minute"]), tzinfo=UTC
        )
    except ValueError:
        return 0
    return int(f"{time:%Y%m%d%H%M}")
