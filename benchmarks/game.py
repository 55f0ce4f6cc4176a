"""(a) The game: the assignment's own loop in one process against the sandboxed one."""

from pathlib import Path

from benchmarks.clock import GRADER, time_command
from benchmarks.table import Row

ROUNDS = 100
WANTED = 15.0
HERE = Path(__file__).parent
RUBRIC = f"""\
assignment: game
title: The game alone
total: 15
items:
  - id: "4"
    title: Reducio!
    points: 15
    requires: [harry_answers]
    limits: {{wall_seconds: 300}}
    checks:
      - title: rounds
        use: reducio.accuracy
        with: {{draws: {ROUNDS}}}
        tiers: [{{at_least: 1.0, points: 15}}]
"""


def measure(work: Path, *, runs: int) -> list[Row]:
    """One row; both ways answer by one Jacobian at ones and a threshold of 1."""
    rubric = work / "game.yaml"
    rubric.write_text(RUBRIC, encoding="utf-8")
    loop = [GRADER[0], str(HERE / "original_game.py"), str(ROUNDS)]
    theirs = time_command(loop, runs=runs)
    own = [*GRADER, "grade", str(HERE / "jacfwd_answer.py"), "--rubric", str(rubric)]
    ours = time_command(own, runs=runs, codes=(0, 1))
    what = f"{ROUNDS} rounds of the game"
    return [Row("a", what, "the original loop, no sandbox", theirs, ours, WANTED)]
