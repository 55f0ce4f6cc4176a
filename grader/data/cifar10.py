"""CIFAR-10 as its authors publish it, fetched by torchvision."""

import socket
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grader.data.interface import Images, Progress, Splits
from grader.errors import DataError

WHAT = "reading CIFAR-10"
SILENT_SECONDS = 30.0
"""How long the server may say nothing."""
FINGERPRINT = "2"
"""Raised when what is made of the files changes; torchvision checks the files themselves."""


@dataclass(frozen=True)
class Cifar10:
    """The source `cifar10`: downloaded where it isn't in `folder` yet (170 MB)."""

    folder: Path
    """Where the archive is kept: `cifar-10-python.tar.gz` or what it unpacks to."""

    def fingerprint(self) -> str:
        """Always the same: the data never change."""
        return FINGERPRINT

    def read(self, progress: Progress) -> Splits:
        """Read, or fetch and read, both splits."""
        progress(0, 2, WHAT)
        train = self._split(train=True)
        progress(1, 2, WHAT)
        test = self._split(train=False)
        progress(2, 2, WHAT)
        return Splits(train, test)

    def _split(self, *, train: bool) -> Images:
        from grader.worker.torchvision_ops import define_missing_ops  # noqa: PLC0415 - needs torch

        define_missing_ops()
        with warnings.catch_warnings():
            # torchvision unpickles in a way that newer numpy calls deprecated; not ours to act on.
            warnings.simplefilter("ignore")
            try:
                from torchvision.datasets import CIFAR10  # noqa: PLC0415 - seconds, needed once
            except ImportError as exc:
                raise DataError(
                    f"cifar10: torchvision can't be imported: {exc}; run"
                    " pip install 'nla-grader[vision]', or give --data synthetic"
                ) from exc

            source: Any
            waited = socket.getdefaulttimeout()
            # torchvision's download has no limit: behind some firewalls it would wait for ever.
            socket.setdefaulttimeout(SILENT_SECONDS)
            try:
                source = CIFAR10(str(self.folder), train=train, download=True)
            # URLError and timeouts are OSErrors; a damaged or incomplete file is a RuntimeError.
            except (OSError, RuntimeError) as exc:
                raise DataError(
                    f"cifar10: data must be downloadable or lie in {self.folder}, got"
                    f" {str(exc)[:120]!r}; put cifar-10-python.tar.gz there, or give"
                    " --data imagefolder:FOLDER, or --data synthetic"
                ) from exc
            finally:
                socket.setdefaulttimeout(waited)
        pixels = np.ascontiguousarray(source.data.transpose(0, 3, 1, 2))
        return Images(pixels, np.array(source.targets, np.int64))
