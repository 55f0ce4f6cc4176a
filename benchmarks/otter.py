"""(b) otter-grader grading the same notebook: gradients by JAX, and 100 rounds of the game."""

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.clock import GRADER, ROOT, time_command
from benchmarks.hand_in import write_notebook, write_rubric
from benchmarks.table import Row

WANTED = 10.0
VERSION = "7.0.0"
ENVIRONMENT = ROOT / "build" / "benchmarks" / "otter"
"""An environment of its own: its packages are not the grader's."""
PACKAGES = (f"otter-grader=={VERSION}", "jax==0.10.2", "jaxlib==0.10.2", "ipykernel")
TESTS = {
    "gradients": """
OK_FORMAT = False
from otter.test_files import test_case

name = "gradients"
points = 4


@test_case(points=4)
def test_gradients(grad_U, grad_V):
    import jax
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(0)

    def F(U, V, X):
        return 0.5 * jnp.sum((X - U @ V) ** 2)

    for _ in range(12):
        n = int(rng.integers(3, 30))
        k = int(rng.integers(1, n))
        X, U, V = (rng.normal(size=s).astype(np.float32) for s in ((n, n), (n, k), (k, n)))
        assert np.allclose(grad_U(X, U, V), jax.grad(F, 0)(U, V, X), rtol=1e-3, atol=1e-3)
        assert np.allclose(grad_V(X, U, V), jax.grad(F, 1)(U, V, X), rtol=1e-3, atol=1e-3)
""",
    "game": """
OK_FORMAT = False
from otter.test_files import test_case

name = "game"
points = 15


@test_case(points=15)
def test_game(Game):
    game = Game(0)
    right = 0
    for _ in range(100):
        game.draw()
        right += game.harry_answers() == game.r
    assert right >= 95
""",
}


def measure(work: Path, *, runs: int) -> list[Row]:
    """One row; otter-grader runs without a container, as fast as it can."""
    _install()
    tests, results = work / "tests", work / "results"
    tests.mkdir(exist_ok=True)
    results.mkdir(exist_ok=True)
    for name, text in TESTS.items():
        (tests / f"{name}.py").write_text(text, encoding="utf-8")
    notebook = write_notebook(work / "ps1.ipynb", rounds=0)
    path = {"PATH": f"{ENVIRONMENT / 'bin'}:/usr/bin:/bin"}
    otter = str(ENVIRONMENT / "bin" / "otter")
    archive = ["generate", "--no-requirements", "--no-environment", "-o", "autograder.zip"]
    time_command([otter, *archive], runs=1, cwd=work, env=path)
    graded = [otter, "run", notebook.name, "-a", "autograder.zip", "-o", "results", "--no-logo"]
    theirs = time_command(graded, runs=runs, cwd=work, env=path)
    if "19.000 / 19.000" not in theirs.output:
        raise RuntimeError(f"otter-grader gave other points than 19: {theirs.output[-800:]}")
    rubric = write_rubric(work / "rubric.yaml")
    own = [*GRADER, "grade", str(notebook), "--rubric", str(rubric)]
    ours = time_command(own, runs=runs, codes=(0, 1))
    what = "gradients and 100 rounds of one notebook"
    return [Row("b", what, f"otter-grader {VERSION}, no container", theirs, ours, WANTED)]


def _install() -> None:
    if (ENVIRONMENT / "bin" / "otter").exists():
        return
    venv.create(ENVIRONMENT, with_pip=True)
    print(f"installing otter-grader {VERSION}", file=sys.stderr)
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
    subprocess.run(pip, check=True)
