"""What a forward pass takes, however it is written."""

import pytest
import torch

from grader.worker.probes import compression, operations
from tests.checks.compressed_family import PLAIN, changed
from tests.worker.probes.contexts import context_for

RANK, BATCH = 2, 100
FACTORED = 2 * BATCH * RANK * (3072 + 12 + 12 + 10)
DENSE = 2 * BATCH * (3072 * 12 + 12 * 10)
FORWARD = "F.linear(F.linear(x, self.V), self.U, self.bias)"
SHAPES = [[12, 3072]]


def counted(source: str) -> dict[str, object]:
    context = context_for(source)
    compression.build(context, RANK)
    told = operations.operations(context, RANK, BATCH, SHAPES)
    assert told["foreign"] == []
    assert told["profiled"] <= told["flops"]
    assert told["elementwise"] < told["flops"]
    return {key: told[key] for key in ("flops", "formed")}


@pytest.mark.parametrize(
    "forward",
    [
        FORWARD,
        "x @ self.V.T @ self.U.T + self.bias",
        "torch.addmm(self.bias, x @ self.V.T, self.U.T)",
        "torch.einsum('or,br->bo', self.U, torch.einsum('ri,bi->br', self.V, x)) + self.bias",
        "torch.bmm((x @ self.V.T)[None], self.U.T[None])[0] + self.bias",
        "torch.stack([self.U.mv(self.V.mv(v)) for v in x]) + self.bias",
        "torch.stack([torch.addmv(self.bias, self.U, self.V @ v) for v in x])",
        "torch.vmap(lambda v: self.U @ (self.V @ v))(x) + self.bias",
    ],
)
def test_operations_counts_products_in_every_form(forward: str) -> None:
    """Two multiplications and additions for each number of the factors and each image."""
    told = counted(changed((FORWARD, forward)))
    assert told == {"flops": FACTORED, "formed": []}


@pytest.mark.parametrize("decorator", ["inference_mode", "no_grad", "enable_grad"])
def test_operations_sees_through_modes(decorator: str) -> None:
    """Compound operations are taken apart where torch would run them whole."""
    source = changed(
        ("    def forward(self, x):", f"    @torch.{decorator}()\n    def forward(self, x):")
    )
    assert counted(source) == {"flops": FACTORED, "formed": []}


@pytest.mark.parametrize(
    "forward",
    [
        "F.linear(x, self.U @ self.V, self.bias)",
        "x @ (self.V.T @ self.U.T) + self.bias",
        "F.linear(x, (self.U[:, :, None] * self.V[None]).sum(1), self.bias)",
        "F.linear(x, torch.einsum('or,ri->oi', self.U, self.V), self.bias)",
    ],
)
def test_operations_sees_the_product_of_the_factors(forward: str) -> None:
    """A new matrix of the weight matrix's shape, or its transpose's, is noticed."""
    told = counted(changed((FORWARD, forward)))
    assert told["formed"] in ([[12, 3072]], [[3072, 12]], [[12, 3072], [3072, 12]])


def test_operations_takes_views_of_stored_matrices_for_nothing_new() -> None:
    """The transpose of a dense matrix that is stored is not formed; its cost shows all the same."""
    source = changed(
        ("nn.Parameter(U * s.sqrt())", "nn.Parameter(layer.weight.detach().clone())"),
        (FORWARD, "x @ self.U.T + self.bias"),
    )
    assert counted(source) == {"flops": DENSE, "formed": []}


def test_operations_misses_what_torch_does_not_do() -> None:
    """Work in NumPy leaves the count too low, which the grader asks about."""
    numpy = "torch.from_numpy(x.numpy() @ self.V.detach().numpy().T) @ self.U.T + self.bias"
    assert counted(changed((FORWARD, numpy)))["flops"] == 2 * BATCH * RANK * (12 + 10)


HIDDEN = {
    "modes switched off": (
        "",
        "with torch.utils._python_dispatch._disable_current_modes(): x @ self.W",
    ),
    "a guard of torch's core": ("", "with torch._C._DisableTorchDispatch(): x @ self.W"),
    "a thread": (
        "import threading\n",
        "t = threading.Thread(target=lambda: x @ self.W); t.start(); t.join()",
    ),
    "a pool made before": (
        (
            "from concurrent.futures import ThreadPoolExecutor\nPOOL = ThreadPoolExecutor(1)\n"
            "POOL.submit(int).result()\n"
        ),
        "POOL.submit(lambda: x @ self.W).result()",
    ),
    "an operator of its own": (
        (
            "@torch.library.custom_op('own::dense', mutates_args=())\n"
            "def dense(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor: return x @ w\n"
        ),
        "dense(x, self.W)",
    ),
}
"""Where dense work hides beside a factored pass -> what comes first, what `forward` does."""


@pytest.mark.parametrize(("first", "work"), HIDDEN.values(), ids=HIDDEN.keys())
def test_hidden_products_are_profiled(first: str, work: str) -> None:
    """What the dispatch mode does not see, the profiler does; foreign operators are named."""
    source = changed(
        ("class Low(", first + "class Low("),
        ("        return F.linear(F", f"        {work}\n        return F.linear(F"),
        ("self.bias = nn", "self.W = torch.randn(layer.in_features, 500); self.bias = nn"),
    )
    context = context_for(source)
    compression.build(context, RANK)
    told = operations.operations(context, RANK, BATCH, SHAPES)
    hidden = 2 * BATCH * 500 * (3072 + 12)
    assert told["profiled"] == FACTORED + hidden
    assert told["flops"] <= FACTORED + hidden * bool(told["foreign"])
    assert told["foreign"] == (["own::dense"] if "own::" in first else [])


@pytest.mark.parametrize(
    "forward",
    [
        "(x[:, None] * (self.U @ self.V)[None]).sum(-1) + self.bias",
        "torch.stack([(x * row).sum(-1) for row in self.U @ self.V], 1) + self.bias",
    ],
)
def test_elementwise_work_is_counted(forward: str) -> None:
    """A product written as multiplications and sums costs what it is."""
    context = context_for(changed((FORWARD, forward)))
    compression.build(context, RANK)
    told = operations.operations(context, RANK, BATCH, SHAPES)
    assert told["flops"] + told["elementwise"] >= 0.9 * DENSE


def test_watch_leaves_results_as_they_are() -> None:
    """Watching changes nothing of what is computed."""
    a, b = torch.randn(3, 4), torch.randn(5, 4)
    expected = torch.nn.functional.linear(a, b)
    with operations.Watch(set(), set()) as watch:
        assert torch.equal(torch.nn.functional.linear(a, b), expected)
    assert watch.flops == 2 * 3 * 4 * 5


def test_operations_are_counted_at_full_rank_too() -> None:
    """Nothing depends on the factors being thin."""
    context = context_for(PLAIN)
    compression.build(context, 12)
    told = operations.operations(context, 12, BATCH, [])
    assert told["flops"] == 2 * BATCH * (12 * (3072 + 12) + 10 * (12 + 10))
