"""grader/submission/blocks.py: a broken module loses what is broken, and nothing beside it."""

import ast
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.submission import slice_for
from grader.submission.load import parse_submission
from grader.submission.parts import CELL_MARK
from grader.submission.python import DEFINITIONS, MAX_SOURCE
from tests.submission.hand_ins import module, notebook, value

ABOVE = 'import math\n\ndef g():\n    """Seven.\n\nIt is prime.\n"""\n    return 7\n\n'
BELOW = (
    "\n\nconstant = [\n1,\n]\n\n@math.floor\n@(lambda f: 7.5)\ndef h(): pass\n\n"
    "def f():\n    '''As `g`.\n    '''\n    return g() * constant[0] * h\n"
)
MAGICS = [
    "!pip install jax",
    "%matplotlib inline",
    "files = !ls",
    "%time f()",
    "g?",
    "%%time",
    "%%bash\npip",
    "%pip install a \\\n  b",
    "def broken(\n%matplotlib inline",
]
ROOT = Path(__file__).parents[2]
DAMAGE = (
    *("(", ")", "[", "}", '"', "'", "@", "=", "\\", "else:", "TODO", "    x = 1", "\tx", "%%time"),
    *("def g(", "class G:", "<<<<<<< HEAD", "return", "@deco", "\f", "!ls", "if x:"),
)
BROKEN = [
    ("def broken(", "'(' was never closed"),
    ("def broken(a,\n    b", "'(' was never closed"),
    ("def broken(a):", "expected an indented block after function definition on line 10"),
    ("class Broken(\n    pass", "'(' was never closed"),
    ("def broken():\n    '''Not closed\n    return 1", "unterminated triple-quoted string"),
    ("def broken():\nreturn 1", "expected an indented block"),
    ("def broken():\n\treturn 1\n        return 2", "inconsistent use of tabs"),
    ("broken = [1, 2", "'[' was never closed"),
    ("broken = {'a': (1,\n'b'", "never closed"),
    ("broken = = 3", "invalid syntax"),
    ("print('broken", "unterminated string"),
    ("'''", "unterminated triple-quoted string"),
    ("if broken:", "expected an indented block"),
    ("@broken", "invalid syntax"),
    ("<<<<<<< HEAD", "invalid syntax"),
    ("return broken)", "unmatched"),
    ("for broken in range(3)\n    print(3)\nelse:\n    pass", "expected ':'"),
    ("Here, nothing is broken. But this is prose!", "invalid syntax"),
]
SEPARATORS = {"plain": "", "marked": "# %%\n"}


@pytest.mark.parametrize("mark", SEPARATORS.values(), ids=SEPARATORS.keys())
@pytest.mark.parametrize("line", MAGICS)
def test_magics_in_a_module_do_no_harm(line: str, mark: str) -> None:
    """As Colab and other editors write them when a notebook is downloaded as a script."""
    text = f"{ABOVE}{mark}{line}\n{mark}{BELOW}"
    found = module(text)
    assert value(found, "f") == 49
    chunk = slice_for(found, ["f"]).chunks[-1]
    assert chunk.first_line == text.count("\n") - 3


@pytest.mark.parametrize("mark", SEPARATORS.values(), ids=SEPARATORS.keys())
@pytest.mark.parametrize(("text", "words"), BROKEN)
def test_a_broken_block_is_left_out_alone(text: str, words: str, mark: str) -> None:
    """All that stands beside it counts, at the lines where it stands."""
    found = module(f"{ABOVE}{text}\n{mark}{BELOW}")
    assert value(found, "f") == 49
    assert words in found.notes[0]
    assert "ps1.py has a" in found.notes[0]
    assert "left out" in found.notes[0]


def start_of(node: ast.stmt) -> int:
    """The line of a definition."""
    return node.lineno


def notes_and_names(source: str) -> tuple[tuple[str, ...], set[str]]:
    """What is told of a module, and the names that it binds."""
    parsed = parse_submission("ps1.py", source.encode())
    return parsed.notes, {name for one in parsed.program.statements for name in one.binds}


def test_the_note_names_lines_and_what_stood_there() -> None:
    """A student finds the place, and sees how much was lost."""
    source = "x = 1\n\ndef f(\n    a, b\n    return a\n\n\ny = 2\nz = = 3\n"
    (first, second), names = notes_and_names(source)
    assert first == (
        "ps1.py has a syntax error in line 3: '(' was never closed; "
        "lines 3 to 5, from `def f(` on, are left out"
    )
    assert second == (
        "ps1.py has a syntax error in line 9: invalid syntax (read as Python 3.11); that line, "
        "`z = = 3`, is left out"
    )
    assert names == {"x", "y"}
    told = slice_for(module(source), ["f"]).missing["f"]
    assert told == (
        "`f` is defined in ps1.py, which has a syntax error in line 3: '(' was never closed; "
        "mend it"
    )


def test_a_note_shows_what_can_be_printed() -> None:
    """A student's line moves no cursor and is not repeated whole."""
    (note,), _ = notes_and_names("x\x1b[2J\U00018d09 = = 'a" + "b" * 1_000)
    assert note.isprintable()
    assert len(note) < 300


@pytest.mark.parametrize(
    ("source", "names"),
    [
        # Text within strings is no code, be the rest of the module as broken as it may.
        ("def f(\n'''\ndef g(): pass\n'''\nx = 1", {"x"}),
        ('x = """\ndef g(): pass\n"""\ny = = 1', {"x"}),
        ('x = = """\ny = 2\n"""\nz = 3', {"z"}),
        # Its end is missing rather than all that follows.
        ('x = = """\ndef g(): pass\ny = 2', {"g", "y"}),
        # A stray line takes nothing along that is whole without it.
        ("x = 1\n    y = 2\nz = 3", {"x", "z"}),
        ("x = 1\nelse:\n    y = 2\nz = 3", {"x", "z"}),
        # Half a function would be another function.
        ("def f():\n    x = 1\n    y = = 2\n    return x\nz = 3", {"z"}),
        ("x = (1,\n2)\ntry:\n    pass\nexcept E:\n    pass\nfinally:\n    pass\n)", {"x"}),
        # Unless it stands within the body: then the part above is not what was meant.
        ("def f():\n    x = 1\nprint(1)\n    return x\nz = 3", {"z"}),
        ("def f():\n    x = 1\n}\n    return x\nz = 3", {"z"}),
        ("def f():\n    x = 1\n<<<<<<< HEAD\n    return x\n=======\n>>>>>>> a\nz = 3", {"z"}),
        ("class C:\n    def f(): return 1\n\nTODO more\n    def g(): pass\nz = 3", {"z"}),
        ("class C:\n    def f():\n        x = 1\nTODO\n        return x\nz = 3", {"z"}),
        # What is complete stays.
        ("def f():\n    return 1\nprint(1)\n    y = 2\nz = 3", {"f", "z"}),
        ("def f():\n    x = 1\n\nx = 1\n\ny = 2\n    z = 3", {"f", "x", "y"}),
        ("def f():\n    x = 1\n\nfor x in y\n    z = 3", {"f"}),
        ("def f():\n    x = 1\n\nx = y +\n    z = 3", {"f"}),
        ("def f(): pass\n)\nz = 3", {"f", "z"}),
        ("def f(): pass\n}\nz = 3", {"f", "z"}),
        ("def f(): pass\nelse:\n    y = 2\nz = 3", {"f", "z"}),
        ("if x:\n    y = 1\nelse\n    y = 2\nz = 3", {"z"}),
        # A decorator belongs to one definition, however it is written.
        ("@a\ndef f(): pass\ndef g(): pass\n@b\nclass C: pass\ndef h(", {"f", "g", "C"}),
        ("@a(b,\nc=(0,))\ndef f(): pass\n(", {"f"}),
        ("@a(b,\nc\ndef f(): pass\ndef g(): pass", {"g"}),
        ("def f():\n    x = 1\n@\n    return x\n\ndef g(): pass", {"g"}),
        # Strings of Markdown, invalid through their escapes alone.
        (
            'x = 1\n"""\nLet $\\xi$ be so,\nfrom a import b\n"""\ny = 2\n"""\nMore\n"""\nz = 3',
            {"x", "y", "z"},
        ),
        ('"""\nfrom which it follows, \\N,\n"""\ny = 2\n"""\nclass of\n"""\n', {"y"}),
        # Starts that are easily overlooked.
        ("x = 1\n\fdef f(): pass\n(", {"x", "f"}),
        ("def f(): return 1  # Ax \\\\\ndef g(", {"f"}),
        # The magic takes its cell, and nothing but its cell.
        ("# %%\ndef f(): pass\n#%%\n%%script false\ndef g(): pass", {"f"}),
        ("# %%\n%%writefile a.py\ndef f(): pass\n# %%\ndef g(): pass\n(", {"g"}),
        ("# %%\ndef f(\n# %%\nx = 1)\ny = 2", {"y"}),
    ],
)
def test_what_counts_beside_broken_code(source: str, names: set[str]) -> None:
    """Names that are bound, no more and no fewer."""
    assert notes_and_names(source)[1] == names


def test_a_decorator_counts_wherever_its_sign_is() -> None:
    """Brackets or a backslash may stand between `@` and what the parser calls the decorator."""
    for sign in ("@(\n    twice\n)", "@\\\ntwice", "@(  # a\n\n  twice)\n# b\n@(\nabs\n)"):
        source = (
            f"def twice(f):\n    return lambda: 2 * f()\nabs = twice\n{sign}\ndef f(): return 3\n"
        )
        assert value(module(source), "f") in {6, 12}
        assert value(notebook(source), "f") == value(module(source), "f")


def test_newer_syntax_is_called_so() -> None:
    """The grader's Python is older than some students'."""
    (note,), _ = notes_and_names("type V = int")
    assert f"(read as Python 3.{sys.version_info.minor})" in note


def test_a_long_module_is_read_block_by_block() -> None:
    """What is too long to be parsed at one go loses nothing, as little as any module."""
    source = (ROOT / "reference" / "ps1.py").read_text(encoding="utf-8")
    notes, names = notes_and_names(source)
    long = f"pad = {'7' * 4_000}\n" * (MAX_SOURCE // 4_000)
    assert notes_and_names(f"{source}\n{long}") == (notes, names | {"pad"})


@given(st.data())
@settings(derandomize=True, max_examples=15, suppress_health_check=list(HealthCheck))
def test_damage_costs_what_it_touches(data: st.DataObject) -> None:
    """One line or character more or less, anywhere: definitions apart from it stay as they were."""
    lines = (ROOT / "reference" / "ps1.py").read_text(encoding="utf-8").split("\n")
    if data.draw(st.booleans()):
        lines = [line for line in lines if not CELL_MARK.match(line)]
    blocks = [node for node in ast.parse("\n".join(lines)).body if isinstance(node, DEFINITIONS)]
    at = data.draw(st.integers(0, len(lines) - 1))
    damage = data.draw(st.sampled_from(DAMAGE))
    column = data.draw(st.integers(0, len(lines[at])))
    changed = {
        "delete": [],
        "bracket": [f"{lines[at][:column]}{damage}{lines[at][column:]}"],
        "line": [damage, lines[at]],
    }[data.draw(st.sampled_from(["delete", "bracket", "line"]))]
    lines[at : at + 1] = changed
    # What stands directly above and below may belong to the damage; without its first line a
    # function belongs to the one above it.
    above = [one for one in blocks if one.lineno - 1 <= at][-2:]
    below = [one for one in blocks if one.lineno - 1 > at][:1]
    program = parse_submission("ps1.py", "\n".join(lines).encode()).program
    found = {ast.dump(one.node) for one in program.statements}
    for one in blocks:
        assert one in above + below or ast.dump(one) in found, one.name


HOSTILE = {
    "strings": '"""\n' * 10_001 + "(",
    "brackets": "x(\n" * 8_000,
    "both": "x('''\n" * 5_000 + ")",
    "magics": "!\n(\n" * 1_000,
    "stray lines": "x\n  y\n" * 1_500 + "(",
    "marks": "# %%\n(\n" * 2_500,
    "quotes": "(\n" + "\"'\\" * 60_000,
    "escapes": "(\n" + "\\'\"" * 8_000,
    "decorators": "@(\n" * 60_000,
    "cut off": "def f(): pass\n" + "(\n  x\n" * 5_000,
    "comments": "(\n" + "# def f(\n" * 25_000,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_reading_blocks_takes_linear_time(source: str) -> None:
    """A few seconds of the processor for as much as a module may have."""
    began = time.process_time()
    parse_submission("ps1.py", source.encode())
    assert time.process_time() - began < 6
