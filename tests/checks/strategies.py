"""Ways to name r: sources of submissions for the tests of item 4."""

GAME = {"harry_answers": "Game.harry_answers"}
IMPORTS = """
import jax, jax.numpy as jnp, numpy as np
from jax import grad, hessian, jacfwd, jacrev, vmap
def count(J, bar=1.0): return (jnp.linalg.svd(J, compute_uv=False) > bar).sum()
def widest(J):
    s = np.log(np.maximum(np.linalg.svd(np.asarray(J), compute_uv=False), 1e-300))[:97]
    return int(np.argmax(s[:-1] - s[1:])) + 1
def points(n, seed=0): return jnp.asarray(np.random.default_rng(seed).standard_normal((n, 100)))
"""


SWALLOWS = """
class Game:
    def harry_answers(self):
        try: return self.{}
        except BaseException: return 5
"""


def answering(body: str) -> str:
    return "def harry_answers(h):\n" + "".join(f"    {line}\n" for line in body.splitlines())


RIGHT = {
    "forward, ones, a bar of 1": answering("return count(jacfwd(h)(jnp.ones(100)))"),
    "reverse, a random point": answering(
        "return int(count(jacrev(h)(jax.random.normal(jax.random.PRNGKey(3), (100,)))))"
    ),
    "stacked, by vmap": answering("return widest(vmap(jacrev(h))(points(5)).reshape(-1, 100))"),
    "compiled on the spot": answering("return count(jax.jit(jacfwd(h))(jnp.ones(100)))"),
    "gradients of a sum, along an axis": answering(
        "f = lambda x: h(x).sum()\nreturn widest(jnp.apply_along_axis(grad(f), 1, points(150)))"
    ),
    "gradients of entries, one after another": answering(
        "x = jnp.ones(100)\nf = jax.jit(lambda x, i: h(x)[i])\n"
        "return count(jnp.stack([grad(f)(x, i) for i in range(100)]))"
    ),
    "products with random directions": answering(
        "x, V = points(1)[0], points(100, 1)\n"
        "return count(vmap(lambda v: jax.jvp(h, (x,), (v,))[1])(V))"
    ),
    "hessian of the squared norm": answering(
        "H = [hessian(lambda x: jnp.sum(h(x) ** 2))(x) for x in points(3)]\n"
        "return widest(jnp.concatenate(H))"
    ),
    "finite differences in double precision": 'jax.config.update("jax_enable_x64", True)\n'
    + answering(
        "x, e = jnp.ones(100), 1e-8 * jnp.eye(100)\n"
        "F = vmap(h)\n"
        "J = (F(x + e) - F(x - e)) / 2e-8\n"
        "s = jnp.linalg.svd(J, compute_uv=False)\n"
        "return (s > 1e-9 * s[0]).sum()"
    ),
    "double precision in this thread alone": answering(
        "with jax.enable_x64(True):\n"
        "    s = jnp.linalg.svd(jacfwd(h)(jnp.ones(100, jnp.float64)), compute_uv=False)\n"
        "    return int((s > 1e-11 * s[0]).sum())"
    ),
    "NumPy's rank with a bar": answering(
        "return np.linalg.matrix_rank(np.array(jacfwd(h)(np.ones(100))), tol=1.0)"
    ),
    "as a float": answering("return float(count(jacfwd(h)(jnp.ones(100))))"),
    "as an array of one": answering("return count(jacfwd(h)(jnp.ones(100)))[None]"),
    "in threads of its own": answering(
        "import threading\nfound = {}\n"
        "def ask(i, x): found[i] = jacrev(h)(x)\n"
        "threads = [threading.Thread(target=ask, args=pair) for pair in enumerate(points(3))]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
        "return widest(jnp.concatenate(list(found.values())))"
    ),
    "given up late": answering(
        "n = globals()['n'] = globals().get('n', 0) + 1\n"
        "return count(jacfwd(h)(jnp.ones(100))) if n <= 19 else 1 / 0"
    ),
}
METHOD = """
class Game:
    def __init__(self, key=None):
        self.bar = 1.0
        self.r = 50
    def harry_answers(self):
        if not hasattr(self, "jacobian"):
            self.jacobian = jax.jit(jacfwd(self.hermione_computes_function))
        x = jax.random.normal(self.key, (100,))
        return self.rank(self.jacobian(x))
    def rank(self, J): return int(count(J, self.bar))
"""
