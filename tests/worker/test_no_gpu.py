"""grader/worker/no_gpu.py: each way to ask for a GPU gets the CPU; in a process of its own."""

import subprocess
import sys

SCRIPT = """
import time, numpy, torch
from torch import nn
from grader.worker.no_gpu import use_cpu

before = {name: getattr(torch, name) for name in ("zeros", "matmul", "device", "Tensor")}
to, cuda = torch.Tensor.to, torch.Tensor.cuda
use_cpu(["import jax"])
x, float64 = torch.ones(2), torch.float64
here = torch.Generator(device="cuda:0").manual_seed(7)
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
    x.to(0), x.to(0, float64), x.to(device=1), x.to(torch.device(0)), x.to(True), x.cuda(0),
    torch.zeros(2, device=0), x.to(torch.device("cuda", 1)), x.to(torch.cuda.current_device()),
    *nn.Linear(2, 2).to(0).parameters(), *nn.Linear(2, 2, device=0).parameters(),
    torch.rand(2, generator=here, device="cuda"),
]
assert torch.equal(made[-1], torch.rand(2, generator=torch.Generator().manual_seed(7)))
assert isinstance(here, torch.Generator) and isinstance(torch.default_generator, torch.Generator)
assert here.device.type == torch.Generator().device.type == torch.Generator(0).device.type == "cpu"
with torch.device("cuda"):
    made.append(torch.ones(2))
for device in ("cuda", 0, torch.device("mps"), None):
    torch.set_default_device(device)
    made.append(torch.zeros(2))
torch.set_default_tensor_type(torch.cuda.DoubleTensor)
made.append(torch.zeros(2))
torch.cuda.synchronize(), torch.cuda.set_device(0), torch.mps.empty_cache()
assert all(one.device.type == "cpu" for one in made), made
assert made[5].dtype == made[7].dtype == made[-1].dtype == float64
assert torch.einsum("cuda,cuda->", torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1)) == 1

with torch.cuda.device(0), torch.cuda.device_of(x), torch.cuda.stream(torch.cuda.Stream(0)) as none:
    assert none is None
for library in (torch.cuda, torch.mps):
    start, end = (library.Event(enable_timing=True) for _ in range(2))
    try:
        start.elapsed_time(end)
        raise AssertionError("an event that was not recorded has no time")
    except RuntimeError as error:
        assert "must be recorded" in str(error)
    began = time.perf_counter()
    start.record()
    time.sleep(0.02)
    end.record(), end.wait(), end.synchronize()
    assert 20 <= start.elapsed_time(end) <= 1000 * (time.perf_counter() - began) and end.query()
stream = torch.cuda.current_stream()
with stream:
    event = stream.record_event()
stream.wait_event(event), stream.wait_stream(torch.cuda.default_stream(0)), stream.synchronize()
torch.cuda.set_stream(stream)
assert stream.query() and event.elapsed_time(event) == 0
assert "no GPU" in torch.cuda.get_device_name(0) and torch.device(0).type == "cuda"
assert torch.compile(lambda v: v.to("cuda") + 1, backend="eager")(x).sum() == 4
for unmapped in (torch.cuda.get_device_properties, torch.cuda.mem_get_info):
    try:
        unmapped(0)
        raise RuntimeError("no honest answer")
    except AssertionError as error:
        assert "not compiled with CUDA" in str(error)

linear = nn.Linear(2, 2)
weight, place = linear.weight, linear.weight.data_ptr()
assert linear.cuda().weight is weight and weight.data_ptr() == place
assert x.to("meta").is_meta

import jax
jax.config.update("jax_platform_name", "gpu")
jax.config.update("jax_platforms", "cuda,cpu")
assert jax.devices("gpu") == jax.devices() == jax.local_devices(backend="cuda")
assert jax.device_put(1.0, jax.devices("gpu")[0]) == 1
assert jax.jit(lambda v: v + 1, backend="gpu")(1) == jax.jit(lambda v: v + 1)(1) == 2
with jax.default_device("gpu"):
    assert jax.numpy.ones(2).sum() == 2

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
