"""Problem 3 in the real sandbox: at full size, and against what a process can hide or forge."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise

import numpy as np
import pytest
import torch

from grader.checks.interface import CHECKS, Bench, Outcome, SubmissionFault
from grader.data.baseline import Architecture, Baseline, BaselineSpec
from grader.data.interface import SHAPE, Dataset, Images
from grader.draws import SeededDraws
from grader.errors import SandboxError
from grader.sandbox import Limits, Sandbox, choose_guards, choose_launcher
from grader.session import ItemSession
from grader.submission import Chunk
from tests.checks.compressed_family import HEAD, PLAIN, changed
from tests.checks.small_baseline import small_baseline

Grade = Callable[..., Mapping[str, str]]


@pytest.fixture(scope="module")
def warm_sandbox() -> Iterator[Sandbox]:
    """One submission's sandbox with the heavy packages imported ahead."""
    try:
        made = Sandbox(choose_launcher("bubblewrap"), choose_guards(), modules=("numpy", "torch"))
    except SandboxError as exc:
        pytest.skip(f"no sandbox here: {exc}")
    with made:
        yield made


@pytest.fixture
def grade(warm_sandbox: Sandbox) -> Iterator[Grade]:
    """Grades rows of one item; gives what was said about those that were lost."""
    with ExitStack() as stack:

        def grade_rows(
            source: str, *rows: str, baseline: Callable[[], Baseline] = small_baseline
        ) -> Mapping[str, str]:
            names = ("CompressedNet", "fine_tune", "compression_curve", "layer_singular_values")
            session = ItemSession(
                warm_sandbox,
                Limits(wall_seconds=240, threads=2),
                [Chunk(source, "cell 1", 1)],
                {name: name for name in names if name in source},
            )
            stack.callback(session.abandon)
            bench = Bench(
                session=session,
                draws=SeededDraws(b"secret", "tests", "3.2"),
                baseline=baseline,
                threads=2,
                device="cpu",
                progress=lambda _done, _total: None,
            )
            losses = {}
            for row in rows:
                spec = CHECKS[f"compression.{row}"]
                found: Outcome | SubmissionFault
                try:
                    found = spec.run(spec.params(), bench)
                except SubmissionFault as fault:
                    found = fault
                if isinstance(found, SubmissionFault) or found.value < 1:
                    losses[row] = f"{found.feedback} {found.hint}"
            session.close()
            return losses

        yield grade_rows


def full_size() -> Baseline:
    """The assignment's network with its first weights, as large and as hard as a trained one."""
    architecture = Architecture()
    rng = np.random.default_rng(0)
    images = Images(rng.integers(0, 256, (200, *SHAPE), np.uint8), rng.integers(0, 10, 200))
    torch.manual_seed(0)
    weights = {}
    for layer, sides in zip(architecture.layers, pairwise(architecture.widths), strict=True):
        linear = torch.nn.Linear(*sides)
        # Signals keep their size from layer to layer, as in a trained network.
        weights[f"{layer}.weight"] = linear.weight.detach().numpy() * np.float32(np.sqrt(6))
        weights[f"{layer}.bias"] = linear.bias.detach().numpy()
    return Baseline(
        key="full size",
        dataset=Dataset("noise", images, images, images, ""),
        weights=weights,
        accuracy=0.1,
        losses=(),
        seconds=0.0,
        spec=BaselineSpec(architecture=architecture),
    )


@pytest.mark.timeout(400)
def test_a_right_network_of_full_size_earns_every_row(grade: Grade) -> None:
    """The assignment's own sizes, in one warm sandbox, in the rubric's order."""
    rows = ("truncation", "flops", "unchanged", "edge_ranks", "trainable", "storage")
    assert grade(PLAIN, *rows, baseline=full_size) == {}


HIDING = {
    "in a module": ("torch.hidden = weights", "torch.hidden"),
    "in a file": ("torch.save(weights, '/tmp/net')", "torch.load('/tmp/net')"),
    "in a shared file": ("torch.save(weights, '/dev/shm/net')", "torch.load('/dev/shm/net')"),
}
"""Where -> a statement that hides the weights, an expression that finds them again."""


@pytest.mark.parametrize(("hide", "find"), HIDING.values(), ids=HIDING.keys())
def test_a_hidden_dense_network_is_not_compression(grade: Grade, hide: str, find: str) -> None:
    """A model that factors hidden weights anew in each call stores nothing, and fails for it."""
    source = (
        HEAD
        + f"""
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.r = r
        weights = [part.detach().clone() for part in net.parameters()]
        {hide}

    def forward(self, x):
        weights, x = {find}, x.flatten(1)
        for i in range(0, len(weights), 2):
            U, s, Vh = torch.linalg.svd(weights[i], full_matrices=False)
            factor, r = U[:, :self.r] * s[:self.r], self.r
            x = F.linear(F.linear(F.relu(x) if i else x, Vh[:r]), factor, weights[i + 1])
        return x.log_softmax(1)
"""
    )
    losses = grade(source, "truncation", "storage")
    assert set(losses) == {"storage"}
    assert "in a fresh process" in losses["storage"]


def test_factors_for_show_do_not_hide_a_dense_network(grade: Grade) -> None:
    """The right numbers are kept, but the answers come from elsewhere: rebuilding tells."""
    source = changed(
        (
            "self.layers =",
            "torch.hidden = getattr(torch, 'hidden', copy.deepcopy(net)); self.layers =",
        ),
        ("        x = x.flatten(1)\n", "        return torch.hidden(x)\n"),
    )
    assert "in a fresh process" in grade(source, "storage")["storage"]


FORGING = {
    "the walk": "probe.kept_tensors = lambda root, known=None: Kept()",
    "what is stored": (
        "probe.stored = lambda context, rank: dict(arrays={}, empty={}, numbers=0,"
        " parameters=[], shared=[])"
    ),
    "the state": "probe.state = lambda _: dict(weights=False, own=True, built={'8': False})",
    "the answers": "probe.answer = lambda *a: dict(output=np.zeros((100, 10)), spoilt=False)",
    "nonsense": "probe.stored = lambda context, rank: 'all is well'",
}
"""What is put in the place of a probe's own function."""


@pytest.mark.parametrize("forgery", FORGING.values(), ids=FORGING.keys())
def test_a_forged_probe_wins_nothing(grade: Grade, forgery: str) -> None:
    """A dense network earns no point for storage, whatever it puts in the probes' place."""
    source = (
        "import grader.worker.probes.compression as probe\n"
        "from grader.worker.probes.tensors import Kept\n"
        + HEAD
        + f"{forgery}\n"
        + """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.net = copy.deepcopy(net)

    def forward(self, x):
        return self.net(x)
"""
    )
    losses = grade(source, "truncation", "storage")
    assert set(losses) == {"truncation", "storage"}


def test_operations_are_counted_by_functions_that_were_bound_before(grade: Grade) -> None:
    """Replacing torch's counter and its modes as the submission loads changes no count."""
    source = (
        "import torch.utils.flop_counter as counter\n"
        "import torch.utils._python_dispatch as dispatch\n"
        "class Blind:\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, *_): pass\n"
        "counter.FlopCounterMode = dispatch.TorchDispatchMode = Blind\n"
        "counter.flop_registry.clear()\n"
    ) + changed(
        (
            "F.linear(F.linear(x, self.V), self.U, self.bias)",
            "F.linear(x, self.U @ self.V, self.bias)",
        )
    )
    assert "is formed in `forward`" in grade(source, "flops")["flops"]
