"""grader/submission/hints.py: what a student is told about a name that is not there."""

import pytest

from grader.submission import slice_for
from tests.submission.hand_ins import markdown, module, notebook


def told(asked: str, *cells: str, optional: tuple[str, ...] = ()) -> str:
    return slice_for(notebook(*cells), [asked], optional=optional).missing[asked]


SVD_NET = (
    "class SVDNet(nn.Module):\n    def __init__(self, net, r, device='cpu'):\n"
    "        super().__init__()"
)
GIVEN = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()"
LAYER = "class LowRank(nn.Module):\n    def __init__(self, layer, r): pass"


def test_the_alike_class_is_named_with_signature_and_place() -> None:
    """The hint says what to do, ready to be copied."""
    found = notebook("import torch", markdown("text"), GIVEN, LAYER, SVD_NET)
    assert slice_for(found, ["CompressedNet"], optional=["Net"]).missing["CompressedNet"] == (
        "`CompressedNet` not found; `SVDNet(net, r, device='cpu')` in cell 5 looks like it: rename "
        "it, or grade with `--alias CompressedNet=SVDNet`"
    )


@pytest.mark.parametrize(
    ("asked", "cells", "likely"),
    [
        ("grad_U", ["def gradU(X, U, V): pass", "def gradV(X, U, V): pass"], "gradU(X, U, V)"),
        ("grad_U", ["def grad_u(X, U, V): pass", "def grad_v(X, U, V): pass"], "grad_u(X, U, V)"),
        ("grad_U", ["Grad_U = jit(grad(F))"], "Grad_U"),
        ("grad_U", ["gradU = grad(F)", "def Grad_U(*args, k=0): pass"], "Grad_U(*args, k=0)"),
        (
            "grad_V",
            ["def compute_grad_V(X): pass", "def compute_grad_U(X): pass"],
            "compute_grad_V(X)",
        ),
        ("rayleigh_gradient", ["def rayleigh_grad(A, x): pass"], "rayleigh_grad(A, x)"),
        ("rayleigh_gradient", ["def reyleigh_gradient(A, x): pass"], "reyleigh_gradient(A, x)"),
        ("rank_one_svd", ["def svd_rank_one(n): pass", "def svd(A): pass"], "svd_rank_one(n)"),
        ("norm_constants", ["norms_constants = lambda n, m=[1]: n"], "norms_constants(n, m=…)"),
        ("CompressedNet", [GIVEN, "class compressed_net(nn.Module): pass"], "compressed_net()"),
        (
            "CompressedNet",
            [GIVEN, "class MyNet(torch.nn.Module):\n    def __init__(self, model, rank): pass"],
            "MyNet(model, rank)",
        ),
        ("harry_answers", ["class Game:\n    def harry_answer(self): pass"], "Game.harry_answer()"),
        (
            "fine_tune",
            ["def finetune(net, loader, epochs=5, **more): pass"],
            "finetune(net, loader, epochs=5, **more)",
        ),
    ],
)
def test_the_most_alike_thing_is_named(asked: str, cells: list[str], likely: str) -> None:
    """By letters, by words, by case, by what it takes."""
    assert f"; `{likely}` in cell " in told(asked, *cells)


@pytest.mark.parametrize(
    ("asked", "cells"),
    [
        ("grad_U", ["def test(net): pass", "x = f(3)", "class Net: pass"]),
        ("CompressedNet", ["import torch", "def train(net): pass", "class Dataset: pass"]),
        ("rank_one_svd", ["def loss(x): pass"]),
        ("harry_answers", ["class Game:\n    def play(self): pass"]),
    ],
)
def test_what_is_not_alike_is_not_named(asked: str, cells: list[str]) -> None:
    """A wrong guess would send the student astray."""
    assert told(asked, *cells) == (
        f"`{asked}` not found; define it at the top level, under this very name"
    )


def test_what_is_asked_for_itself_is_no_candidate() -> None:
    """`Net` is another name of the assignment, not a mistyped `CompressedNet`."""
    assert "looks like" not in told("CompressedNet", GIVEN, optional=("Net",))


def test_a_long_signature_is_cut() -> None:
    """A hint is one line."""
    many = ", ".join(f"parameter{at}" for at in range(30))
    assert "`gradU(…)` in cell 1" in told("grad_U", f"def gradU({many}): pass")


def test_a_name_in_a_broken_cell_is_said_to_be_there() -> None:
    """With the line to mend, rather than the name of something else."""
    found = notebook("def gradU(): pass", "x = 1\n\ndef grad_U(X, U, V)\n    return X")
    assert slice_for(found, ["grad_U"]).missing["grad_U"] == (
        "`grad_U` is defined in cell 2, which has a syntax error in line 3: expected ':'; mend it"
    )


def test_a_name_below_a_main_guard_is_said_to_be_there() -> None:
    """What stands there is not run when a module is imported."""
    found = module("if __name__ == '__main__':\n    def f(): return 7")
    assert "below `if __name__ == ...`, which is not run" in slice_for(found, ["f"]).missing["f"]


def test_a_name_inside_of_a_function_is_said_to_be_there() -> None:
    """Only the top level is graded."""
    assert told("f", "def problem():\n    def f(): return 7\n    return f") == (
        "`f` not found at the top level; it is defined inside of `problem` in cell 1: move it out"
    )


def test_a_name_that_may_be_made_by_exec_is_said_so() -> None:
    """It can't be seen without running it."""
    assert "`exec` in cell 1 may define it" in told("f", "exec('def f(): return 7')")


def test_the_place_in_a_module_has_a_line() -> None:
    """There are no cells to count; the line of the definition is below its decorators."""
    found = module("x = 1\n\n@wrap\n@wrap\ndef gradU(): pass")
    assert (
        "`gradU()` in ps1.py, line 5 looks like it"
        in slice_for(found, ["grad_U"]).missing["grad_U"]
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "x = 1\n# def f(a):\n#     return 7",
            "is commented out in ps1.py, line 2; remove the comm",
        ),
        ("#%%time\n#\n# class f:\n#     pass", "is commented out in ps1.py, line 3"),
        ("class A:\n    # async def f(self):\n    pass", "is commented out in ps1.py, line 2"),
        (
            "x = 1\n'''\ndef f(a):\n    return 7\n'''",
            "stands within a string in ps1.py, line 3; re",
        ),
        ('"""def f(a):\n    return 7"""', "stands within a string in ps1.py, line 1"),
    ],
)
def test_a_definition_that_is_commented_out_is_named(source: str, words: str) -> None:
    """Colab does that to cells with magics when it downloads a notebook as a script."""
    told = slice_for(module(source), ["f"]).missing["f"]
    assert told.startswith(f"`f` not found; its definition {words}")


def test_a_comment_about_a_name_is_no_definition() -> None:
    """Prose and other names are not taken for one."""
    told = slice_for(module("# f is defined below\n# f = 7\n# def ff(x):\nx = 'def f(x):'"), ["f"])
    assert "definition" not in told.missing["f"]
