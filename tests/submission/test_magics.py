"""grader/submission/magics.py: IPython's language becomes Python, line for line."""

import pytest

from grader.submission import slice_for
from tests.submission.hand_ins import notebook, sources, value


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "!pip install torch",
        "!!ls",
        "?print",
        "print?",
        "print??",
        "x = %timeit -o f()",
        "files = !ls",
        "%timeit -n 3 \\\n  -r 2 f()",
        "%%timeit?",
        "if True:\n    !ls\n    %time f()",
    ],
)
def test_special_lines_are_not_taken(line: str) -> None:
    """They stand beside definitions and do no harm."""
    found = notebook(f"import math\n{line}\ndef f(): return math.floor(7.5)")
    assert value(found, "f") == 7
    assert sources(slice_for(found, ["f"])) == ["import math", "def f(): return math.floor(7.5)"]


def test_lines_keep_their_numbers() -> None:
    """A place in feedback is the place in the notebook, whatever stood above."""
    found = notebook("\n\n!pip install a \\\n  b \\\n  c\n\ndef f():\n    return 7\n%time f()")
    (chunk,) = slice_for(found, ["f"]).chunks
    assert chunk.first_line == 7


def test_a_prompt_is_stripped() -> None:
    """Code pasted from a session runs, as in a notebook."""
    assert value(notebook(">>> def f():\n...     return 7"), "f") == 7
    assert value(notebook("In [1]: def f():\n   ...:     return 7"), "f") == 7


@pytest.mark.parametrize("magic", ["%%time", "%%capture out", "%%capture\n%%time", "\n%%prun -q"])
def test_definitions_below_a_transparent_magic_count(magic: str) -> None:
    """Such a magic runs its cell in the notebook's own namespace."""
    found = notebook(f"{magic}\n!ls\ndef f():\n    return 7")
    assert value(found, "f") == 7
    (chunk,) = slice_for(found, ["f"]).chunks
    assert chunk.first_line == magic.count("\n") + 3


@pytest.mark.parametrize("magic", ["timeit", "bash", "html", "writefile f.py", "nobody_knows"])
def test_a_cell_below_another_magic_is_left_out(magic: str) -> None:
    """What it defines is not there in the notebook either, and the student is told."""
    found = notebook("g = 7", f"%%{magic}\ndef f():\n    return 7")
    told = slice_for(found, ["f"]).missing["f"]
    name = magic.split(maxsplit=1)[0]
    assert told == (
        f"`f` is defined in cell 2, below `%%{name}`, which keeps no definitions; remove that line"
    )
    assert bool(found.notes) == (name not in {"timeit", "bash", "html"})


def test_what_time_runs_is_bound() -> None:
    """`%time x = ...` binds x in the notebook's namespace."""
    found = notebook("%time seven = 3 + 4", "def f(): return seven")
    assert value(found, "f") == 7
    assert sources(slice_for(found, ["f"]))[0] == "seven = 3 + 4"


def test_a_converted_script_is_read_like_its_notebook() -> None:
    """`jupyter nbconvert --to script` writes magics as calls."""
    script = (
        "get_ipython().run_line_magic('matplotlib', 'inline')\n"
        "get_ipython().run_cell_magic('time', '', 'seven = 7\\neight = 8\\n')\n"
        "def f(): return seven"
    )
    found = notebook(script)
    assert value(found, "f") == 7
    assert sources(slice_for(found, ["f"])) == ["seven = 7", "def f(): return seven"]


def test_pylab_binds_numpy() -> None:
    """Old notebooks begin with it."""
    found = notebook("%pylab inline", "def f(): return float(np.sqrt(49) + floor(0.5))")
    assert value(found, "f") == 7.0


def test_a_result_of_a_magic_that_is_needed_is_kept() -> None:
    """The worker has a `get_ipython` for it."""
    found = notebook("t = %timeit -o sum([1])", "def f(): return t.average")
    assert "run_line_magic('timeit', '-o sum([1])')" in sources(slice_for(found, ["f"]))[0]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        "%x\n" + "a" * 100_000 + " ?\n",
        "%x\n" + "a" + ".a" * 50_000 + " ?\n",
        "%x\n" * 5_000,
        "%x\n" * 100 + "x = 1\n" * 30_000,
        "%x\n" + "'" * 200_000,
        "%x\n" + "(" * 100_000,
        "%x\n" + '"""\n' * 5_001,
    ],
    ids=["long-word", "long-chain", "many", "many-in-much", "quotes", "brackets", "strings"],
)
def test_magics_take_no_long_time(source: str) -> None:
    """IPython reads the cell anew for each magic, and words in the square of their length."""
    assert value(notebook(source, "def f(): return 7"), "f") == 7
