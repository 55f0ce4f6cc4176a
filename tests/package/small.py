"""A rubric and hand-ins that are graded in seconds."""

RUBRIC = """\
assignment: small
title: Small Set
total: 6
defaults: {wall_seconds: 30, memory_gib: 2, threads: 1}
items:
  - id: "1.1a"
    title: Constants between two norms
    problem: Theory
    points: 1
    requires: [norm_constants]
    checks:
      - {title: best constants, use: theory.norm_constants, with: {draws: 3, rtol: 1.0e-9}}
  - id: "1.1b"
    title: A proof
    problem: Theory
    points: 2
    hand:
      answer: {heading: "1.1b"}
      criteria: [{text: proves it, points: 2}]
  - id: "1.3b"
    title: Analytic SVD
    problem: Theory
    points: 3
    requires: [rank_one_svd]
    checks:
      - {title: thin SVD, use: theory.rank_one_svd, with: {sizes: [2, 3], rtol: 1.0e-8}}
"""
HALF = """\
import numpy as np


def norm_constants(n):
    print("called with", n)
    return 1 / np.sqrt(n), 1.0


def rank_one_svd(n):
    raise ValueError("no idea")
"""
"""The first item is right, the last raises."""
