"""Puts like answers together, so that one decision can serve several."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

LIKE = 90.0
"""Likeness, of 100, from which on two answers are one group."""
SHORT = 40
"""Characters below which answers must be the same: two short ones are alike by chance."""
MAX_COMPARED = 4000
"""Characters of an answer that are compared."""
SHARE_GIVEN = 0.7
"""A text in more than this share of the hand-ins was given to the students."""
ENOUGH_HAND_INS = 4
"""Below this number nothing can be said about what was given."""
MAX_DIFFERENCES, MAX_SHOWN = 12, 80
"""Places in which two answers differ that are shown, and characters of each."""
SPACING = re.compile(r"\\[,;:! ]|\\q?quad\b|\\(?:left|right|displaystyle|limits)\b|[\s*_#>`$&~{}]+")

AROUND_SIGNS = re.compile(r" ?([^\w\s]) ?")


def normalised(text: str) -> str:
    """A text without what doesn't change its meaning: case, spaces, emphasis, spacing of LaTeX."""
    spaced = SPACING.sub(" ", text.casefold())
    return AROUND_SIGNS.sub(r"\1", " ".join(spaced.split()))[:MAX_COMPARED]


def given_texts(hand_ins: Iterable[Iterable[str]]) -> frozenset[str]:
    """What most hand-ins hold word for word: the questions, not answers.

    Args:
        hand_ins: The texts of the cells of each hand-in.

    Returns:
        Such texts, normalised.
    """
    counts: Counter[str] = Counter()
    total = 0
    for texts in hand_ins:
        total += 1
        counts.update({normalised(text) for text in texts})
    if total < ENOUGH_HAND_INS:
        return frozenset()
    return frozenset(text for text, count in counts.items() if count > SHARE_GIVEN * total)


def groups_of(answers: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Keys of like answers, each key in one group; the largest group first.

    Each answer joins the first group whose first member is like it, so no chain of small steps
    brings unlike answers together. Answers with no text are no group.

    Args:
        answers: Key -> text.
    """
    leaders: list[tuple[str, list[str]]] = []
    alone: list[tuple[str, ...]] = []
    same: dict[str, list[str]] = {}
    for key in sorted(answers):
        text = normalised(answers[key])
        if not text:
            alone.append((key,))
            continue
        if text in same:
            same[text].append(key)
            continue
        members = _home(text, leaders)
        if members is None:
            members = []
            leaders.append((text, members))
        members.append(key)
        same[text] = members
    groups = [tuple(members) for _, members in leaders] + alone
    return sorted(groups, key=lambda group: (-len(group), group))


def differences(old: str, new: str) -> list[tuple[str, str]]:
    """Words in which two normalised texts differ: (in the old one, in the new one), in order."""
    before, after = old.split(), new.split()
    return [
        (
            " ".join(before[step.src_start : step.src_end])[:MAX_SHOWN],
            " ".join(after[step.dest_start : step.dest_end])[:MAX_SHOWN],
        )
        for step in Levenshtein.opcodes(before, after)
        if step.tag != "equal"
    ][:MAX_DIFFERENCES]


def _home(text: str, leaders: Sequence[tuple[str, list[str]]]) -> list[str] | None:
    if len(text) < SHORT:
        return None
    for leader, members in leaders:
        if len(leader) >= SHORT and fuzz.ratio(text, leader, score_cutoff=LIKE) >= LIKE:
            return members
    return None
