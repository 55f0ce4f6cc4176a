"""grader/submission/closure.py: what a slice holds, and which of several bindings a name means."""

import pytest

from grader.submission import slice_for
from tests.submission.hand_ins import execute, module, notebook, program_of, sources, value

COLLISION = (
    "import jax_like as jax",
    "def F(U, V, X): return X - U * V",
    "gradU = jax.grad(F)",
    "def grad_U(X, U, V): return gradU(U, V, X) + F(U, V, X)",
    "import functional_like as F",
    "class CompressedNet:\n    def forward(self, x): return F.relu(x)",
)


def test_experiments_are_not_taken() -> None:
    """Loops, plots, downloads, prints and cells that raise are nothing that a function needs."""
    found = notebook(
        "import math, urllib.request\nimport matplotlib.pyplot as plt",
        "urllib.request.urlretrieve('http://nowhere', 'x')",
        "def f(x):\n    return math.floor(x)",
        "for n in range(10**12):\n    f(n)\nplt.plot([f(1)])\nplt.show()",
        "1 / 0",
        "print(f(7.5))",
    )
    assert sources(slice_for(found, ["f"])) == [
        "import math",
        "def f(x):\n    return math.floor(x)",
    ]


def test_an_earlier_function_keeps_its_meaning_of_a_name() -> None:
    """`F` is the function in problem 2, though problem 3 imports something as `F`."""
    found = notebook(*COLLISION)
    part = slice_for(found, ["grad_U"])
    assert sources(part) == list(COLLISION[:4])
    assert part.notes == ("`F` is what cell 2 made it; cell 5 binds it anew",)


def test_a_later_class_gets_the_later_meaning() -> None:
    """And of problem 2 nothing is in its slice."""
    assert sources(slice_for(notebook(*COLLISION), ["CompressedNet"])) == list(COLLISION[4:])


def test_two_meanings_of_one_name_are_both_kept() -> None:
    """Both bindings run in order, and at the end the one that was asked first counts."""
    found = notebook(
        "def F(x): return x",
        "def f(): return F(7)",
        "import math as F\ndef g(): return F.floor(8.5)",
    )
    part = slice_for(found, ["f", "g"])
    assert value(found, "f", others=["g"]) == 7
    assert "`F` is needed as cell 1 made it and as cell 3 did; the first counts" in part.notes
    assert value(found, "g", others=["f"]) == 8
    assert [chunk.label for chunk in part.chunks if "kept" in chunk.source] == ["cell 1"] * 2


def test_a_module_is_as_it_is_when_it_has_been_imported() -> None:
    """No cell ends before the last line, so a function sees the last binding, as in Python."""
    source = "def F(x): return 7\ndef f(): return F(1)\ndef F(x): return 8"
    assert value(module(source), "f") == 8


@pytest.mark.parametrize("mark", ["# %%", "# In[12]:", "# In [12]:"])
def test_marks_make_cells_in_a_module(mark: str) -> None:
    """A notebook that was converted to a script is read like the notebook."""
    source = f"def F(x): return 7\ndef f(): return F(1)\n{mark}\ndef F(x): return 8\n"
    assert value(module(source), "f") == 7
    assert value(module(f"text = '''\n{mark}\n'''\n" + source.replace(mark, "")), "f") == 8


def test_the_own_cell_counts_to_its_end() -> None:
    """A helper below the function in the same cell is meant, not one of the same name above."""
    found = notebook(
        "def g(): return 1", "def f(): return g()\ndef g(): return 7", "def g(): return 2"
    )
    assert value(found, "f") == 7


def test_a_helper_further_down_is_found() -> None:
    """Where nothing before binds a name, the first binding after does."""
    found = notebook("def f(): return g()", "1 / 0", "def g(): return 7", "def g(): return 8")
    assert value(found, "f") == 7


def test_a_constant_counts_as_it_was_at_the_place() -> None:
    """The student saw the function work with the last value above it."""
    found = notebook("eps = 1", "def g(): return eps", "eps = 7", "def f(): return g()", "eps = 9")
    assert value(found, "f") == 7


def test_a_function_that_wraps_its_former_self_takes_both() -> None:
    """`old = f; def f(): old()` needs both definitions, in order."""
    found = notebook("def f(n): return n", "old = f", "def f(n): return old(n) + 1")
    assert len(slice_for(found, ["f"]).chunks) == 3
    assert value(found, "f", 6) == 7


def test_what_runs_at_definition_sees_what_was_before() -> None:
    """Decorators, defaults, bases and class bodies are evaluated at once."""
    found = notebook(
        "n = 7\nclass Base: pass\ndef wrap(g): return g",
        "@wrap\ndef f(x=n): return x\nclass C(Base):\n    size = n",
        "n = 8",
        "def g(): return f() * 10 + C.size",
    )
    assert value(found, "g") == 77


@pytest.mark.parametrize(
    "change",
    [
        "table.append(7)",
        "table[0] = 7",
        "table += [7]",
        "alias = table\nalias.append(7)",
        "for n in range(2): table.append(7)",
        "if True: table.append(7)",
        "first, second = table, 3\nfirst.append(7)",
        "def add(n): table.append(n)\nadd(7)",
        "def add(n): table.append(n)\nmore = add\nlist(map(more, [7]))",
        "import bisect\nbisect.insort(table, 7)",
        "del table[0]\ntable.append(7)",
        "def again():\n    global table\n    table = [7]\nagain()",
        "popped = table.pop()\ntable.append(7)",
    ],
)
def test_changes_of_a_needed_object_are_taken(change: str) -> None:
    """However an object is changed, up to the place, the function sees it changed."""
    found = notebook("table = [3]", change, "def f(): return 7 in table")
    assert value(found, "f") is True


def test_changes_after_the_place_are_not_taken() -> None:
    """What is done to an object in a later problem is another story."""
    found = notebook("table = [7]", "def f(): return table", "table.append(8)")
    assert value(found, "f") == [7]


@pytest.mark.parametrize("asked", ["f", "g"])
def test_a_rule_of_differentiation_belongs_to_its_function(asked: str) -> None:
    """`f.defvjp(...)` completes f, even in a cell of its own; `plt.show()` completes nothing."""
    found = notebook(
        "import jax, pyplot as plt\n@jax.custom_vjp\ndef f(): return plt",
        "def rule(): pass",
        "f.defvjp(rule)\nplt.show()",
        "def g(): return f()",
    )
    taken = sources(slice_for(found, [asked]))
    assert "f.defvjp(rule)" in taken
    assert "def rule(): pass" in taken
    assert "plt.show()" not in taken


def test_a_constant_of_a_loop_is_computed_by_the_loop() -> None:
    """A block that binds a needed name is taken whole, with what was there before."""
    found = notebook("total = 1\nfor n in range(4):\n    total += n", "def f(): return total")
    assert value(found, "f") == 7


def test_a_condition_takes_the_binding_before_it_too() -> None:
    """A block that may not run leaves the name as it was."""
    found = notebook("n = 7", "if len('') > 3: n = 8", "def f(): return n")
    assert value(found, "f") == 7


def test_a_main_guard_is_not_run() -> None:
    """Neither in a module nor in a notebook."""
    source = "n = 7\nif __name__ == '__main__':\n    n = 8\ndef f(): return n"
    assert value(module(source), "f") == 7
    assert len(slice_for(notebook(source), ["f"]).chunks) == 2


def test_only_the_needed_names_of_an_import_are_imported() -> None:
    """A package that is missing here harms nobody who does not need it."""
    found = notebook("import math, google.colab, wandb as w\nfrom os import path, sep")
    found = notebook(
        *[one.source for one in program_of(found).statements], "def f(): return path, math"
    )
    assert sources(slice_for(found, ["f"]))[:2] == ["import math", "from os import path"]


def test_parts_of_a_package_are_imported_together() -> None:
    """`import a.b` adds b to an `a` that may be there already."""
    found = notebook(
        "import xml\nimport xml.dom", "import xml.sax", "def f(): return xml.dom, xml.sax"
    )
    assert len(slice_for(found, ["f"]).chunks) == 4


def test_a_deleted_builtin_is_back() -> None:
    """`del list` gives the builtin back; another deleted name is kept for who needs it."""
    found = notebook("list = [1]", "del list", "def f(): return list((7,))")
    assert value(found, "f") == [7]
    assert value(notebook("n = 7", "del n", "def f(): return n"), "f") == 7


SETTINGS = [
    "jax.config.update('jax_enable_x64', True)",
    "jax.config.jax_enable_x64 = True",
    "if jax.__version__ > '0.4':\n    jax.config.update('jax_enable_x64', True)",
    "config.update('jax_enable_x64', True)",
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_an_imported_library_are_taken(setting: str) -> None:
    """The slice imports a part of jax, so jax's settings before the place belong to it."""
    found = notebook(
        "import jax\nfrom jax import config",
        setting,
        "import jax.numpy as jnp",
        "def f(): return jnp",
    )
    assert setting in sources(slice_for(found, ["f"]))


def test_settings_of_other_libraries_are_not_taken() -> None:
    """Nor are settings after the place, of plots, or from results of experiments."""
    found = notebook(
        "import jax, torch\nimport numpy as np\nimport matplotlib.pyplot as plt",
        "torch.manual_seed(0)",
        "plt.rcParams['figure.dpi'] = 100",
        "seeds = [train() for n in range(10)]\nnp.random.seed(seeds[0])",
        "np.random.seed(1)",
        "plt.show()",
        "def f(): return np, plt",
        "np.random.seed(2)",
    )
    assert sources(slice_for(found, ["f"])) == [
        "import numpy as np",
        "import matplotlib.pyplot as plt",
        "np.random.seed(1)",
        "def f(): return np, plt",
    ]


@pytest.mark.parametrize(
    "setting",
    [
        "torch.set_default_dtype(torch.float64)",
        "torch.backends.cudnn.benchmark = False",
        "torch.use_deterministic_algorithms(True)",
        "os.environ['OMP_NUM_THREADS'] = '1'",
        "os.environ.setdefault('A', '1')",
        "sys.setrecursionlimit(10**6)",
        "sys.path.insert(0, '.')",
        "torch.set_default_device(device)",
    ],
)
def test_settings_for_all_are_taken(setting: str) -> None:
    """Of the library itself, and of the interpreter and the environment that it lives in."""
    found = notebook(
        "import os, sys\nimport torch\ndevice = torch.device('cpu')",
        setting,
        "from torch import nn",
        "class Net(nn.Module): pass",
    )
    assert setting in sources(slice_for(found, ["Net"]))
    assert not slice_for(notebook("import os, torch", setting, "def f(): return 7"), ["f"]).notes
    assert sources(slice_for(notebook("import os", setting, "def f(): pass"), ["f"])) == [
        "def f(): pass"
    ]


def test_a_known_star_import_is_taken_where_it_binds_a_name() -> None:
    """`from numpy import *` after a def of `floor` means numpy's floor, before it the def."""
    star, own = "from numpy import *", "def floor(x): return 8"
    assert value(notebook(own, star, "def f(): return int(floor(7.5))"), "f") == 7
    assert value(notebook(star, own, "def f(): return floor(7.5)"), "f") == 8
    assert sources(slice_for(notebook(star, "def f(): return 7"), ["f"])) == ["def f(): return 7"]


def test_an_unknown_star_import_is_taken_where_a_name_is_bound_nowhere() -> None:
    """It may bind that name; the note says what is not known."""
    found = notebook("from helpers import *", "def f(): return aid()")
    part = slice_for(found, ["f"])
    assert sources(part)[0] == "from helpers import *"
    assert part.notes == ("cell 1 imports every name of `helpers`, which are not known here",)
    assert not slice_for(notebook("from torch.nn import *", "def f(): return Linear"), ["f"]).notes


@pytest.mark.parametrize(
    "use",
    [
        "def f(): return eval('hidden')",
        "def f(): return globals()['hidden']",
        "def f():\n    exec('global out; out = hidden')\n    return out",
    ],
)
def test_unforeseeable_code_gets_every_definition(use: str) -> None:
    """The note says why; loops and calls are not run all the same."""
    found = notebook(
        "import math\nhidden = 7\ndef g(): pass",
        "for n in range(10**12): pass\n1 / 0\nslow = g(10**12)",
        use,
        "hidden = 9",
    )
    part = slice_for(found, ["f"])
    assert value(found, "f") == 7
    assert len(part.chunks) == 4
    assert part.notes[0].startswith("`")
    assert part.notes[0].endswith(
        "in cell 3 may use or bind any name, so all definitions before it were taken"
    )


def test_unforeseeable_code_that_may_bind_a_name_is_taken() -> None:
    """Where a needed name is bound nowhere, what may bind it is run."""
    found = notebook("exec('hidden = 7')", "for n in range(10**12): pass", "def f(): return hidden")
    assert value(found, "f") == 7
    assert value(notebook("exec('hidden = 7')", "def f(): return 7"), "f") == 7
    assert not slice_for(notebook("exec('hidden = 7')", "def f(): return 7"), ["f"]).notes


def test_annotations_are_left_alone_where_the_future_says_so() -> None:
    """Each chunk is compiled by itself, so the import goes with it; lines stay what they are."""
    found = notebook(
        "from __future__ import annotations", "\n# A comment.\ndef f(x: Nowhere = 7):\n    return x"
    )
    (chunk,) = slice_for(found, ["f"]).chunks
    assert chunk.first_line == 2
    function = execute(slice_for(found, ["f"]))["f"]
    assert function() == 7
    assert function.__code__.co_firstlineno == 3


def test_statements_that_share_a_line_are_told_apart() -> None:
    """Columns count bytes, and names are any letters."""
    found = notebook("ñ = 'ñ'; seven = 7; x = 1 / 0", "def f(): return seven")
    assert sources(slice_for(found, ["f"])) == ["seven = 7", "def f(): return seven"]


def test_scopes_are_those_of_python() -> None:
    """Parameters, locals, comprehension variables and class names are nobody's globals."""
    found = notebook(
        "x = y = z = n = self = 1 / 0\nk = 7",
        "class C:\n    x = 3\n    def m(self, y):\n        z = [n for n in range(y)]\n"
        "        def inner():\n            nonlocal z\n            z = k\n            return z\n"
        "        return inner()",
        "def f(): return C().m(2)",
    )
    assert [chunk.label for chunk in slice_for(found, ["f"]).chunks] == [
        "cell 1",
        "cell 2",
        "cell 3",
    ]
    assert value(found, "f") == 7


@pytest.mark.parametrize(
    "use",
    [
        "table = [n for n in range(7)]",
        "table = sum([n + m for n in range(7) for m in range(n)], 0) and {n: n for n in '1234567'}",
        "def f(t=tuple([n for n in range(7)])): return len(t)",
        "if True:\n    table = {n for n in range(7)}",
    ],
)
def test_variables_of_comprehensions_are_nobodys_names(use: str) -> None:
    """Neither used from nor left to the module, whatever the compiler makes of them."""
    found = notebook("n = m = 1 / 0", use)
    (statement,) = (one for one in program_of(found).statements if one.label == "cell 2")
    assert not {"n", "m"} & (statement.names | statement.now)
    assert "n" in program_of(notebook("t = [n for n in [n]]")).statements[0].now
    assert "n" in program_of(notebook("t = [n for n in ()], n")).statements[0].now
    assert "n" in program_of(notebook("for n in [n for n in ()]: pass")).statements[0].names


def test_a_patched_library_is_patched_in_the_slice() -> None:
    """What a function of the library is replaced by comes with it."""
    found = notebook(
        "import torch.nn as nn",
        "def mine(self): pass",
        "nn.Linear.reset = mine",
        "class C(nn.Linear): pass",
    )
    assert len(slice_for(found, ["C"]).chunks) == 4
