"""What a submission prints: the beginning and the end are kept, control characters made visible."""

import os

from grader.names import visible as visible  # noqa: PLC0414 - part of this module

KEPT_BYTES = 32 * 1024
"""Kept of the beginning, and as much of the end."""


class Capture:
    """Reads a non-blocking pipe, keeping its first and last bytes."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.total = 0
        self._head = bytearray()
        self._tail = bytearray()
        os.set_blocking(descriptor, False)

    def drain(self, at_most: int = 1 << 22) -> bool:
        """Read what is there; False at the end of the stream."""
        while at_most > 0:
            try:
                chunk = os.read(self.descriptor, 1 << 16)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            at_most -= len(chunk)
            self._keep(chunk)
        return True

    def _keep(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = KEPT_BYTES - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:] if room > 0 else chunk
        if len(self._tail) > KEPT_BYTES:
            del self._tail[:-KEPT_BYTES]

    def text(self) -> str:
        """What was kept, with a line that says how much was left out."""
        left_out = self.total - len(self._head) - len(self._tail)
        gap = f"\n[... {left_out} bytes left out ...]\n" if left_out else ""
        return visible((self._head + gap.encode() + self._tail).decode("utf-8", "replace"))

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.descriptor)
