"""Seeded randomness: the same secret, assignment, item and labels always give the same draw."""

import hashlib
import hmac
from operator import index

import numpy as np

_PRACTICE = b"practice"


def practice_secret() -> bytes:
    """The public secret behind the draws of a student's own check."""
    return _PRACTICE


def fingerprint(secret: bytes) -> str:
    """Sixteen hexadecimal digits that name a secret without giving it away.

    A secret that could be guessed could also be confirmed by it, so a slow hash is used.
    """
    salt = b"nla-grader fingerprint"
    return hashlib.scrypt(secret, salt=salt, n=1 << 14, r=8, p=1, dklen=8).hex()


class SeededDraws:
    """Draws of one item: HMAC-SHA256 of the secret over who asks seeds NumPy's PCG64DXSM."""

    def __init__(self, secret: bytes, assignment: str, item: str) -> None:
        self._secret = secret
        self._prefix = (assignment, item)

    def rng(self, *labels: str | int) -> np.random.Generator:
        """An independent generator for these labels, in their order."""
        message = b"".join(_framed(part) for part in (*self._prefix, *labels))
        seed = hmac.digest(self._secret, message, "sha256")
        return np.random.Generator(np.random.PCG64DXSM(int.from_bytes(seed, "big")))


def _framed(part: str | int) -> bytes:
    """A label with its kind and length, so that no two lists of labels read the same."""
    # index() makes a NumPy integer the same label as Python's, and refuses what is no integer.
    text = part if isinstance(part, str) else str(int(index(part)))
    kind, raw = b"s" if isinstance(part, str) else b"i", text.encode()
    return kind + len(raw).to_bytes(4, "big") + raw
