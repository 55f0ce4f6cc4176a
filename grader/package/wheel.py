"""The running grader as a wheel, built from its own files: no build tool and no network.

Source of the format: the binary distribution format of Python packages (PEP 427).
"""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from grader.assets import asset
from grader.environment import grader_version
from grader.errors import UsageError

NAME = "nla-grader"
LOCK = tuple(
    f"requirements/{name}" for name in ("install.py", "lock.txt", "torch-cpu.txt", "torch-cuda.txt")
)
"""What installs the locked packages."""
ASSETS = ("rubrics/ps1.yaml", "student_template/ps1.ipynb", "student_template/ps1.py", *LOCK)
"""Files beside the package in a checkout, within it once installed."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of every file: the same grader gives the same bytes."""
METADATA = ("METADATA", "entry_points.txt")
LEFT_OUT = {"__pycache__", "_assets"}
_PACKAGE = Path(__file__).parent.parent


def wheel_name() -> str:
    """The wheel's file name."""
    return f"{_stem()}-py3-none-any.whl"


def build_wheel() -> bytes:
    """The wheel. Only the package itself is in it: no test, no reference.

    Raises:
        UsageError: the grader was not installed, so that nobody knows what it depends on.
    """
    try:
        installed = distribution(NAME)
    except PackageNotFoundError as exc:
        raise UsageError(
            f"{NAME}: must be installed to be packed, got a bare folder; run ./bootstrap"
        ) from exc
    info = f"{_stem()}.dist-info"
    files = dict(sorted(_package_files()))
    files |= {f"{info}/{name}": raw for name, raw in _metadata(installed)}
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: {NAME} {grader_version()}\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n"
    ).encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return pack({name: (raw, 0o644) for name, raw in files.items()})


def pack(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """A zip of the files, in their order, each with its Unix mode."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (content, mode) in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, so that the mode counts
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)
    return raw.getvalue()


def _package_files() -> Iterator[tuple[str, bytes]]:
    for path in _PACKAGE.rglob("*"):
        inside = path.relative_to(_PACKAGE)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and not hidden and not LEFT_OUT & set(inside.parts):
            yield f"{_PACKAGE.name}/{inside.as_posix()}", path.read_bytes()
    for name in ASSETS:
        yield f"{_PACKAGE.name}/_assets/{name}", asset(name).read_bytes()


def _metadata(installed: Distribution) -> Iterator[tuple[str, bytes]]:
    for name in METADATA:
        text = installed.read_text(name)
        if text is not None:
            yield name, text.encode()


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for name, raw in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
        writer.writerow((name, f"sha256={digest}", len(raw)))
    writer.writerow((own, "", ""))
    return text.getvalue().encode()


def _stem() -> str:
    return f"{NAME.replace('-', '_')}-{grader_version()}"
