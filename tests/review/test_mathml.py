"""Formulas as people hand them in, and as an attacker would."""

import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from grader.review.mathml import KEPT, formula
from grader.review.tex import MAX_FORMULA, UnconvertibleError

CORPUS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "formulas.yaml").read_text(encoding="utf-8")
)
SHOWN = [case for case in CORPUS if not case.get("source")]
SHARE = 0.95


def converted(tex: str, *, display: bool = True) -> ET.Element:
    """The formula as a parsed tree: MathML is well-formed, so this also says that it is."""
    return ET.fromstring(formula(tex, display=display))


def test_the_corpus_is_rendered() -> None:
    """At least 95 of 100 formulas of real hand-ins become MathML."""
    shown = 0
    for case in CORPUS:
        try:
            converted(case["tex"])
        except UnconvertibleError:
            continue
        shown += 1
    assert len(CORPUS) >= 60
    assert shown >= SHARE * len(CORPUS)


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case["tex"].strip()[:40])
def test_formula_of_the_corpus(case: dict[str, Any]) -> None:
    """Each formula becomes what it means, of allowed elements and with no LaTeX left in it."""
    written = formula(case["tex"], display=True)
    tree = ET.fromstring(written)
    assert case["has"] in written
    for element in tree.iter():
        assert set(element.attrib) <= set(KEPT[str(element.tag)])
        assert "\\" not in (element.text or "")
        assert not re.search("[\U000f0000-\U000ffffd]", element.text or "")


@pytest.mark.parametrize("case", [case for case in CORPUS if case.get("source")])
def test_formula_beyond_the_converter(case: dict[str, Any]) -> None:
    """What can't be converted says why, in words."""
    with pytest.raises(UnconvertibleError, match=r"\w"):
        formula(case["tex"], display=True)


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(https://a.test)}{x}",
        r"\class{bar}{x} \cssId{judgement}{y}",
        r"\color{red\" onload=\"alert(1)}{x}",
        r"<img src=x onerror=alert(1)>",
        r"\mathrm{<svg onload=alert(1)>}",
        r"\operatorname{<script>}",
        r"\tag{<script>alert(1)</script>} x",
        r"\hspace{1em\" onclick=\"x} y",
        r"\begin{array}{c\" x=\"y} a \end{array}",
    ],
)
def test_formula_of_an_attacker(tex: str) -> None:
    """Nothing but allowed elements and attributes with harmless values is written."""
    try:
        tree = converted(tex)
    except UnconvertibleError:
        return
    for element in tree.iter():
        assert str(element.tag) in KEPT
        for name, value in element.attrib.items():
            assert name in KEPT[str(element.tag)]
            assert re.fullmatch(r"[A-Za-z0-9#. -]+", value)


HOSTILE = {
    "nested": "{" * 3000 + "}" * 3000,
    "unclosed": r"\frac{" * 1200,
    "fractions": r"\frac" * 1500,
    "scripts": "^{" * 3000,
    "primes": "x" + "'" * 7900,
    "cells": "&" * 7900,
    "rows": r"a\\" * 2600,
    "long": "x" * 200_000,
    "fences": r"\left(" * 500 + r"\right)" * 500,
    "environments": r"\begin{matrix}" * 300 + r"\end{matrix}" * 300,
    "doubling": r"\def\a#1{#1#1#1#1}\a{\a{\a{\a{\a{\a{\a{\a{\a{x}}}}}}}}}",
    "endless": r"\def\a{\b\b}\def\b{\a}\a",
    "wide": r"\text{" + "$a$" * 2500 + "}",
    "spaces": " " * 7000 + "x",
    "comments": "%" * 7000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_formula_ends_soon(name: str) -> None:
    """No formula takes more than a moment, or more than a page's worth of memory."""
    begin = time.process_time()
    try:
        written = formula(HOSTILE[name], display=True)
    except UnconvertibleError:
        written = ""
    assert time.process_time() - begin < 2.0
    assert len(written) < 100 * MAX_FORMULA


def test_formula_with_macros_of_the_notebook() -> None:
    """A macro that an earlier cell has defined is known."""
    from grader.review.markup import notebook_macros  # noqa: PLC0415 - used here alone

    macros = notebook_macros([r"$\newcommand{\inner}[2][x]{\langle #1, #2 \rangle}$"])
    written = formula(r"\inner{y} + \inner[a]{b}", display=False, macros=macros)
    assert "".join(ET.fromstring(written).itertext()) == "⟨x,y⟩+⟨a,b⟩"


def test_formula_empty() -> None:
    """Nothing is shown where nothing is written."""
    assert not formula("  % only a comment", display=False)
    assert not formula("", display=True)


def test_formula_in_a_line_of_text() -> None:
    """A formula in a line and one of its own are told apart, and limits follow."""
    inline = converted(r"\sum_{i=1}^n a_i", display=False)
    block = converted(r"\sum_{i=1}^n a_i")
    assert (inline.get("display"), block.get("display")) == ("inline", "block")
    for tree in (inline, block):
        under = tree.find(".//munderover")
        assert under is not None
        # The browser moves the limits beside the sign in a line of text.
        assert under[0].get("movablelimits") == "true"
