"""Install the locked packages into the Python that runs this, preferably of a new environment.

    python requirements/install.py [--dev] [PROJECT...]

Every file is checked against the hashes of the lock, whatever index pip is configured for. torch
comes as its CPU build (0.2 GB) where there is no NVIDIA GPU and that build can be reached, else as
the default index has it (6 GB with what it needs on Linux). NLA_GRADER_TORCH=cpu or cuda decides
it. Each PROJECT is installed last and without its dependencies, such as `--editable .` or a wheel.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""The one index that has torch's CPU build for Linux; PyPI's is built for CUDA."""
HERE = Path(__file__).resolve().parent
GB = 1_000_000_000
NEEDED = {"cpu": 2.5 * GB, "cuda": 9 * GB}
"""Disk space for packages and downloads."""
ALMOST_NOTHING = 0.1 * GB
UNREACHABLE = (
    *("connection error", "NewConnectionError", "NameResolutionError", "ProxyError"),
    *("ConnectTimeout", "ReadTimeout", "Connection broken", "Connection aborted"),
)
"""What pip's versions write about a network that fails."""
ALTERED = "DO NOT MATCH THE HASHES"


def main(arguments: list[str]) -> int:
    """Install, and say in one sentence what went wrong."""
    files = ["lock.txt"]
    if arguments[:1] == ["--dev"]:
        files.append("dev.txt")
        arguments = arguments[1:]
    build, index = choose_torch()
    free = shutil.disk_usage(sys.prefix).free
    if not _is_installed("torch") and free < NEEDED[build]:
        return _stop(
            f"the disk has {free / GB:.1f} GB free, {NEEDED[build] / GB:g} GB are needed; free some"
        )
    _say(f"installing the locked packages with torch for {build.upper()}, which takes minutes")
    # The files are complete, so nothing is resolved and nothing else can come in.
    steps = [_locked(f"torch-{build}.txt") + index, [w for file in files for w in _locked(file)]]
    if arguments:
        steps.append(["--no-build-isolation", *arguments])
    for step in steps:
        failed = _pip(step)
        if failed:
            return _stop(failed)
    return 0


def choose_torch() -> tuple[str, list[str]]:
    """`cpu` or `cuda`, and pip's options to find it."""
    asked = os.environ.get("NLA_GRADER_TORCH", "")
    if asked == "cuda" or sys.platform != "linux" or (asked != "cpu" and _has_gpu()):
        return "cuda", []
    index = ["--extra-index-url", CPU_INDEX]
    if asked == "cpu":
        return "cpu", index
    # Where pip is configured for a mirror or a folder that has the build, that serves as well.
    command = [*_PIP, "index", "versions", "torch", *index, "--timeout", "5", "--retries", "0"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    if f"{_locked_torch()}," in listed.replace("\n", ",").replace(" ", ","):
        return "cpu", index
    _say(f"torch's CPU build can't be reached ({CPU_INDEX}): taking the CUDA build, 6 GB")
    return "cuda", []


def _locked(file: str) -> list[str]:
    return ["--require-hashes", "--requirement", str(HERE / file)]


_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def _pip(arguments: list[str]) -> str:
    """Install without dependencies; why that failed, empty where it did not."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [*_PIP, "install", "--log", str(log), "--no-deps", *arguments]
        # Root is right where an environment belongs to root.
        environment = os.environ | {"PIP_ROOT_USER_ACTION": "ignore"}
        if subprocess.run(command, env=environment, check=False, stdout=sys.stderr).returncode == 0:
            return ""
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        places = (sys.prefix, tempfile.gettempdir())
        full = [place for place in places if shutil.disk_usage(place).free < ALMOST_NOTHING]
    if full or "No space left on device" in text:
        return f"the disk of {' or '.join(full or places)} is full; free some space"
    if ALTERED in text:
        return (
            "a downloaded file is not the one that the lock names (see above); check pip's indexes"
        )
    if any(word in text for word in UNREACHABLE):
        return "the package index can't be reached; check the network and pip's proxy"
    return "pip failed; mend what it says above"


def _has_gpu() -> bool:
    return any(Path(path).exists() for path in ("/proc/driver/nvidia/version", "/dev/nvidia0"))


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _locked_torch() -> str:
    """Such as `2.13.0+cpu`."""
    text = (HERE / "torch-cpu.txt").read_text(encoding="utf-8")
    return text.partition("torch==")[2].partition(" ")[0]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stop(reason: str) -> int:
    _say(f"error: installation: {reason}, then run the same command again")
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # Without a traceback: pip has said it.
        sys.exit(130)
