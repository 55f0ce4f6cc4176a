"""Who answers, with what, and what an answer may read: functions and methods of every form."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import pytest

from grader.checks.game import Game
from grader.worker.interface import ProbeContext
from grader.worker.namespace import load
from grader.worker.probes.reducio import play

IMPORTS = "import abc, functools, jax, jax.numpy as jnp, numpy as np\n"
GAME = {"harry_answers": "Game.harry_answers"}
GIVEN = """
class Hermione:
    def __init__(self, seed=0):
        self.key = jax.random.PRNGKey(seed)
        self.draw()
    def draw(self):
        self.key, one = jax.random.split(self.key)
        self.r = int(jax.random.randint(one, (), 1, 96))
        self.W1, self.W2 = np.ones((self.r, 100)), np.ones((100, self.r))
    def hermione_computes_function(self, x):
        return jnp.sin(self.W2 @ jnp.cos(self.W1 @ x))
class Game(Hermione):
"""
"""Like the assignment's own, whose constructor draws."""


class Table:
    """A submission and the other side of its game."""

    def __init__(self, source: str, names: Mapping[str, str] | None = None) -> None:
        chunk = {"source": IMPORTS + source, "label": "cell 1", "first_line": 1}
        self.game = Game.draw(np.random.default_rng(0))
        self.context = ProbeContext(load([chunk]), self._answer, names=names or {})

    def _answer(self, query: Any) -> Any:
        return self.game.derivatives("vector", query["order"], query["x"])

    def play(self) -> Any:
        """What the submission answers in one round in which it keeps to the rules."""
        reply = play(self.context, "vector")
        assert reply["read"] == []
        return reply["answer"]


def methods(body: str, head: str = "class Game:\n") -> str:
    return head + "".join(f"    {line}\n" for line in body.splitlines())


FIRST = "float(hermione_computes_function(jnp.ones(100))[0])"
OWN = FIRST.replace("hermione", "self.hermione")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (f"def harry_answers(hermione_computes_function): return {FIRST}", {}),
        (f"def harry_answers(self): return {OWN}", {}),
        (f"def harry_answers(hermione_computes_function, n=3): return {FIRST}", {}),
        (f"harry_answers = lambda hermione_computes_function: {FIRST}", {}),
        (
            "def answer(n, hermione_computes_function): return " + FIRST + "\n"
            "harry_answers = functools.partial(answer, 3)",
            {},
        ),
        (
            f"def harry(hermione_computes_function): return {FIRST}\nharry_answers = harry",
            {"harry_answers": "harry"},
        ),
        (
            (
                "class Harry:\n"
                f"    def __call__(self, hermione_computes_function): return {FIRST}\n"
                "harry_answers = Harry()"
            ),
            {},
        ),
        (methods(f"def harry_answers(self): return {OWN}"), GAME),
        (methods(f"def harry_answers(self, x=None): return {OWN}"), GAME),
        (methods(f"def harry_answers(self, *rest, **more): return {OWN}"), GAME),
        (methods(f"def harry_answers(self, hermione_computes_function): return {FIRST}"), GAME),
        (
            methods("@staticmethod\ndef harry_answers(h): return float(h(jnp.ones(100))[0])"),
            GAME,
        ),
        (methods(f"@staticmethod\ndef harry_answers(self): return {OWN}"), GAME),
        (
            methods(
                "@classmethod\n"
                f"def harry_answers(cls): return {OWN.replace('self.', 'cls.')}"
            ),
            GAME,
        ),
        (methods(f"def harry_answers(self): return {OWN}", GIVEN), GAME),
        (methods(f"def answer(self): return {OWN}"), {"harry_answers": "Game.answer"}),
        (
            methods(
                "def harry_answers(self):\n"
                "    return float(Hermione.hermione_computes_function(self, jnp.ones(100))[0])",
                GIVEN,
            ),
            GAME,
        ),
        (
            methods(f"def harry_answers(self): return {OWN.replace('self', 'super()')}", GIVEN),
            GAME,
        ),
        (
            methods(f"def harry_answers(self): return {OWN}", "class Other(abc.ABC):\n"),
            {"harry_answers": "Other.harry_answers"},
        ),
        (
            methods(f"__slots__ = ('a',)\ndef harry_answers(self): return {OWN}"),
            GAME,
        ),
        (
            methods(f"def __new__(cls, size): return object.__new__(cls)\n"
                    f"def harry_answers(self): return {OWN}"),
            GAME,
        ),
        (
            methods(f"def harry_answers(self): return {OWN}", GIVEN) + "game = Game()",
            {"harry_answers": "game.harry_answers"},
        ),
        (
            methods("pass") + f"def harry_answers(self): return {OWN}",
            {},
        ),
    ],
)  # fmt: skip
def test_play_reaches_answers_of_every_form(source: str, names: dict[str, str]) -> None:
    """Each asks the grader's game, not one of its own."""
    table = Table(source, names)
    for seed in (1, 2):
        table.game = Game.draw(np.random.default_rng(seed))
        expected = table.game.derivatives("vector", 0, np.ones((1, 100), np.float32))[0][0, 0]
        assert table.play() == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize(
    "source",
    [
        "def harry_answers(): return 3",
        "def harry_answers(a, b): return 3",
        methods("def harry_answers(): return 3"),
    ],
)
def test_play_leaves_a_wrong_signature_to_python(source: str) -> None:
    """The error is the one that a student knows."""
    names = GAME if source.startswith("class") else {}
    with pytest.raises(TypeError, match="positional argument"):
        Table(source, names).play()


def test_play_of_a_function_leaves_classes_alone() -> None:
    """One that needs none is not hindered by a class that can't be taken as a base."""
    source = "Game = bool\ndef harry_answers(h): return 3"
    assert Table(source).play() == 3


@pytest.mark.parametrize("name", ["r", "W1", "W2"])
@pytest.mark.parametrize(
    "read",
    [
        "return self.{0}",
        "try: return self.{0}\n    except BaseException: return 5",
        "return 5 if hasattr(self, '{0}') else 6",
        "return getattr(self, '{0}', 5)",
        "return self.look()",
    ],
)
def test_play_reports_what_an_answer_reads(read: str, name: str) -> None:
    """Also when it swallows the error, and in its helpers."""
    body = "def harry_answers(self):\n    " + read.format(name)
    source = methods(f"{body}\ndef look(self): return self.{name}", GIVEN)
    reply = play(Table(source, GAME).context, "vector")
    assert reply["read"] == [name]


def test_play_reports_what_a_plain_function_reads() -> None:
    """A function with `self` has the same rules."""
    reply = play(Table("def harry_answers(self): return self.r").context, "vector")
    assert reply == {"answer": None, "read": ["r"]}


def test_the_secrets_are_nowhere_in_the_object() -> None:
    """Not among its attributes, not in its class, whatever the constructor has drawn."""
    look = """
def harry_answers(self):
    self.key
    found = [name for name in vars(self) if name in ("r", "W1", "W2")]
    for cls in type(self).__mro__:
        for name in ("r", "W1", "W2"):
            if isinstance(vars(cls).get(name), (int, np.ndarray)): found.append(name)
    return len(found)
"""
    assert Table(methods(look, GIVEN), GAME).play() == 0


def test_an_answer_may_keep_its_own_guess_under_a_secrets_name() -> None:
    """What it has put there itself it may read, and delete."""
    body = "def harry_answers(self):\n    self.r = 7\n    r = self.r\n    del self.r\n    return r"
    assert Table(methods(body, GIVEN), GAME).play() == 7


def test_what_is_stored_on_self_lasts() -> None:
    """From round to round, a compiled function among it."""
    body = """
def harry_answers(self):
    if not hasattr(self, "jacobian"):
        self.jacobian = jax.jit(jax.jacfwd(self.hermione_computes_function))
        self.rounds = 0
    self.rounds += 1
    return self.rounds, int(np.linalg.matrix_rank(self.jacobian(jnp.ones(100)), 1.0))
"""
    table = Table(methods(body), GAME)
    ranks = []
    for seed in range(3):
        table.game = Game.draw(np.random.default_rng(seed))
        rounds, rank = table.play()
        assert rounds == seed + 1
        ranks.append(rank)
    assert ranks == [Game.draw(np.random.default_rng(seed)).r for seed in range(3)]


@pytest.mark.parametrize(
    "head",
    [
        "def __init__(self): self.bar, self.r = 0.5, 3",
        "def __init__(self, key): self.bar, self.shape = 0.5, key.shape",
        "def __init__(self, seed, key=None): self.bar = 0.5 if seed == 0 else 1",
        "def __init__(self):\n    self.r = 3\n    self.bar = self.r / 6",
        "bar = 0.5",
        "bar = property(lambda self: 0.5)",
        "def __getattr__(self, name):\n    if name != 'bar': raise KeyError(name)\n    return 0.5",
    ],
)
def test_what_the_class_sets_is_there(head: str) -> None:
    """Its constructor is run where something is missed, with arguments as far as we have them."""
    source = methods(f"{head}\ndef harry_answers(self): return self.bar")
    assert Table(source, GAME).play() == 0.5


def test_the_constructor_is_not_run_for_nothing() -> None:
    """It takes a second, and an answer rarely needs it."""
    source = methods("def __init__(self): raise SystemExit\ndef harry_answers(self): return 3")
    assert Table(source, GAME).play() == 3


def test_the_constructor_is_run_once_at_most() -> None:
    """Attributes that it sets are then changed by the answer alone."""
    source = "made = []\n" + methods(
        "def __init__(self):\n    made.append(1)\n    self.seen = []\n"
        "def harry_answers(self):\n    self.seen.append(1)\n    getattr(self, 'no', 0)\n"
        "    return len(self.seen), len(made)"
    )
    table = Table(source, GAME)
    assert [table.play() for _ in range(3)] == [[1, 1], [2, 1], [3, 1]]


@pytest.mark.parametrize(
    "head",
    ["", "def __init__(self): raise ValueError", "def __init__(self, size, *, deep): self.key = 1"],
)
def test_there_is_a_key_in_any_case(head: str) -> None:
    """As the original has one; its own where its constructor can be run."""
    source = methods(
        f"{head}\ndef harry_answers(self): return jax.random.normal(self.key, (2,))[0]"
    )
    assert Table(source, GAME).play().shape == ()


def test_the_submissions_own_key_comes_first() -> None:
    """What its constructor sets is what its answer expects."""
    source = methods("def __init__(self): self.key = 42\ndef harry_answers(self): return self.key")
    assert Table(source, GAME).play() == 42


def test_a_missing_attribute_is_pythons_own_error() -> None:
    """It names the class and the attribute."""
    source = methods("def harry_answers(self): return self.nothing")
    with pytest.raises(AttributeError, match="'Game' object has no attribute 'nothing'"):
        Table(source, GAME).play()


def test_an_answer_that_jax_still_computes_is_waited_for() -> None:
    """Its questions belong to the round that it answers."""
    source = "def harry_answers(h): return jnp.sum(h(jnp.ones((100, 100)) @ jnp.ones(100) * 1e-3))"
    for _ in range(5):
        assert np.isfinite(Table(source).play())


def test_an_array_kept_over_rounds_is_harmless() -> None:
    """It has its value from its own round, or its error says whose it is."""
    source = (
        "kept = []\ndef harry_answers(h):\n"
        "    kept.append(h(jnp.ones(100)))\n    return float(kept[0][0])"
    )
    table = Table(source)
    first = table.play()
    table.game = Game.draw(np.random.default_rng(5))
    assert table.play() == first


def test_a_function_used_after_its_round_is_refused() -> None:
    """Also from a thread that lives on; the text names no file."""
    source = "kept = []\ndef harry_answers(h):\n    kept.append(h)\n    return 3"
    table = Table(source)
    table.play()
    with pytest.raises(Exception, match="must not be asked after the round"):
        np.asarray(table.context.namespace["kept"][0](np.ones(100)))


def test_an_error_inside_a_callback_is_one_line() -> None:
    """JAX's account of every frame is no help to a student."""
    source = """
def fails(x): raise KeyError("of mine")
def harry_answers(h):
    return jax.pure_callback(fails, jax.ShapeDtypeStruct((), jnp.float32), 1.0) + 1
"""
    with pytest.raises(RuntimeError) as caught:
        Table(source).play()
    assert str(caught.value) == "KeyError: 'of mine'"


def test_the_scalar_form_is_the_squared_norm() -> None:
    """The same game, and what may be differentiated is one number."""
    table = Table("def harry_answers(h): return jax.grad(h)(jnp.full(100, 1e-3))")
    asked = []

    def answer(query: Any) -> Any:
        asked.append(query["order"])
        return table.game.derivatives("scalar", query["order"], query["x"])

    table.context.ask = answer
    gradient = play(table.context, "scalar")["answer"]
    expected = table.game.derivatives("scalar", 1, np.full((1, 100), 1e-3, np.float32))[1][0]
    assert isinstance(gradient, np.ndarray)
    assert jax.numpy.allclose(gradient, expected)
    assert asked == [1]
