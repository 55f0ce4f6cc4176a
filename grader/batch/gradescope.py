"""How an export of Gradescope says whose is which folder: by its own metadata."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from grader.batch.claims import Claim, ClassClaims
from grader.batch.tree import METADATA, Member
from grader.errors import SubmissionError, UsageError

GRADESCOPE_FOLDER = re.compile(r"submission_[0-9]+")
_NULL = {"", "~", "null"}


class Gradescope:
    """A folder for each submission, and a file that names the submitters of each."""

    name = "gradescope"

    def __init__(self, metadata: Member) -> None:
        """Read the metadata.

        Raises:
            UsageError: they can't be read.
        """
        self._metadata = metadata
        self._submissions = _read(metadata)
        people = Counter(
            person
            for submission in self._submissions.values()
            for person in set(_submitters(submission))
        )
        self._repeated = {person for person, count in people.items() if count > 1}

    def read(self, member: Member) -> Sequence[Claim]:
        """Each of a group has the file."""
        folder = member.path.parts[0]
        known = self._submissions.get(folder)
        if not isinstance(known, dict) or len(member.path.parts) == 1:
            return []
        history = known.get(":history")
        claim = Claim(
            student=f"folder:{folder}",
            member=member,
            file=member.path.name,
            layout=self.name,
            place=f"gradescope: {folder}",
            attempt=len(history) + 1 if isinstance(history, list) else 1,
        )
        people = list(dict.fromkeys(_submitters(known)))
        return [self._claim(claim, person, folder) for person in people] or [claim]

    def _claim(self, claim: Claim, person: "_Person", folder: str) -> Claim:
        # Gradescope exports one submission a person; who has two is not one person.
        place = f"gradescope: {person}" + (f" in {folder}" if person in self._repeated else "")
        return replace(claim, student=person.id, name=person.name, place=place)

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """Nothing more is known."""
        return ClassClaims(claims)


@dataclass(frozen=True)
class _Person:
    sid: str
    mail: str
    name: str

    @property
    def id(self) -> str:
        """Student number, else mail, else name; one kind is never equal to another.

        Persons choose their name, and may choose a number that looks like somebody's mail.
        """
        if self.sid:
            return self.sid if not set(self.sid) & {"@", ":"} else f"sid:{self.sid}"
        if self.mail:
            return self.mail if "@" in self.mail and ":" not in self.mail else f"mail:{self.mail}"
        return f"name:{self.name}"

    def __str__(self) -> str:
        # In quotes, so that no two persons are written alike.
        return " ".join(repr(text) for text in (self.name, self.sid, self.mail))


def _read(member: Member) -> dict[str, Any]:
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        # Every value stays text: a student number 0123 is no octal number.
        found = yaml.load(member.read(), Loader=loader)  # noqa: S506 - it makes plain texts only
    except (yaml.YAMLError, SubmissionError, RecursionError, ValueError) as exc:
        raise UsageError(f"{METADATA}: can't be read: {str(exc)[:200]}; export it again") from exc
    if not isinstance(found, dict):
        raise UsageError(f"{METADATA}: must name submissions, does not; export it again")
    return found


def _submitters(submission: object) -> Iterator[_Person]:
    people = submission.get(":submitters") if isinstance(submission, dict) else None
    for person in people if isinstance(people, list) else ():
        if isinstance(person, dict):
            values = (str(person.get(key, "")).strip() for key in (":sid", ":email", ":name"))
            sid, mail, name = ("" if text.casefold() in _NULL else text for text in values)
            if sid or mail or name:
                yield _Person(sid, mail, name)
