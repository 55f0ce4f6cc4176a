"""Promises for every input: no surprise from any bytes, and slices that compute the same."""

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.submission import Submission, slice_for, submission_from_bytes
from tests.submission.hand_ins import execute, module, notebook, notebook_bytes, program_of
from tests.submission.programs import FUNCTIONS, answer, programs, run

ASKED = ("f", "grad_U", "Game", "harry_answers")
PIECES = (
    *("def f(", "x", "):", "\n", "\n    ", "return ", "class Game:", "import ", "from . import *"),
    *("(", ")", "[", "{", "}", "=", ",", ".", ":=", "lambda", "for x in y", "if x:", "else:", "7"),
    *("async ", "await ", "global x", "nonlocal x", "yield", "del x", "*", "**", "@", "'", '"""'),
    *("f'{", "\\", "#", "%%time\n", "%", "!", "?", "exec(", "x?", "\t", "\r", "\f", "\u2028"),
    *("\0", "\ud800", "ñ", "try:", "except* E:", "with x as y:", "type X = int", "$", ";", "..."),
    "match x:\n case ",
)
KEYS = (
    *("nbformat", "nbformat_minor", "cells", "worksheets", "cell_type", "source", "input"),
    *("metadata", "outputs", "attachments", "output_type", "data", "text", "kernelspec"),
)
SOURCES = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=80)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SOURCES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=20,
)
NOTEBOOKS = st.fixed_dictionaries(
    {"nbformat": st.sampled_from([1, 2, 3, 4, 5, "4"]) | JSON, "metadata": st.just({}) | JSON},
    optional={
        "nbformat_minor": st.integers(-1, 9) | JSON,
        "cells": st.lists(JSON | st.builds(lambda source: {"source": source}, SOURCES)),
        "worksheets": JSON,
    },
)
lenient = settings(suppress_health_check=list(HealthCheck))


def survives(name: str, raw: bytes) -> None:
    """Reading either refuses or gives what can be sliced; all texts can be stored."""
    try:
        found = submission_from_bytes(name, raw)
    except SubmissionError as exc:
        str(exc).encode()
        return
    part = slice_for(found, ASKED[:2], optional=ASKED[2:], aliases={"f": "Game.m"})
    told = [found.name, *found.notes, *part.notes, *part.missing.values(), *part.bound.values()]
    json.dumps([*told, *(chunk.source + chunk.label for chunk in part.chunks)]).encode()
    assert all(text.isprintable() for text in told)
    assert set(part.missing) | set(part.bound) == set(ASKED)


@given(st.binary(max_size=300), st.sampled_from(["a.py", "a.ipynb", "a"]))
@lenient
def test_any_bytes_are_survived(raw: bytes, name: str) -> None:
    """Nothing but `SubmissionError` comes of them."""
    survives(name, raw)


@given(JSON | NOTEBOOKS)
@lenient
def test_any_json_is_survived(value: Any) -> None:
    """However little it is like a notebook."""
    survives("a.ipynb", json.dumps(value).encode())


@given(st.lists(SOURCES, min_size=1, max_size=4))
@lenient
def test_any_source_is_survived(cells: list[str]) -> None:
    """In a notebook, where IPython has its say, and in a module."""
    survives("a.ipynb", notebook_bytes(*cells))
    survives("a.py", "\n".join(cells).encode(errors="replace"))


def check_slices(found: Submission, name: str, source: str) -> bool:
    """Whether `name` is a function after `source`; then its slice must compute the same."""
    whole = run(source)
    if whole is None or not callable(whole.get(name)):
        return False
    expected = answer(whole, name)
    if expected is NameError:
        return False
    part = slice_for(found, [name])
    assert answer(execute(part), name) == expected
    return True


@given(programs())
@settings(lenient, max_examples=150)
def test_a_slice_of_a_module_computes_what_the_module_computes(cells: list[str]) -> None:
    """Every function does after its slice what it does after the whole program."""
    source = "\n".join(cells)
    found = module(source)
    checked = [check_slices(found, name, source) for name in FUNCTIONS]
    assume(any(checked))


@given(programs())
@settings(lenient, max_examples=150)
def test_a_slice_of_a_notebook_computes_what_it_did_below_its_cell(cells: list[str]) -> None:
    """Every function does after its slice what it does after its cell and all cells above."""
    found = notebook(*cells)
    program = program_of(found)
    checked = []
    for name in FUNCTIONS:
        events = program.events(name)
        if events:
            above = cells[: program.statements[events[-1]].cell]
            checked.append(check_slices(found, name, "\n".join(above)))
    assume(any(checked))
