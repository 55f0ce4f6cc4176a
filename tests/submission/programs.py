"""Random harmless programs for hypothesis, and what they compute."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

NUMBERS = ("a", "b", "c")
LISTS = ("p", "q", "r")
FUNCTIONS = ("f", "g", "h")
START = "a = 1\nb = 2\nc = 3\np = [1]\nq = [2]\nr = [3]\n"
ENOUGH = 2000
"""Digits and elements above which a program counts as growing without end."""


@st.composite
def numbers(draw: DrawFn) -> str:
    """An expression whose value is a number."""
    name, other = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(NUMBERS))
    plain = [
        str(draw(st.integers(0, 9))),
        name,
        f"sum({draw(st.sampled_from(LISTS))})",
        f"{name} - {other}",
        f"sum([{name} + i for i in range(2)])",
        f"(lambda: {name})()",
    ]
    return draw(st.sampled_from(plain))


@st.composite
def statements(draw: DrawFn, defined: tuple[str, ...]) -> str:
    """One top-level statement; of functions it uses those in `defined` alone."""
    number, name, seq = (
        draw(numbers()),
        draw(st.sampled_from(NUMBERS)),
        draw(st.sampled_from(LISTS)),
    )
    other = draw(st.sampled_from([one for one in LISTS if one != seq]))
    function = draw(st.sampled_from(FUNCTIONS))
    plain = [
        f"{name} = {number}",
        f"{name} += {number}",
        f"{name}: int = {number}",
        f"{seq} = [{number}]",
        f"{seq} = {other}",
        f"{seq} = {other} or [{number}]",
        f"{seq}, {name} = [{number}, 4], {number}",
        f"{seq}.append({number})",
        f"{seq}[0] = {number}",
        f"{seq} += [{number}]",
        f"{name} = {seq}.pop() if len({seq}) > 1 else {number}",
        f"{seq}.reverse()",
        f"if {name} > 2: {name} = {number}",
        f"if {name} > 2: {seq} = [{number}]\nelse: {other}.append({number})",
        f"for {name} in range(2): {seq}.append({number})",
        f"for {name} in {seq}[:1]: pass",
        f"while len({seq}) > 3: {seq}.pop()",
        f"try:\n    {name} = 1 // ({number})\nexcept ZeroDivisionError:\n    {name} = {number}",
        f"({name} > 2) and ({name} := {number})",
        f"print_ = [{number}]",
        f"def {function}(x=0): return {number} + x",
        f"def {function}(x={seq}): return sum(x) + {number}",
        f"def {function}(x=0):\n    {name} = x\n    return {name} + {number}",
        f"def {function}(x=0):\n    global {name}\n    {name} = {number}\n    return {name}",
        f"def {function}(x=0):\n    {seq}.append({number})\n    return len({seq})",
        f"def {function}(x=0):\n    def inner(): return {number}\n    return inner() + x",
        f"{function} = lambda x=0: {number} + x",
    ]
    if defined:
        known = draw(st.sampled_from(defined))
        plain += [
            f"{name} = {known}()",
            f"{known}()",
            f"{seq} = [{known}(), {known}(1)]",
            f"{name} = sum(map({known}, list({seq})))",
            f"old = {known}\ndef {known}(x=0): return old(x) + 1",
            f"{function} = {known}",
            f"def {function}(x=0): return {known}(x) + {number}",
            f"class C:\n    value = {known}()\n{name} = C.value",
            f"table = {{'k': [{known}]}}\ndef {function}(x=0): return table['k'][0](x)",
            f"def wrap(made): return lambda x=0: made(x) + 1\n@wrap\ndef {known}(x=0): return x",
            f"class C:\n    def m(self): return {known}()\n{name} = C().m()",
        ]
    return draw(st.sampled_from(plain))


@st.composite
def programs(draw: DrawFn) -> list[str]:
    """A program as cells of a few statements each; `f` is defined somewhere."""
    defined: list[str] = []
    cells: list[str] = [START]
    for _ in range(draw(st.integers(2, 6))):
        cell = []
        for _ in range(draw(st.integers(1, 4))):
            text = draw(statements(tuple(defined)))
            cell.append(text)
            defined += [one for one in FUNCTIONS if f"def {one}(" in text or f"{one} = " in text]
        cells.append("\n".join(cell))
    cells.insert(draw(st.integers(1, len(cells))), f"def f(x=0): return {draw(numbers())} + x")
    return cells


def run(source: str) -> dict[str, Any] | None:
    """The namespace after the whole program; None where it raises or grows without end."""
    space: dict[str, Any] = {}
    try:
        exec(compile(source, "program", "exec"), space)
    except Exception:  # noqa: BLE001 - a random program may raise anything
        return None
    small = all(not isinstance(value, int) or abs(value) < 10**ENOUGH for value in space.values())
    return space if small else None


def answer(space: dict[str, Any], name: str) -> Any:
    """What the function `name` returns twice, or the kind of exception that it raises."""
    try:
        return space[name](), space[name](2)
    except Exception as exc:  # noqa: BLE001 - likewise
        return type(exc)
