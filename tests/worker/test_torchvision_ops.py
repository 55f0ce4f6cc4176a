import os
import subprocess
import sys

SETUP = "from grader.worker.torchvision_ops import define_missing_ops\n"


def python(source: str) -> str:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", SETUP + source]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_define_missing_ops_lets_torchvision_be_imported() -> None:
    """After the call torchvision imports, and its transforms work."""
    source = """
define_missing_ops()
import numpy, torchvision.transforms
print(torchvision.transforms.ToTensor()(numpy.zeros((2, 2, 3), numpy.uint8)).shape)
"""
    assert python(source) == "torch.Size([3, 2, 2])"


def test_define_missing_ops_is_idempotent() -> None:
    """A second call, before or after the import, declares nothing and breaks nothing."""
    source = """
define_missing_ops()
again = define_missing_ops()
import torchvision
print(again, define_missing_ops())
"""
    assert python(source) == "False False"


def test_define_missing_ops_leaves_declared_operators_alone() -> None:
    """Where the operators exist, they stay what they are."""
    source = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.impl("nms", lambda dets, scores, iou_threshold: dets + 1, "CompositeExplicitAutograd")
defined = define_missing_ops()
print(defined, torch.ops.torchvision.nms(torch.zeros(1), torch.zeros(1), 0.5).item())
"""
    assert python(source) == "False 1.0"


def test_define_missing_ops_starts_no_threads() -> None:
    """The process has one thread after the call, so that it may fork."""
    source = """
import pathlib, torch
tasks = pathlib.Path("/proc/self/task")
before = len(list(tasks.iterdir())) if tasks.exists() else 0
define_missing_ops()
print((len(list(tasks.iterdir())) if tasks.exists() else 0) - before)
"""
    assert python(source) == "0"
