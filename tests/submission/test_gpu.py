"""grader/submission/gpu.py: what asks for a GPU, and what makes sure of one first."""

import ast
import time

import pytest

from grader.submission import slice_for
from grader.submission.gpu import first_request
from tests.submission.hand_ins import notebook

REQUESTS = (
    "net = net.cuda()",
    "device = torch.device('cuda:0')",
    "x = torch.zeros(3, device='mps')",
    "def f(x): return x.to(f'cuda:{0}')",
    "torch.set_default_tensor_type(torch.cuda.FloatTensor)",
    "torch.set_default_tensor_type('torch.cuda.FloatTensor')",
    "torch.cuda.synchronize()",
    "torch.mps.empty_cache()",
    "x = x.pin_memory()",
    "jax.config.update('jax_platform_name', 'gpu')",
    "x = jax.devices(backend='gpu')",
    "os.environ['JAX_PLATFORMS'] = 'cuda'",
    "if fast: net.cuda()",
    "try: f()\nfinally: x.cuda()",
    "try: f()\nexcept ValueError: x.cuda()",
    "class Net(nn.Module):\n    def __init__(self): self.cuda()",
    "device = 'mps' if torch.backends.mps.is_available() else 'cuda'",
    "if torch.cuda.is_available(): x.cuda()\nelif fast: pass\nelse: x.to('mps')",
    "device = 'cuda' if torch.cuda.is_available else 'cpu'",
    "use = torch.cuda.is_available\nif use: x.cuda()",
    "x = x.to(0, torch.float64)",
    "x = torch.zeros(3, device=1)",
    "device = torch.device(0)",
    "def f(x):\n    with torch.cuda.device(0): return x",
    "start = torch.cuda.Event(enable_timing=True)",
    "from torch.cuda import Event, amp",
    "name = torch.cuda.get_device_name(0)",
    "rng = torch.Generator(device='cuda')",
    "f = jax.jit(f, backend='gpu')",
    "@partial(jax.jit, backend='gpu')\ndef f(x): return x",
)
HARMLESS = (
    "device = 'cuda' if torch.cuda.is_available() else 'cpu'",
    "def f(x):\n    if torch.cuda.is_available():\n        x = x.cuda()",
    "if torch.backends.mps.is_available(): device = torch.device('mps')",
    "use = torch.cuda.is_available() and not slow\nif use: x.cuda()",
    "on = 'cuda' if torch.cuda.is_available() else 'cpu'\nif on == 'cuda': x.cuda()",
    "def f(net):\n    if next(net.parameters()).device.type == 'cuda': torch.cuda.synchronize()",
    "def f(x):\n    if x.is_cuda: torch.cuda.synchronize()",
    "try: x = x.cuda()\nexcept RuntimeError: pass",
    "torch.cuda.manual_seed_all(0)\ntorch.cuda.empty_cache()",
    "'cuda'",
    "names = ['gpu', 'cudart', 'the cuda way']",
    "device = 'cuda' if torch.cuda.is_available() else 'mps' if mps.is_available() else 'cpu'",
    "device = 'cpu' if not torch.cuda.is_available() else 'cuda:0'",
    "from torch.cuda import is_available\ndevice = 'cuda' if is_available() else 'cpu'",
    "if torch.cuda.is_available():\n    x.cuda()\nelif slow:\n    x.cpu()",
    "x = x.to(torch.float64, True)\ny = f(0, device=None)",
    "def f(x):\n    'cuda'\n    return x",
)


@pytest.mark.parametrize("source", REQUESTS)
def test_first_request_finds_what_needs_a_gpu(source: str) -> None:
    """The statement's index is given, also behind harmless ones; here it is the last one."""
    statements = ast.parse(f"import torch\n{source}").body
    assert first_request(statements) == len(statements) - 1


@pytest.mark.parametrize("source", HARMLESS)
def test_first_request_ignores_what_runs_without_one(source: str) -> None:
    """Code that asks first, or that only mentions a GPU, is left as it is."""
    assert first_request(ast.parse(f"import torch\n{source}").body) is None


def test_first_request_ignores_a_word_where_nothing_takes_a_device() -> None:
    """Without a library, and without a call that moves something, it is a text like any other."""
    word = "title = 'cuda'\ndef f(x): return title"
    assert first_request(ast.parse(f"import numpy as np\n{word}").body) is None
    assert first_request(ast.parse(f"import torchvision.transforms\n{word}").body) == 1
    assert first_request(ast.parse(f"{word}\ndef g(net): return net.to(title)").body) == 0


def test_first_request_takes_linear_time() -> None:
    """Also where conditions are nested within conditions."""
    asks = "'cuda' if torch.cuda.is_available() else "
    source = "x = " + f"({asks}" * 90 + "[" + "y," * 50_000 + "]" + ")" * 90
    statements = ast.parse(f"import torch\n{source}").body
    began = time.process_time()
    assert first_request(statements) is None
    assert time.process_time() - began < 3


def test_slice_names_the_place_of_the_first_request() -> None:
    """Only what the slice takes counts."""
    cells = ("import torch", "net.cuda()", "def f(x): return x.cuda()", "def g(x): return x")
    found = notebook(*cells)
    assert slice_for(found, ["f"]).gpu == "cell 3"
    assert slice_for(found, ["g"]).gpu == ""
