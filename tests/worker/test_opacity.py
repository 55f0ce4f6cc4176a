"""Nothing in the worker holds r, W1 or W2; and its callbacks don't wait for each other."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.game import Game
from tests.worker.serving import Served

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs the memory of another process as a file"
)

USE = """
import jax, jax.numpy as jnp, numpy as np
from jax import jacfwd, jacrev, vmap
POINTS = jnp.asarray(np.random.default_rng(5).standard_normal((3, 100)))
def use(h):
    x = jnp.ones(100)
    y = vmap(jacrev(h))(POINTS)
    z = jax.jit(jacfwd(h))(x)
    w = jax.hessian(lambda x: (h(x) ** 2).sum())(x)
    return jax.block_until_ready((h(x), y, z, w))
"""
WALK = """
import gc, sys, types
def sides(things):
    found = set()
    for thing in things:
        try:
            shape = tuple(thing.shape)
        except Exception:
            continue
        found.update(side for side in shape if isinstance(side, int))
    return found
def walk(h):
    x = jnp.ones(100)
    jaxprs = [jax.make_jaxpr(f)(x) for f in (h, jacfwd(h), jacrev(h), jax.jit(h), planted)]
    consts = [const for jaxpr in jaxprs for const in jaxpr.consts]
    frames, frame = [], sys._getframe()
    while frame is not None:
        frames += frame.f_locals.values()
        frame = frame.f_back
    cells, seen, stack = [], set(), [h, planted]
    while stack:
        thing = stack.pop()
        if id(thing) in seen or isinstance(thing, types.ModuleType) or len(seen) > 200_000:
            continue
        seen.add(id(thing))
        cells.append(thing)
        if not isinstance(thing, dict) or "__builtins__" not in thing:
            stack += gc.get_referents(thing)
    everything = [*gc.get_objects(), *jax.live_arrays(), *consts, *frames, *cells]
    return sorted(sides(everything)), len(cells), len(consts)
hidden = np.ones((41, 100), np.float32)
def planted(x, kept=jnp.ones((43, 100))): return jnp.sin(hidden @ x).sum() + kept[0, 0]
def harry_answers(h):
    kept = use(h)
    local = np.ones((47, 100))
    return walk(h)
"""
"""Collects the sides of all arrays that a submission can reach; three are planted for it."""


def game_of(r: int) -> Game:
    rng = np.random.default_rng(0)
    W1, W2 = (100 * rng.random(shape, dtype=np.float32) for shape in ((r, 100), (100, r)))
    return Game(r, W1, W2)


def memory_of(pid: int) -> Iterator[bytes]:
    """What a process can write to, region by region."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                yield memory.read(end - start)


def test_no_object_of_the_worker_has_a_side_of_length_r(tmp_path: Path) -> None:
    """Objects, frames, closures, jaxprs and live arrays are walked; the planted ones are found."""
    game = game_of(37)
    with Served(tmp_path) as worker:
        worker.load(USE + WALK, {"harry_answers": "harry_answers"})
        reply = worker.play(lambda query: game.derivatives("vector", query["order"], query["x"]))
    found, cells, consts = reply["answer"]
    assert {41, 43, 47, 100} <= set(np.asarray(found).tolist())
    assert 37 not in np.asarray(found)
    assert cells > 100
    assert consts >= 1


def test_no_memory_of_the_worker_holds_the_matrices(tmp_path: Path) -> None:
    """Neither in a query nor afterwards, by rows or columns; what was asked is found."""
    game = game_of(37)
    pieces = [
        np.ascontiguousarray(piece).astype(dtype)[:4].tobytes()
        for matrix in (game.W1, game.W2)
        for piece in (matrix[0], matrix[-1], matrix[:, 0], matrix[:, -1])
        for dtype in (np.float32, np.float64)
    ]
    counts = {"asked": 0, "secret": 0, "scans": 0}

    def scan(points: Any) -> None:
        counts["scans"] += 1
        regions = list(memory_of(worker.pid))
        counts["asked"] += any(points.tobytes() in region for region in regions)
        for region in regions:
            counts["secret"] += sum(piece in region for piece in pieces)

    def answer(query: Any) -> Any:
        if len(query["x"]) == 3:
            scan(query["x"][1])
        return game.derivatives("vector", query["order"], query["x"])

    source = USE + "kept = []\ndef harry_answers(h):\n    kept.append((h, use(h)))\n    return 3\n"
    with Served(tmp_path) as worker:
        try:
            next(memory_of(worker.pid))
        except PermissionError:
            pytest.skip("this user may not read the memory of its own child")
        worker.load(source, {"harry_answers": "harry_answers"})
        worker.play(answer)
        scan(np.random.default_rng(5).standard_normal((3, 100)).astype(np.float32)[1])
    assert counts == {"scans": 2, "asked": 2, "secret": 0}


CROWD = """
import jax, jax.numpy as jnp, numpy as np
def harry_answers(h):
    pending = jnp.ones((400, 400)) @ jnp.ones((400, 400))
    many = jnp.concatenate([pending[:, :100] * 1e-9] * 20)
    total = 0.0
    for _ in range(3):
        values = jax.vmap(h)(many)
        jacobians = jax.vmap(jax.jacfwd(h))(many[:200])
        unused = h(many[0] + 1)
        total = total + values.sum() + jacobians.sum()
    return bool(jnp.isfinite(total))
"""
"""Large arrays that are still computed when a callback asks for them."""


@pytest.mark.parametrize("count", [1, 2])
def test_callbacks_about_pending_arrays_do_not_hang(tmp_path: Path, count: int) -> None:
    """On one processor, too, where JAX would have one thread for both."""
    cpus = sorted(os.sched_getaffinity(0))[:count]
    game = game_of(37)
    with Served(tmp_path, cpus=cpus, seconds=60) as worker:
        worker.load(CROWD, {"harry_answers": "harry_answers"})
        for _ in range(2):
            reply = worker.play(
                lambda query: game.derivatives("vector", query["order"], query["x"])
            )
            assert reply["answer"] is True


def test_an_unused_value_asks_nothing_after_its_round(tmp_path: Path) -> None:
    """JAX may still be about to compute it when the answer is there; the channel stays in step."""
    source = """
import jax, jax.numpy as jnp
def harry_answers(h):
    unused = [h(jnp.ones((300, 300))[0, :100] * number) for number in range(20)]
    return 3
"""
    game = game_of(37)
    with Served(tmp_path) as worker:
        worker.load(source, {"harry_answers": "harry_answers"})
        for _ in range(10):
            reply = worker.play(
                lambda query: game.derivatives("vector", query["order"], query["x"])
            )
            assert reply["answer"] == 3


def test_a_dead_channel_ends_the_worker(tmp_path: Path) -> None:
    """Nobody is left to answer, so nothing waits."""
    source = "def harry_answers(h):\n    while True: h([0.0] * 100)"

    class GoneError(Exception):
        pass

    def vanish(_query: Any) -> Any:
        raise GoneError

    with Served(tmp_path) as worker:
        worker.load(source, {"harry_answers": "harry_answers"})
        with pytest.raises(GoneError):
            worker.play(vanish)
        worker.hang_up()
        worker.wait(20)
