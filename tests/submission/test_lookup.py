"""grader/submission/lookup.py: where an asked name is found."""

import pytest

from grader.submission import slice_for
from tests.submission.hand_ins import module, notebook, sources, value


@pytest.mark.parametrize(
    "definition",
    [
        "def f(): return 7",
        "f = lambda: 7",
        "def g(): return 7\nf = g",
        "import functools\nf = functools.partial(max, 3, 7)",
        "f, g = (lambda: 7), 8",
        "(g, [f]) = 8, [lambda: 7]",
        "f: object = lambda: 7",
        "(f := lambda: 7)",
        "for f in [lambda: 7]: pass",
        "with open('/dev/null'): f = lambda: 7",
        "try:\n    from nowhere import f\nexcept ImportError:\n    def f(): return 7",
        "if True:\n    def f(): return 7",
        "class f:\n    def __new__(cls): return 7",
        "from math import factorial as f\nimport math\ng = f\ndef f(): return g(3) + 1",
        "def make():\n    global f\n    def f(): return 7\nmake()",
        "match 7:\n    case g: f = lambda: g",
    ],
)
def test_a_name_is_found_however_it_is_bound(definition: str) -> None:
    """Whatever binds a name at the top level defines it."""
    assert value(notebook("x = 1", definition), "f") == 7


def test_the_last_definition_counts() -> None:
    """As in the notebook when it has been run."""
    found = notebook("def f(): return 1", "def f(): return 7")
    assert sources(slice_for(found, ["f"])) == ["def f(): return 7"]


def test_a_broken_definition_does_not_count() -> None:
    """The last one that can run does."""
    assert value(notebook("def f(): return 7", "def f(:"), "f") == 7


def test_a_class_that_is_changed_further_down_is_taken_with_the_change() -> None:
    """`Net.forward = better` defines `Net` anew."""
    found = notebook(
        "class Net:\n    def forward(self): return 1",
        "def better(self): return 7",
        "Net.forward = better",
    )
    part = slice_for(found, ["Net"])
    assert len(part.chunks) == 3


def test_a_name_that_only_a_class_has_is_its_method() -> None:
    """The original form of the game is a method, whatever the class is called."""
    found = notebook("N = 7", "class Game2:\n    def harry_answers(self): return N")
    part = slice_for(found, ["harry_answers"])
    assert part.bound == {"harry_answers": "Game2.harry_answers"}
    assert part.notes == ("`harry_answers` is `Game2.harry_answers` of cell 2",)
    assert sources(part)[0] == "N = 7"


def test_an_optional_name_is_no_method() -> None:
    """A `Trainer.train` is not the assignment's `train`."""
    found = notebook("class Trainer:\n    def train(self): pass\ndef f(): pass")
    part = slice_for(found, ["f"], optional=["train"])
    assert "train" not in part.bound


PLAIN = "def harry_answers(h): return 7"
METHOD = "class Game:\n    def harry_answers(self): return 8"


@pytest.mark.parametrize(
    ("cells", "path"),
    [
        ([PLAIN, METHOD], "Game.harry_answers"),
        ([METHOD, PLAIN], "harry_answers"),
        ([METHOD, "class Other:\n    def harry_answers(self): return 9"], "Other.harry_answers"),
        ([METHOD, "class Game(Game):\n    def play(self): pass"], "Game.harry_answers"),
        # A template's stub is no answer.
        ([PLAIN, "class Game:\n    def harry_answers(self):\n        'Doc.'\n"], "harry_answers"),
        (
            [PLAIN, "class Game:\n    def harry_answers(self): raise NotImplementedError('do')"],
            "harry_answers",
        ),
        # A function that waits to be a method is one when it is attached.
        ([METHOD, "def harry_answers(self): return 7"], "Game.harry_answers"),
        (
            [
                "class Game: pass",
                "def harry_answers(self): return 7",
                "Game.harry_answers = harry_answers",
            ],
            "Game.harry_answers",
        ),
        (
            ["class Game: pass", "def g(self): return 7", "setattr(Game, 'harry_answers', g)"],
            "Game.harry_answers",
        ),
        (["class Game:\n    harry_answers = lambda self: 7"], "Game.harry_answers"),
        (["def harry_answers(self): return 7"], "harry_answers"),
    ],
)
def test_the_later_of_two_forms_counts(cells: list[str], path: str) -> None:
    """A whole definition goes before a stub, then the later one before the earlier."""
    assert slice_for(notebook(*cells), ["harry_answers"]).bound["harry_answers"] == path


def test_an_attached_method_comes_with_its_class() -> None:
    """Class, function and attachment are all in the slice, and it runs."""
    found = notebook(
        "class Game:\n    pass",
        "def answer(self): return 7",
        "Game.harry_answers = answer",
        "1 / 0",
    )
    assert value(found, "harry_answers", None) == 7


def test_an_alias_is_taken_in_place_of_the_name() -> None:
    """By plain name or as `Class.method`."""
    found = notebook("class SVDNet: pass", "class Game2:\n    def answer(self): return 7")
    aliases = {"CompressedNet": "SVDNet", "harry_answers": "Game2.answer"}
    part = slice_for(found, list(aliases), aliases=aliases)
    assert part.bound == aliases


def test_an_alias_that_is_not_there_is_said() -> None:
    """A mistyped option is no riddle."""
    told = slice_for(module("x = 1"), ["f"], aliases={"f": "g"}).missing["f"]
    assert told.startswith("`g`, the alias of `f`, not found")


def test_a_function_that_was_meant_as_a_method_comes_with_its_class() -> None:
    """What it uses of `self` says which class that is."""
    found = notebook(
        "class Other:\n    def play(self): pass",
        "class Game:\n    def ask(self, x): return x",
        "def harry_answers(self): return self.ask(7)",
    )
    part = slice_for(found, ["harry_answers"])
    assert part.bound == {"harry_answers": "harry_answers"}
    assert [chunk.label for chunk in part.chunks] == ["cell 2", "cell 3"]
