"""A rubric that is right, to be spoiled."""

from collections.abc import Callable
from pathlib import Path

import pytest

RIGHT = """\
assignment: short
title: A short set
total: 10
defaults: {wall_seconds: 30, threads: 2}
items:
  - id: "1"
    title: Constants
    points: 1
    requires: [norm_constants]
    checks:
      - title: best constants
        use: theory.norm_constants
        with: {draws: 5}
  - id: "2"
    title: Gradient
    points: 5.5
    requires: [grad_U]
    limits: {wall_seconds: 10}
    checks:
      - title: right in every shape
        use: calculus.gradient
        with: {of: U, draws: 3}
        practice: {draws: 1}
        points: 3.5
    hand:
      answer: {heading: "2"}
      criteria:
        - {text: derives it, points: 2}
      comments:
        - {text: a term is lost, points: -0.5}
  - id: "3"
    title: Proof
    points: 3.5
    hand:
      answer: {heading: "3", find: [proof]}
      criteria:
        - {text: proves it, points: 3.5}
      comments:
        - {text: not for every x}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the right rubric with some of its text replaced; every old text must be there."""

    def write_one(*changes: tuple[str, str]) -> Path:
        text = RIGHT
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "rubric.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write_one
