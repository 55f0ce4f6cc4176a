"""How a download of Blackboard names students.

`Problem Set 1_jdoe_attempt_2024-03-01-12-30-45_ps1.ipynb`: the assignment, the username, a word in
the server's language, the time, and the file's name. Students choose the last one alone, unless a
group has chosen its name, which takes the username's place. Each attempt also has a text that
Blackboard writes, `..._attempt_2024-03-01-12-30-45.txt`, which begins with `Name: Jane Doe (jdoe)`.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.batch.claims import Claim, ClassClaims, with_attempts_by_time
from grader.batch.tree import MIB, Member
from grader.errors import SubmissionError

MARK = re.compile(r"_[^\W\d_]{1,20}_(?P<time>[0-9]{4}(?:-[0-9]{2}){5})(?=_|\.txt$)")
FIRST_LINE = re.compile(r"[^:]{1,40}: ?(?P<name>[^\n]*) \((?P<user>[^()\n]+)\)\s*")
LONGEST_LINE = 1000


class Blackboard:
    """All in the file's name."""

    name = "blackboard"

    def read(self, member: Member) -> Sequence[Claim]:
        """By the first mark; a second one makes the name doubtful.

        The student is what is before the mark until `finish` knows the assignment.
        """
        top = member.path.parts[0]
        first = MARK.search(top)
        if first is None or not first.start():
            return []
        before, file = top[: first.start()], top[first.end() + 1 :] or "_"
        if top.endswith(".txt") and first.end() == len(top) - len(".txt"):
            file = ""
        return [
            Claim(
                student=before,
                name=before,
                member=member,
                file=file if len(member.path.parts) == 1 else member.path.name,
                upload=int(first["time"].replace("-", "")),
                layout=self.name,
                place=f"blackboard: {before}",
                doubtful=MARK.search(top, first.end()) is not None,
            )
        ]

    def finish(self, claims: Sequence[Claim]) -> ClassClaims:
        """With usernames, names and attempts."""
        befores = {claim.student for claim in claims}
        texts = [claim for claim in claims if not claim.file]
        people = {
            claim.student: person
            for claim in texts
            if (person := _person(claim.student, claim.member))
        }
        unsure = {(claim.student, claim.upload) for claim in claims if claim.doubtful}
        listed = {
            (claim.student, claim.upload): _listed(claim.member)
            for claim in texts
            if (claim.student, claim.upload) in unsure
        }
        assignment = _assignment(befores, people)
        named = [
            replace(
                claim,
                student=claim.student.removeprefix(assignment) or claim.student,
                name=people.get(claim.student, ("", ""))[0],
                doubtful=claim.doubtful
                and claim.member.path.parts[0]
                not in listed.get((claim.student, claim.upload), set()),
            )
            for claim in claims
        ]
        return ClassClaims(with_attempts_by_time(named))


def _person(before: str, companion: Member) -> tuple[str, str] | None:
    """Name and username by Blackboard's own text, where the file's name agrees."""
    line = _text(companion).partition("\n")[0]
    match = FIRST_LINE.fullmatch(line[:LONGEST_LINE].rstrip())
    if match is None or not before.endswith(f"_{match['user']}"):
        return None
    return match["name"], match["user"]


def _listed(companion: Member) -> set[str]:
    """The files that Blackboard's text about an attempt lists, as `Filename: ...`.

    One that a student has uploaded under Blackboard's own name is among them. A group can call
    itself after another's attempt, but not write into the text about that.
    """
    return {line.partition(": ")[2].strip() for line in _text(companion).split("\n")}


def _text(companion: Member) -> str:
    """What Blackboard has written; empty where it can't be read."""
    if companion.size > MIB:
        return ""
    try:
        return companion.read().decode("utf-8-sig", "replace")
    except SubmissionError:
        return ""


def _assignment(befores: Sequence[str] | set[str], people: Mapping[str, tuple[str, str]]) -> str:
    """What is before all usernames, with its underscore: there is one assignment in a download.

    A username may hold underscores as well. Blackboard's texts say where it begins; without them
    what most names share does.
    """
    known = [before.removesuffix(people[before][1]) for before in people]
    guessed = [before[: before.rfind("_") + 1] for before in sorted(befores)]
    counts = Counter(known or guessed)
    return max(counts, key=lambda prefix: (counts[prefix], -len(prefix)), default="")
