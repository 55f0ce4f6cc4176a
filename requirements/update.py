"""Write the lock again: the versions that a course grades with, and the hashes of their files.

    .venv/bin/python -m requirements.update            # what pyproject.toml made necessary
    .venv/bin/python -m requirements.update --upgrade  # everything, to the newest that fits

Needs `uv`. The files name no index, so they serve behind any mirror:

- lock.txt: what the grader and its extras need, on every system and Python that is supported.
- dev.txt: what its development needs besides.
- torch-cuda.txt: torch as the default index has it, and what only its CUDA build needs.
- torch-cpu.txt: the CPU build of the same torch, whose hashes its own index has.
"""

import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from requirements.install import CPU_INDEX

HERE = Path(__file__).parent
TORCH = "torch==2.13.0"
"""torchvision is built for one torch: it follows."""
BUILD = "hatchling\neditables"
"""What builds the grader itself, so that a checkout is installed without fetching more."""
CUDA_ONLY = re.compile(r"torch|triton|(nvidia|cuda)-.*")
PYTHONS = range(11, 15)
HEADER = "# Written by requirements/update.py.\n"


def main(options: list[str]) -> None:
    """Resolve once for all Pythons and systems, then split the result."""
    everything = _resolve("dev", options)
    runtime = {name for name, _ in _blocks(_resolve("vision,cluster,review", [], everything))}
    files: dict[str, list[str]] = {"lock.txt": [], "dev.txt": [], "torch-cuda.txt": []}
    for name, block in _blocks(everything):
        if CUDA_ONLY.fullmatch(name):
            files["torch-cuda.txt"].append(block)
        else:
            files["lock.txt" if name in runtime else "dev.txt"].append(block)
    for file, blocks in files.items():
        (HERE / file).write_text(HEADER + "".join(blocks), encoding="utf-8")
    try:
        hashes = _cpu_hashes()
    except OSError as exc:
        sys.exit(f"torch-cpu.txt: left as it was; {CPU_INDEX} can't be read: {exc}")
    lines = [f"{TORCH}+cpu ; sys_platform == 'linux'", *(f"    --hash=sha256:{h}" for h in hashes)]
    (HERE / "torch-cpu.txt").write_text(HEADER + " \\\n".join(lines) + "\n", encoding="utf-8")


def _resolve(extras: str, options: list[str], known: str = "") -> str:
    """The pinned requirements; versions that are locked already stay unless upgraded."""
    known = known or "".join(
        (HERE / file).read_text(encoding="utf-8")
        for file in ("lock.txt", "dev.txt", "torch-cuda.txt")
        if (HERE / file).exists()
    )
    with tempfile.TemporaryDirectory() as folder:
        out, course = Path(folder) / "out.txt", Path(folder) / "course.in"
        out.write_text(known, encoding="utf-8")
        course.write_text(f"nla-grader[{extras}] @ {HERE.parent.as_uri()}\n{TORCH}\n{BUILD}\n")
        command = ["uv", "pip", "compile", str(course), "--output-file", str(out), "--universal"]
        # The fewest versions: a grade should not depend on which Python is installed.
        command += ["--fork-strategy", "fewest", "--python-version", f"3.{PYTHONS[0]}"]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
        command += ["--no-emit-package", "nla-grader", *options]
        subprocess.run(command, check=True)
        return out.read_text(encoding="utf-8")


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each package's name with its lines."""
    for block in re.split(r"\n(?=[a-zA-Z0-9])", text.strip()):
        if not block.startswith("#"):
            yield block.partition("==")[0], block + "\n"


def _cpu_hashes() -> list[str]:
    """The hashes of the CPU builds for Linux, one for each Python and processor."""
    with urllib.request.urlopen(f"{CPU_INDEX}/torch/", timeout=30) as answer:  # noqa: S310
        page = answer.read().decode()
    version = re.escape(TORCH.partition("==")[2])
    python = "|".join(f"cp3{minor}-cp3{minor}" for minor in PYTHONS)
    name = rf"torch-{version}(?:%2B|\+)cpu-(?:{python})-manylinux_2_28_(?:x86_64|aarch64)\.whl"
    found = sorted(set(re.findall(rf"{name}#sha256=([0-9a-f]{{64}})", page)))
    if len(found) != 2 * len(PYTHONS):
        raise OSError(f"{len(found)} builds of {TORCH}+cpu, {2 * len(PYTHONS)} expected")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
