"""Named arrays and facts kept on disk, checked by hash whenever they are read."""

import fcntl
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from grader.data.interface import Progress
from grader.errors import DataError

ENVIRONMENT_VARIABLE = "NLA_GRADER_CACHE"

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Entry:
    """What is kept under one name."""

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]
    """Plain JSON values."""


def cache_folder(asked: Path | None = None) -> Path:
    """`asked`, else what NLA_GRADER_CACHE says, else the user's cache folder; made where missing.

    Raises:
        DataError: the folder can't be made.
    """
    told = os.environ.get(ENVIRONMENT_VARIABLE)
    folder = asked or Path(told or platformdirs.user_cache_dir("nla-grader"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _unusable(folder, exc) from exc
    return folder


def check_writable(folder: Path) -> None:
    """Do nothing where files can be made in `folder`.

    Raises:
        DataError: they can't.
    """
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as exc:
        raise _unusable(folder, exc) from exc


class Cache:
    """A folder of entries, each a `.safetensors` file and a `.json` beside it with its hash.

    An entry that is damaged counts as absent: it is made again, never trusted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Entry | None:
        """The entry, or None where there is none or it is damaged."""
        from safetensors.numpy import load  # noqa: PLC0415 - not needed by `import grader`

        data, sidecar = self._paths(name)
        try:
            kept = json.loads(sidecar.read_bytes())
            raw = data.read_bytes()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            _say_damaged(sidecar, str(exc))
            return None
        facts = kept.get("facts") if isinstance(kept, dict) else None
        if facts is None or kept.get("sha256") != _hash(raw, facts):
            _say_damaged(data, "its hash is not the one noted when it was written")
            return None
        # Copied where read-only, which torch would warn of.
        return Entry({key: np.require(a, requirements="W") for key, a in load(raw).items()}, facts)

    def write(self, name: str, entry: Entry) -> None:
        """Keep `entry`; a reader meets the whole entry or none.

        Raises:
            DataError: the folder can't be written.
        """
        from safetensors.numpy import save  # noqa: PLC0415 - as in `read`

        raw = save({key: np.ascontiguousarray(array) for key, array in entry.arrays.items()})
        facts = dict(entry.facts)
        kept = {"sha256": _hash(raw, facts), "facts": facts}
        data, sidecar = self._paths(name)
        try:
            _replace(data, raw)
            # Last: until the hash fits, the entry doesn't count.
            _replace(sidecar, json.dumps(kept, indent=2).encode() + b"\n")
        except OSError as exc:
            raise _unusable(self._folder, exc) from exc

    @contextmanager
    def alone(self, name: str, progress: Progress) -> Iterator[None]:
        """Keep other processes that ask for `name` waiting, so that one of them makes it.

        Raises:
            DataError: the folder can't be written.
        """
        try:
            lock = (self._folder / f"{name}.lock").open("wb")
        except OSError as exc:
            raise _unusable(self._folder, exc) from exc
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress(0, 1, f"waiting for another grader that prepares {name}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.safetensors", self._folder / f"{name}.json"


def _hash(raw: bytes, facts: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(raw)
    digest.update(json.dumps(facts, sort_keys=True).encode())
    return digest.hexdigest()


def _say_damaged(file: Path, why: str) -> None:
    log.warning("%s: cache entry is damaged and will be made again: %s", file, why[:200])


def _replace(file: Path, raw: bytes) -> None:
    """Write `raw` to `file` whole, even where the machine stops in between."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as new:
        try:
            new.write(raw)
            new.flush()
            os.fsync(new.fileno())
            # As any new file's, where the temporary one is private: a course may share its cache.
            os.fchmod(new.fileno(), 0o644)
            Path(new.name).replace(file)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise


def _unusable(folder: Path, exc: OSError) -> DataError:
    return DataError(
        f"{folder}: cache folder must be writable, got {exc.strerror!r};"
        f" set {ENVIRONMENT_VARIABLE} to a folder that is"
    )
