"""grader/worker/no_gpu.py: each way to ask for a GPU gets the CPU; in a process of its own."""

import subprocess
import sys

SCRIPT = """
import numpy, torch
from torch import nn
from grader.worker.no_gpu import use_cpu

before = {name: getattr(torch, name) for name in ("zeros", "matmul", "device", "Tensor")}
to, cuda = torch.Tensor.to, torch.Tensor.cuda
use_cpu(["import jax"])
x, float64 = torch.ones(2), torch.float64
made = [
    x.cuda(), x.cuda(0), x.cuda("cuda:0", non_blocking=True), x.pin_memory(),
    x.to("cuda"), x.to("cuda:1", float64), x.to(device="mps"), x.to(torch.device("cuda"), float64),
    x.new_zeros(2, device="cuda"), torch.zeros_like(x, device="cuda"),
    torch.as_tensor([1.0], device=torch.device("mps")), torch.arange(3, device="cuda"),
    torch.from_numpy(numpy.ones(2)).cuda(), torch.cuda.FloatTensor([1, 2]),
    x.type("torch.cuda.DoubleTensor"), x.type(torch.cuda.DoubleTensor),
    *nn.Linear(2, 2, device="cuda").parameters(), *nn.Linear(2, 2).cuda().parameters(),
    *nn.Linear(2, 2).to("mps").parameters(), *nn.DataParallel(nn.Linear(2, 2)).cuda().parameters(),
    torch.func.grad(lambda v: (v.to("cuda") ** 2).sum())(x),
]
with torch.device("cuda"):
    made.append(torch.ones(2))
for device in ("cuda", torch.device("mps"), None):
    torch.set_default_device(device)
    made.append(torch.zeros(2))
torch.set_default_tensor_type(torch.cuda.DoubleTensor)
made.append(torch.zeros(2))
torch.cuda.synchronize(), torch.cuda.set_device(0), torch.mps.empty_cache()
assert all(one.device.type == "cpu" for one in made), made
assert made[5].dtype == made[7].dtype == made[-1].dtype == float64
assert torch.einsum("cuda,cuda->", torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1)) == 1

linear = nn.Linear(2, 2)
weight, place = linear.weight, linear.weight.data_ptr()
assert linear.cuda().weight is weight and weight.data_ptr() == place
assert x.to("meta").is_meta

import jax
jax.config.update("jax_platform_name", "gpu")
jax.config.update("jax_platforms", "cuda,cpu")
assert jax.devices("gpu") == jax.devices() == jax.local_devices(backend="cuda")
assert jax.device_put(1.0, jax.devices("gpu")[0]) == 1

assert not torch.cuda.is_available() and torch.cuda.device_count() == 0
assert torch.device("cuda").type == "cuda" and not x.cuda().is_cuda
assert all(getattr(torch, name) is value for name, value in before.items())
assert torch.Tensor.to is to and torch.Tensor.cuda is cuda
"""


def test_use_cpu_maps_every_way_to_ask_for_a_gpu() -> None:
    """Tensors, modules, default devices and JAX; operations stay the very objects they were."""
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
