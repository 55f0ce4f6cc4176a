"""Who looks at what, and when: mixed orders, and the sample that is judged twice. No dice."""

import hashlib
from collections.abc import Iterable

LENGTH = 12
"""Hexadecimal digits of a key; at 3,000 hand-ins two are the same once in 10^8 runs."""


def key_of(student: str, salt: str) -> str:
    """What stands for a student on the page while names are hidden."""
    return _digest("key", salt, student)[:LENGTH]


def mixed(students: Iterable[str], *seed: str) -> list[str]:
    """The students in an order of their own for each seed, the same whenever it is asked for.

    Graders tire and grow milder or stricter: with another order for each item and each grader that
    falls on other students, and two graders seldom meet at one answer.
    """
    return sorted(students, key=lambda student: _digest("order", *seed, student))


def is_sampled(student: str, share: float, *seed: str) -> bool:
    """Whether the student's answer is in the sample that is judged twice.

    Args:
        student: Whose answer.
        share: Of all answers, from 0 to 1. A larger share's sample holds a smaller one's.
        seed: Of the run and the item.
    """
    return int(_digest("sample", *seed, student)[:12], 16) < share * 16**12


def _digest(*parts: str) -> str:
    # Lengths keep ("a", "bc") and ("ab", "c") apart.
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(told.encode("utf-8", errors="surrogatepass")).hexdigest()
