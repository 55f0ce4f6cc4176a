"""The hand-in of benchmarks (b) and (c): gradients and the game, as cells of a notebook."""

import json
from pathlib import Path

HERE = Path(__file__).parent
GRADIENTS = """\
def grad_U(X, U, V):
    return (U @ V - X) @ V.T


def grad_V(X, U, V):
    return U.T @ (U @ V - X)
"""
RUNS = """\
game, right = Game(0), 0
for _ in range({rounds}):
    game.draw()
    right += game.harry_answers() == game.r
print(right)
"""
"""What a notebook does besides defining: the student's own rounds."""
RUBRIC = """\
assignment: gradients-and-game
title: Gradients and the game
total: 19
items:
  - id: "2.1a"
    title: Gradient by U
    points: 2
    requires: [grad_U]
    checks: [{title: gradient, use: calculus.gradient, with: {of: U}}]
  - id: "2.1b"
    title: Gradient by V
    points: 2
    requires: [grad_V]
    checks: [{title: gradient, use: calculus.gradient, with: {of: V}}]
  - id: "4"
    title: Reducio!
    points: 15
    requires: [harry_answers]
    limits: {wall_seconds: 300}
    checks:
      - title: rounds
        use: reducio.accuracy
        with: {draws: 100}
        tiers: [{at_least: 1.0, points: 15}]
"""


def write_notebook(file: Path, *, rounds: int) -> Path:
    """A notebook of definitions; with `rounds` it also plays so many when it is run whole."""
    source = (HERE / "original_game.py").read_text(encoding="utf-8")
    game = source[source.index("import jax.numpy") : source.index("def main")]
    cells = ["import numpy as np", game, GRADIENTS]
    if rounds:
        cells.append(RUNS.format(rounds=rounds))
    empty: dict[str, object] = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    made = {
        "cells": [{**empty, "id": f"c{at}", "source": cell} for at, cell in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    file.write_text(json.dumps(made), encoding="utf-8")
    return file


def write_rubric(file: Path) -> Path:
    """The rubric that asks for the same as the alternative's tests."""
    file.write_text(RUBRIC, encoding="utf-8")
    return file
