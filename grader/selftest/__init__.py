"""Does the grader grade right? Families of right and wrong solutions, graded and counted."""

from grader.selftest.families import Case, Expected, load_families
from grader.selftest.play import Played, Setting, play_cases, small_baseline
from grader.selftest.tally import ItemTally, tally

__all__ = [
    "Case",
    "Expected",
    "ItemTally",
    "Played",
    "Setting",
    "load_families",
    "play_cases",
    "small_baseline",
    "tally",
]
