"""Where two places claim one student nothing is merged: both are kept, until staff decide."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.batch.claims import Claim
from grader.names import clean_name, distinct_names, same_name_key, short_name, unmarked


@dataclass(frozen=True)
class Person:
    """One student's claims, or those of one place that claims to be the student."""

    student: str
    claims: tuple[Claim, ...]
    contested: str = ""
    """The id that several places claim; empty where there is no conflict."""
    decided: str = ""
    """What it was called in the conflict that staff have decided for it."""


def persons(claims: Sequence[Claim], counts: Sequence[str] = ()) -> list[Person]:
    """The claims by student, by id.

    Ids are compared as people read them: capitals, accents' encoding and spaces make no other
    student, but no silent merge either.

    Args:
        claims: Of all sources.
        counts: Ids in conflict that staff have decided for: such a one gets the contested id, the
            others of its conflict are left out.
    """
    groups: dict[str, list[Claim]] = {}
    for claim in claims:
        # A name of spaces alone is entered as `_`, which may be another's name.
        key = same_name_key(claim.student) or same_name_key(_entered(claim.student))
        groups.setdefault(key, []).append(claim)
    disputed = _disputed(groups)
    made: list[Person] = []
    for key, group in groups.items():
        found = _of_group(group, disputed=key in disputed)
        chosen = [person for person in found if person.contested and person.student in counts]
        if len(chosen) == 1:
            (one,) = chosen
            student = unmarked(_entered(one.claims[0].student))
            found = [Person(student, one.claims, decided=one.student)]
        made += found
    return sorted(_unique(made), key=lambda person: person.student)


def conflict_id(student: str, place: str) -> str:
    """What a student is called whose id something else claims, too."""
    return short_name(clean_name(f"{student} ({place})"))


def _unique(made: Sequence[Person]) -> Iterator[Person]:
    """The persons; a name that another's id in conflict happens to be takes nobody's place."""
    uses = Counter(person.student for person in made)
    for person in made:
        if uses[person.student] > 1 and person.contested:
            place = f"{person.claims[0].place}, in conflict over {person.contested}"
            yield replace(person, student=conflict_id(person.student, place))
        else:
            yield person


def _disputed(groups: Mapping[str, Sequence[Claim]]) -> set[str]:
    """Keys of students whose file another student's name may mean.

    Who has files of certain names is not among them: one name would put a whole class in conflict.
    """
    unsure = {key: all(claim.doubtful for claim in group) for key, group in groups.items()}
    disputed: set[str] = set()
    for key, group in groups.items():
        for claim in group:
            others = {same_name_key(student) for student in claim.others} & groups.keys()
            if others:
                disputed |= {key, *(other for other in others if unsure[other])}
    return disputed


def _of_group(group: Sequence[Claim], *, disputed: bool) -> list[Person]:
    """One person where all agree, else one for each place."""
    # A plot wins nobody points, whosever it is: no conflict with its place's other files.
    known = {claim.place for claim in group if not _is_slight(claim)}
    slight = [claim for claim in group if _is_slight(claim) and claim.place in known]
    places: dict[str, list[Claim]] = {}
    first: dict[str, list[Claim]] = {}
    for claim in group:
        if _is_slight(claim) and claim.place in known:
            continue
        # What could be another's is judged by itself where there is more than one file.
        alone = claim.doubtful and len(group) > 1 + len(slight)
        found = places.setdefault(str(claim.member.path) if alone else claim.place, [])
        found.append(claim)
        first.setdefault(claim.place, found)
    for claim in slight:
        first[claim.place].append(claim)
    if len(places) == 1 and not disputed:
        return [Person(_entered(group[0].student), tuple(group))]
    contested = min(unmarked(_entered(claim.student)) for claim in group)
    return [
        Person(
            conflict_id(unmarked(_entered(claimed[0].student)), place), tuple(claimed), contested
        )
        for place, claimed in zip(distinct_names(list(places)), places.values(), strict=True)
    ]


def _is_slight(claim: Claim) -> bool:
    return claim.doubtful and not claim.member.gradable


def _entered(student: str) -> str:
    return short_name(clean_name(student).strip()) or "_"
