"""The zip of an autograder for Gradescope: two scripts, the grader, the rubric, its data."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.assets import asset
from grader.errors import UsageError
from grader.package.settings import SETTINGS, Settings
from grader.package.wheel import LOCK, build_wheel, pack, wheel_name
from grader.report.gradescope import VISIBILITIES, Visibility
from grader.rubric import load_rubric

SCRIPTS = ("setup.sh", "run_autograder")
CACHED = (".safetensors", ".json")
_FILES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Asked:
    """What the autograder shall be."""

    rubric: Path | None = None
    """The embedded rubric where None."""
    cache: Path | None = None
    """Folder with the trained baseline, so that it need not be trained there."""
    settings: Settings = field(default_factory=Settings)


def check_visibility(name: str) -> Visibility:
    """`name`, if Gradescope knows it.

    Raises:
        UsageError: it does not.
    """
    for known in VISIBILITIES:
        if name == known:
            return known
    raise UsageError(f"--visibility: must be one of {', '.join(VISIBILITIES)}, got {name!r}")


def build_autograder(asked: Asked) -> bytes:
    """The zip to upload.

    Raises:
        RubricError: the rubric is wrong.
        UsageError: an option can't be used as given.
    """
    # Found here rather than at the first student's.
    load_rubric(asked.rubric)
    rubric = asked.rubric or asset("rubrics/ps1.yaml")
    files = {name: ((_FILES / name).read_bytes(), 0o755) for name in SCRIPTS}
    files[f"wheel/{wheel_name()}"] = (build_wheel(), 0o644)
    files |= {name: (asset(name).read_bytes(), 0o644) for name in LOCK}
    files["rubric.yaml"] = (rubric.read_bytes(), 0o644)
    settings = msgspec.json.encode(asked.settings, order="deterministic")
    files[SETTINGS] = (msgspec.json.format(settings, indent=2) + b"\n", 0o600)
    if asked.cache is not None:
        kept = sorted(path for path in asked.cache.glob("*") if path.suffix in CACHED)
        if not kept:
            raise UsageError(
                f"--cache: {asked.cache} must hold a trained baseline, has none; make one with "
                "`grader baseline --cache DIR`"
            )
        files |= {f"cache/{path.name}": (path.read_bytes(), 0o644) for path in kept}
    return pack(files)
